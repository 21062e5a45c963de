//! The fake itself: accounts, tokens and media servers in a value that maps requests to responses.

mod account_body;
mod accounts;
mod ask;
mod claims;
mod device_keys;
mod devices;
mod jwt;
mod media_server;
mod media_servers;
mod misbehavior;
mod pages;
mod path;
mod pins;
mod plex_tv;
mod render;
mod routes;
mod sources;
mod tokens;

pub use accounts::{Account, Who};
pub use device_keys::DeviceKey;
pub use devices::Device;
pub use media_servers::{MediaServer, Which};
pub use misbehavior::{Delivery, Misbehavior, Reply};
pub use pins::Pin;
pub use sources::{Connection, Source};

use crate::seen::{Record, Seen};
use accounts::Accounts;
use ask::Ask;
use claims::Claims;
use device_keys::DeviceKeys;
use devices::Devices;
use jwt::PlexKey;
use media_servers::MediaServers;
use misbehavior::Misbehaviors;
use path::same_place;
use pins::Pins;
use tokens::Tokens;

/// A fake plex.tv with two media servers, as a plain value.
///
/// Every new fake has the same accounts and passwords, and issues the same tokens in the same
/// order. plex.tv answers at the root and under `/api/v2`, the claimed media server at the root and
/// under `/pms`, and the unclaimed one under `/unclaimed`, even after it has been claimed. Users
/// link PINs on the pages `/link` and `/auth`.
#[derive(Debug)]
pub struct FakePlex {
    accounts: Accounts,
    tokens: Tokens,
    devices: Devices,
    pins: Pins,
    device_keys: DeviceKeys,
    /// The keys that plex.tv signs with. The last one is the current one.
    plex_keys: Vec<PlexKey>,
    servers: MediaServers,
    claims: Claims,
    misbehaviors: Misbehaviors,
    seen: Record,
    base_url: Option<String>,
}

impl FakePlex {
    /// Creates a fake with its initial accounts and servers.
    pub fn new() -> Self {
        let accounts = Accounts::new();
        let tokens = Tokens::new(accounts.iter());
        let devices = Devices::new(accounts.iter());
        Self {
            accounts,
            tokens,
            devices,
            pins: Pins::default(),
            device_keys: DeviceKeys::default(),
            plex_keys: vec![PlexKey::numbered(1)],
            servers: MediaServers::new(),
            claims: Claims::default(),
            misbehaviors: Misbehaviors::default(),
            seen: Record::default(),
            base_url: None,
        }
    }

    /// Overrides the responses for this path, whatever the method. The misbehavior applies to as
    /// many requests as [`times`](Misbehavior::times) allows, or until [`behave`](Self::behave) is
    /// called.
    ///
    /// A plex.tv path such as `/user` also matches `/api/v2/user`. Several misbehaviors for the
    /// same path form a queue: each applies after the previous one has been used up. With a
    /// misbehavior that specifies only a delivery, the request still takes effect, and the response
    /// is correct.
    pub fn misbehave(&mut self, path: &str, misbehavior: Misbehavior) {
        self.misbehaviors.add(path, misbehavior);
    }

    /// Removes all misbehaviors.
    pub fn behave(&mut self) {
        self.misbehaviors = Misbehaviors::default();
    }

    /// Returns the recorded requests, oldest first. If a new request would make the record exceed
    /// 64 MiB, the oldest requests are dropped until it is no larger than 32 MiB. Each request
    /// counts as its size plus 512 bytes.
    pub fn requests(&self) -> &[Seen] {
        self.seen.requests()
    }

    /// Returns the number of [recorded](Self::requests) requests to this path with this method.
    /// `/user` also counts `/api/v2/user`.
    pub fn seen(&self, method: &str, path: &str) -> usize {
        let here = |seen: &&Seen| seen.method == method && same_place(seen.path(), path);
        self.seen.requests().iter().filter(here).count()
    }

    /// Clears the recorded requests.
    pub fn forget_requests(&mut self) {
        self.seen = Record::default();
    }

    pub(crate) fn number_of_requests(&self) -> usize {
        self.seen.count()
    }

    /// Returns the given account.
    pub fn account(&self, who: Who) -> &Account {
        self.accounts.get(who)
    }

    /// Returns a mutable reference to the given account.
    pub fn account_mut(&mut self, who: Who) -> &mut Account {
        self.accounts.get_mut(who)
    }

    /// Returns all accounts.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter()
    }

    /// Returns the given media server.
    pub fn server(&self, which: Which) -> &MediaServer {
        self.servers.get(which)
    }

    /// Returns both media servers.
    pub fn servers(&self) -> impl Iterator<Item = &MediaServer> {
        self.servers.iter()
    }

    /// Sets the base URL for URLs in responses. By default, it is derived from the request's URL,
    /// or from its `Host` header with the scheme `http`.
    pub fn set_base_url(&mut self, url: &str) {
        self.base_url = Some(url.trim_end_matches('/').to_owned());
    }

    fn base_url(&self, ask: &Ask<'_>) -> String {
        self.base_url.clone().unwrap_or_else(|| ask.base_url())
    }

    /// Returns the devices that are signed in to an account.
    pub fn devices(&self, who: Who) -> impl Iterator<Item = &Device> {
        self.devices.of(who)
    }

    /// Issues a new token for an account, without adding a device.
    pub fn issue_token(&mut self, who: Who) -> String {
        self.tokens.issue(who, None)
    }

    /// Issues a claim token for an account. The token expires after four minutes.
    pub fn issue_claim_token(&mut self, who: Who, now: u64) -> String {
        self.claims.issue(who, now)
    }

    /// Revokes a token, as signing out or removing a device does. Transient tokens obtained with it
    /// stay valid.
    pub fn revoke(&mut self, token: &str) {
        self.tokens.revoke(token);
        self.devices.forget(token);
    }

    /// Returns all PINs, oldest first.
    pub fn pins(&self) -> impl Iterator<Item = &Pin> {
        self.pins.iter()
    }

    /// Returns a mutable reference to the PIN with this ID, so that a test can change its age.
    pub fn pin_mut(&mut self, id: u64) -> Option<&mut Pin> {
        self.pins.get_mut(id)
    }

    /// Returns the registered device keys, oldest first.
    pub fn device_keys(&self) -> impl Iterator<Item = &DeviceKey> {
        self.device_keys.keys()
    }

    /// Removes the devices with this client identifier from their accounts, as a user can on Plex's
    /// website. Their tokens are revoked, and their keys can no longer be used.
    pub fn remove_device(&mut self, client_identifier: &str) {
        let everybody: Vec<_> = self.accounts.iter().map(Account::who).collect();
        for who in everybody {
            self.remove_device_of(who, client_identifier);
        }
    }

    pub(crate) fn remove_device_of(&mut self, who: Who, client_identifier: &str) {
        for token in self.devices.remove(who, client_identifier) {
            self.tokens.revoke(&token);
        }
        self.tokens.revoke_signed(who, client_identifier);
        self.device_keys.remove(who, client_identifier);
    }

    /// Limits the number of unused, unexpired nonces. By default there is no limit.
    pub fn limit_nonces(&mut self, most: usize) {
        self.device_keys.nonce_limit = Some(most);
    }

    /// Requires device JWTs to have the `iat` and `exp` claims from now on.
    pub fn demand_times(&mut self) {
        self.device_keys.demands_times = true;
    }

    /// Makes plex.tv sign with a new key from now on. It still lists the earlier keys.
    pub fn change_key(&mut self) {
        let number = u8::try_from(self.plex_keys.len() + 1).unwrap_or(u8::MAX);
        self.plex_keys.push(PlexKey::numbered(number));
    }

    /// Resets the counts of wrong passwords and wrong Home PINs, so that locked logins and
    /// switching between Home users work again.
    pub fn forgive(&mut self) {
        self.accounts.forgive();
    }

    /// Restarts the media server, which invalidates its transient tokens.
    pub fn restart(&mut self, which: Which) {
        self.servers.get_mut(which).restart();
    }
}

impl Default for FakePlex {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
