//! The fake itself: accounts, tokens and media servers in a value that answers a request with a response.

mod account_body;
mod accounts;
mod ask;
mod claims;
mod device_keys;
mod devices;
mod jwt;
mod media_server;
mod misbehaviour;
mod pages;
mod pins;
mod plex_tv;
mod render;
mod routes;
mod tokens;

use http::{Request, Response};

pub use accounts::{Account, Who};
pub use device_keys::DeviceKey;
pub use devices::Device;
pub use media_server::{Connection, MediaServer, Source, Which};
pub use misbehaviour::{Delivery, Misbehaviour, Reply};
pub use pins::Pin;

use crate::Seen;
use accounts::Accounts;
use ask::Ask;
use claims::Claims;
use device_keys::DeviceKeys;
use devices::{Devices, NewDevice};
use jwt::PlexKey;
use media_server::MediaServers;
use misbehaviour::Misbehaviours;
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
    seen: Vec<Seen>,
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
            seen: Vec::new(),
            base_url: None,
        }
    }

    /// The answer to a request at a time, in Unix seconds.
    pub fn answer(&mut self, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>> {
        self.reply(request, now).response
    }

    /// The answer, and how a carrier is to deliver it.
    pub fn reply(&mut self, request: &Request<Vec<u8>>, now: u64) -> Reply {
        self.seen.push(Seen::from_request(request));
        let path = request.uri().path();
        let (canned, delivery) = match self.misbehaviours.take(path) {
            Some(misbehaviour) => misbehaviour.into_parts(),
            None => (None, Delivery::Prompt),
        };
        let response = canned.unwrap_or_else(|| routes::answer(self, &Ask::new(request, now)));
        Reply { response, delivery }
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

    /// Every request so far, oldest first.
    pub fn requests(&self) -> &[Seen] {
        &self.seen
    }

    /// How many requests with this verb came to this path. `/user` also counts `/api/v2/user`.
    pub fn seen(&self, method: &str, path: &str) -> usize {
        let here = |seen: &&Seen| seen.method == method && same_place(seen.path(), path);
        self.seen.iter().filter(here).count()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&mut self) {
        self.seen.clear();
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

    /// Links the PIN with this code to an account, as its owner does on a page, and returns the token that
    /// it brings; `None` where no PIN waits that has the code. The token that the account had through an
    /// earlier PIN of the same client identifier is dead then.
    pub fn link_pin(&mut self, code: &str, who: Who, now: u64) -> Option<String> {
        let pin = self.pins.waiting(code, now)?.clone();
        let id = pin.id();
        let device = NewDevice {
            client_identifier: pin.client_identifier(),
            product: pin.product().unwrap_or_default(),
            ..NewDevice::default()
        };
        let token = match pin.jwk() {
            Some(jwk) => plex_tv::auth::link(self, jwk, device, who, now)?,
            None => {
                let token = self.tokens.issue(who, None);
                self.devices.signed_in(who, device, &token, now);
                token
            }
        };
        if let Some(replaced) = self.pins.link(id, who, &token) {
            self.revoke(&replaced);
        }
        Some(token)
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

/// Whether a path that was asked for is the place that a test names.
fn same_place(asked: &str, named: &str) -> bool {
    asked == named || asked.strip_prefix(plex_tv::PREFIX) == Some(named)
}

#[cfg(test)]
mod tests;
