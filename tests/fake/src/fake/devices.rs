//! The devices that are signed in to the accounts.

use super::accounts::{Account, Who};
use super::ask::Ask;

/// A device that is signed in to an account.
#[derive(Debug, Clone)]
pub struct Device {
    id: u64,
    who: Who,
    client_identifier: String,
    name: String,
    product: String,
    version: String,
    platform: String,
    tokens: Vec<String>,
    created_at: u64,
    last_seen_at: u64,
}

impl Device {
    /// Returns the ID for removing the device.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns the account that the device is signed in to.
    pub fn who(&self) -> Who {
        self.who
    }

    /// Returns the client identifier.
    pub fn client_identifier(&self) -> &str {
        &self.client_identifier
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the product.
    pub fn product(&self) -> &str {
        &self.product
    }

    /// Returns the product version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the platform.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// Returns the device's newest token.
    pub fn token(&self) -> &str {
        self.tokens.last().map_or("", String::as_str)
    }

    /// Returns the time of the first sign-in, in Unix seconds.
    pub fn created_at(&self) -> u64 {
        self.created_at
    }

    /// Returns the time of the last sign-in or token exchange, in Unix seconds.
    pub fn last_seen_at(&self) -> u64 {
        self.last_seen_at
    }
}

/// A device that is signing in.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NewDevice<'a> {
    pub(crate) client_identifier: &'a str,
    pub(crate) name: &'a str,
    pub(crate) product: &'a str,
    pub(crate) version: &'a str,
    pub(crate) platform: &'a str,
}

impl<'a> NewDevice<'a> {
    /// Returns the device that sent the request.
    pub(crate) fn asking(ask: &Ask<'a>) -> Self {
        let header = |name: &str| ask.header(name).unwrap_or_default();
        Self {
            client_identifier: ask.identifier(),
            name: header("x-plex-device-name"),
            product: header("x-plex-product"),
            version: header("x-plex-version"),
            platform: header("x-plex-platform"),
        }
    }
}

/// The devices of all accounts.
#[derive(Debug)]
pub(crate) struct Devices {
    devices: Vec<Device>,
    made: u64,
}

impl Devices {
    /// Creates the initial devices: one for each account, with the account's token.
    pub(crate) fn new<'a>(accounts: impl Iterator<Item = &'a Account>) -> Self {
        let mut new = Self { devices: Vec::new(), made: 0 };
        for account in accounts {
            let id = new.next_id();
            new.devices.push(Device {
                id,
                who: account.who(),
                client_identifier: format!("a-television-{id}"),
                name: "Television".to_owned(),
                product: "Plex for Kites".to_owned(),
                version: "9.1".to_owned(),
                platform: "Kite".to_owned(),
                tokens: vec![account.token().to_owned()],
                created_at: 1_600_000_000,
                last_seen_at: 1_650_000_000,
            });
        }
        new
    }

    pub(crate) fn of(&self, who: Who) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(move |device| device.who == who)
    }

    /// Records that a device has signed in to an account and received this token. Adds the device
    /// if it is new.
    pub(crate) fn signed_in(&mut self, who: Who, new: NewDevice<'_>, token: &str, now: u64) {
        let is_it = |device: &&mut Device| {
            device.who == who && device.client_identifier == new.client_identifier
        };
        if let Some(known) = self.devices.iter_mut().find(is_it) {
            known.tokens.push(token.to_owned());
            known.last_seen_at = now;
            return;
        }
        let id = self.next_id();
        self.devices.push(Device {
            id,
            who,
            client_identifier: new.client_identifier.to_owned(),
            name: new.name.to_owned(),
            product: new.product.to_owned(),
            version: new.version.to_owned(),
            platform: new.platform.to_owned(),
            tokens: vec![token.to_owned()],
            created_at: now,
            last_seen_at: now,
        });
    }

    /// Removes a token from its device, and the device if it has no other token.
    pub(crate) fn forget(&mut self, token: &str) {
        for device in &mut self.devices {
            device.tokens.retain(|own| own != token);
        }
        self.devices.retain(|device| !device.tokens.is_empty());
    }

    /// Removes a device from an account, if it exists, and returns its tokens.
    pub(crate) fn remove(&mut self, who: Who, client_identifier: &str) -> Vec<String> {
        let is_it =
            |device: &Device| device.who == who && device.client_identifier == client_identifier;
        match self.devices.iter().position(is_it) {
            Some(place) => self.devices.remove(place).tokens,
            None => Vec::new(),
        }
    }

    fn next_id(&mut self) -> u64 {
        self.made += 1;
        7_040_000 + self.made
    }
}
