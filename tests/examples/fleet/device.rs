//! A simulated device: its refresher, and the state that the simulation observes.

use std::time::Duration;

use plex_auth_proto::flow::{DeviceTokenRefresher, Now};
use plex_auth_proto::jwt::{Ed25519Key, PlexJwt};
use plex_auth_proto::{ClientIdentity, PlexTv, ServerUrl, Token};

use crate::chance::{Chance, mixed};
use crate::devices::{DAY, ROLLED_OUT, START};
use crate::network::{at, clock_at};
use crate::plex_tv::identifier;

// If a million devices checked the clock every minute, that would take most of the simulation's
// time.
const MAX_WAIT: Duration = Duration::from_secs(60 * 60);

/// A device. Times are in seconds since the start of the simulation.
pub(crate) struct Device {
    pub(crate) refresher: DeviceTokenRefresher<Ed25519Key>,
    number: u32,
    seed: u64,
    /// The time at which the device is first switched on.
    pub(crate) on_at: u32,
    /// The time of the refresher's next poll.
    pub(crate) due: u32,
    /// The time at which the device's token becomes invalid, or [`UNTIL_EXCHANGED`] while its old
    /// token is valid.
    pub(crate) good_until: u32,
    /// The time of the first failed request since the last renewal, or `None` if no request has
    /// failed.
    pub(crate) failing_since: Option<u32>,
    /// The number of seconds by which the device's clock is ahead. It is negative if the clock is
    /// behind.
    ahead: i16,
    pub(crate) had_a_token: bool,
    /// The number of times that plex.tv registered the device's key.
    pub(crate) registered: u8,
    /// The number of times that plex.tv received the device's key although the key was already
    /// registered.
    pub(crate) registered_again: u8,
    /// Whether the device will be restarted when its next response arrives, before it saves its
    /// state.
    pub(crate) forgets_next: bool,
}

/// The value of `good_until` while a device has its old token, which is valid until the first
/// exchange.
pub(crate) const UNTIL_EXCHANGED: u32 = u32::MAX;

impl Device {
    pub(crate) fn new(number: u32, seed: u64, old_token: &str) -> Self {
        let mut chance = Chance::new(seed, u64::from(number));
        let on_at = chance.below(ROLLED_OUT);
        let ahead = i16::try_from(chance.below(1201)).expect("some minutes") - 600;
        let old_token = Token::new(old_token).expect("a token");
        let refresher = plex_tv(number).register_device(key(seed, number), old_token);
        Self {
            refresher: refresher.jitter(jitter(seed, number)).max_wait(MAX_WAIT),
            number,
            seed,
            on_at: u32::try_from(on_at).expect("within a month"),
            due: 0,
            good_until: UNTIL_EXCHANGED,
            failing_since: None,
            ahead,
            had_a_token: false,
            registered: 0,
            registered_again: 0,
            forgets_next: false,
        }
    }

    /// Returns the device's current time. Its wall clock is `ahead` seconds fast.
    pub(crate) fn clock(&self, now: u64) -> Now {
        clock_at(now, at(now.saturating_add_signed(i64::from(self.ahead))))
    }

    /// Restarts the device from its saved state.
    pub(crate) fn restart(&mut self) {
        let saved = self.refresher.save();
        let key = key(self.seed, self.number);
        let refresher = DeviceTokenRefresher::restore(plex_tv(self.number), key, saved.expose());
        self.refresher = refresher
            .expect("its own saved state")
            .jitter(jitter(self.seed, self.number))
            .max_wait(MAX_WAIT);
    }

    /// Starts over with the old token, because the registration never arrived and plex.tv does not
    /// know the key.
    pub(crate) fn start_over(&mut self, old_token: &str) {
        let old_token = Token::new(old_token).expect("a token");
        let refresher =
            plex_tv(self.number).register_device(key(self.seed, self.number), old_token);
        self.refresher = refresher.jitter(jitter(self.seed, self.number)).max_wait(MAX_WAIT);
    }

    /// Returns the expiry in the token's claims, or `None` if the device has no token with claims.
    pub(crate) fn held_until(&self) -> Option<u32> {
        let jwt = PlexJwt::unverified(self.refresher.token()?).ok()?;
        let end = u64::try_from(jwt.expires_at.0).ok()?;
        u32::try_from(end.saturating_sub(START)).ok()
    }
}

fn plex_tv(number: u32) -> PlexTv {
    let identity = ClientIdentity::builder(identifier(number)).product("Example Player");
    let url: ServerUrl = "http://plex.example/api/v2".parse().expect("a URL");
    PlexTv::at(identity.build().expect("an identity"), url)
}

fn key(seed: u64, number: u32) -> Ed25519Key {
    let mut chance = Chance::new(seed ^ 0x6b_65_79, u64::from(number));
    let mut bytes = [0; 32];
    for eight in bytes.chunks_exact_mut(8) {
        eight.copy_from_slice(&chance.number().to_le_bytes());
    }
    Ed25519Key::from_seed(&bytes)
}

/// Returns a random jitter of up to a day. A device's jitter is the same after a restart, so that
/// the device does not have to save it.
fn jitter(seed: u64, number: u32) -> Duration {
    Duration::from_millis(mixed(seed ^ mixed(u64::from(number) ^ 0x006a_6974)) % (1000 * DAY))
}
