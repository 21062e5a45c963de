//! The fake itself: accounts, tokens and media servers in a value that answers a request with a response.

mod account_body;
mod accounts;
mod ask;
mod claims;
mod device_keys;
mod devices;
mod jwt;
mod media_server;
mod media_servers;
mod misbehaviour;
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
pub use misbehaviour::{Delivery, Misbehaviour, Reply};
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
use misbehaviour::Misbehaviours;
use path::same_place;
use pins::Pins;
use tokens::Tokens;

/// plex.tv and two media servers, made up, in one plain value.
///
/// Every new one is the same: same accounts, same passwords, and the tokens it issues come in the same
/// order. plex.tv answers under `/api/v2` and at the root alike; the claimed media server at the root and
/// under `/pms`, the unclaimed one under `/unclaimed`, also when somebody has claimed it. The pages on which a
/// person links a PIN in a browser are `/link` and `/auth`.
#[derive(Debug)]
pub struct FakePlex {
    accounts: Accounts,
    tokens: Tokens,
    devices: Devices,
    pins: Pins,
    device_keys: DeviceKeys,
    /// What plex.tv signs with; the last one now.
    plex_keys: Vec<PlexKey>,
    servers: MediaServers,
    claims: Claims,
    misbehaviours: Misbehaviours,
    seen: Record,
    base_url: Option<String>,
}

impl FakePlex {
    /// The same people and the same servers every time.
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
            misbehaviours: Misbehaviours::default(),
            seen: Record::default(),
            base_url: None,
        }
    }

    /// From now on this path is answered so, whatever is asked there, until [`behave`](Self::behave).
    ///
    /// A path of plex.tv given as `/user` also means `/api/v2/user`. Several misbehaviours of one path
    /// queue up: the next comes when the one before has had its [`times`](Misbehaviour::times). An answer
    /// that says nothing but its delivery is the right answer, and has its effect.
    pub fn misbehave(&mut self, path: &str, misbehaviour: Misbehaviour) {
        self.misbehaviours.add(path, misbehaviour);
    }

    /// Ends all misbehaviour.
    pub fn behave(&mut self) {
        self.misbehaviours = Misbehaviours::default();
    }

    /// The requests so far, oldest first. Only the newest are recorded: between 32 and 64 MiB of them, each
    /// counted as its size and 512 bytes.
    pub fn requests(&self) -> &[Seen] {
        self.seen.requests()
    }

    /// Returns the number of [recorded](Self::requests) requests to this path with this method. `/user` also counts
    /// `/api/v2/user`.
    pub fn seen(&self, method: &str, path: &str) -> usize {
        let here = |seen: &&Seen| seen.method == method && same_place(seen.path(), path);
        self.seen.requests().iter().filter(here).count()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&mut self) {
        self.seen = Record::default();
    }

    pub(crate) fn number_of_requests(&self) -> usize {
        self.seen.count()
    }

    /// The account of this kind.
    pub fn account(&self, who: Who) -> &Account {
        self.accounts.get(who)
    }

    /// The account of this kind, to change it.
    pub fn account_mut(&mut self, who: Who) -> &mut Account {
        self.accounts.get_mut(who)
    }

    /// All accounts.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter()
    }

    /// The media server of this kind.
    pub fn server(&self, which: Which) -> &MediaServer {
        self.servers.get(which)
    }

    /// Both media servers.
    pub fn servers(&self) -> impl Iterator<Item = &MediaServer> {
        self.servers.iter()
    }

    /// Says where the fake is reached, for the answers that name places; without it a request's own URL or its
    /// `Host` says so, over HTTP.
    pub fn set_base_url(&mut self, url: &str) {
        self.base_url = Some(url.trim_end_matches('/').to_owned());
    }

    fn base_url(&self, ask: &Ask<'_>) -> String {
        self.base_url.clone().unwrap_or_else(|| ask.base_url())
    }

    /// The devices that are signed in to an account.
    pub fn devices(&self, who: Who) -> impl Iterator<Item = &Device> {
        self.devices.of(who)
    }

    /// A new token for an account, as a sign-in would issue it.
    pub fn issue_token(&mut self, who: Who) -> String {
        self.tokens.issue(who, None)
    }

    /// A new token that claims a media server for an account, good for four minutes.
    pub fn issue_claim_token(&mut self, who: Who, now: u64) -> String {
        self.claims.issue(who, now)
    }

    /// Makes a token dead, as signing out or removing a device does. Transient tokens made from it live on.
    pub fn revoke(&mut self, token: &str) {
        self.tokens.revoke(token);
        self.devices.forget(token);
    }

    /// Every PIN so far, oldest first.
    pub fn pins(&self) -> impl Iterator<Item = &Pin> {
        self.pins.iter()
    }

    /// The PIN with this number, to age it.
    pub fn pin_mut(&mut self, id: u64) -> Option<&mut Pin> {
        self.pins.get_mut(id)
    }

    /// Returns the registered device keys, oldest first.
    pub fn device_keys(&self) -> impl Iterator<Item = &DeviceKey> {
        self.device_keys.keys()
    }

    /// Removes the devices with this client identifier from their accounts, as their owners do on a page. This
    /// revokes their tokens, and their keys can no longer be used.
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

    /// Requires the `iat` and `exp` claims in device tokens from now on.
    pub fn demand_times(&mut self) {
        self.device_keys.demands_times = true;
    }

    /// Makes plex.tv sign with a new key from now on. It still lists the earlier ones.
    pub fn change_key(&mut self) {
        let number = u8::try_from(self.plex_keys.len() + 1).unwrap_or(u8::MAX);
        self.plex_keys.push(PlexKey::numbered(number));
    }

    /// Forgets wrong passwords and Home PINs, so that a locked login can sign in again.
    pub fn forgive(&mut self) {
        self.accounts.forgive();
    }

    /// The media server starts anew: its transient tokens are gone.
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
