use std::fmt;
use std::time::{Duration, SystemTime};

use crate::error::{Error, Outcome};
use crate::flow::clock::{Clock, Moment};
use crate::flow::device_exchange::{Exchange, ExchangeOutcome, ExchangeResponse};
use crate::flow::in_flight::InFlight;
use crate::flow::now::Now;
use crate::flow::saving::Saving;
use crate::jwt::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::values::token::Token;
use crate::values::unix_seconds::UnixSeconds;

mod current_token;
mod polling;
pub(crate) mod progress;
mod saved;
mod saves;

use current_token::CurrentToken;
use progress::{DeviceTokenEnd, DeviceTokenProgress, RefreshError};

// Eight refusals take more than an hour.
const MAX_REFUSALS: u8 = 8;

/// The shortest time between two tokens, whatever they say of themselves.
const MIN_INTERVAL: Duration = Duration::from_secs(10 * 60);

// Elapsed time stops while a computer sleeps, so the wall clock has to be looked at.
const MAX_WAIT: Duration = Duration::from_secs(60);

// A wait of zero would be a busy loop.
const MIN_WAIT: Duration = Duration::from_secs(1);

impl PlexTv {
    /// Keeps the token of a device alive by its key: a [refresher](DeviceTokenRefresher) that starts with the token of a
    /// [login](crate::flow::DeviceLogin).
    pub fn device_token_refresher<K: DeviceKey>(
        &self,
        key: K,
        token: Token,
    ) -> DeviceTokenRefresher<K> {
        let current = CurrentToken::new(token, None);
        DeviceTokenRefresher::new(self.clone(), key, Stage::Refreshing, Some(current))
    }

    /// Registers the key of a device that has an old token, which was issued under the same client identifier, and
    /// keeps the device's tokens from then on: a whole [refresher](DeviceTokenRefresher).
    ///
    /// The key is registered once. Where it is not known whether that has worked, an exchange shows it. The old token
    /// dies with the first new one.
    ///
    /// Keep the old one, too, until then: it is not part of what the refresher [saves](DeviceTokenRefresher::save), which after a
    /// restart registers nothing, as the key may be registered. Where it was not, the refresher ends in
    /// [`KeyRefused`](DeviceTokenEnd::KeyRefused) after an hour, and registering anew does no harm.
    pub fn register_device<K: DeviceKey>(
        &self,
        key: K,
        old_token: Token,
    ) -> DeviceTokenRefresher<K> {
        DeviceTokenRefresher::new(self.clone(), key, Stage::Registering(Box::new(old_token)), None)
    }
}

/// Keeps the token of a device alive by its key, for ever: it is renewed a day before it ends.
///
/// It goes on through outages, rate limits (whose `Retry-After` is kept, up to a day), a wrong clock and a key that
/// cannot sign for a while. After a failure it tries again within a minute or two; from then on, while its token is
/// good, there is no hurry, and it waits for an eighth of what is left of the token or longer, so that a fleet does
/// not come all at once when an outage ends. Without a good token the waits grow, to five minutes at an outage, to
/// one at a rate limit that says no time, and to twenty where Plex refuses what is signed; a jitter makes each longer
/// by up to itself. A token that has expired meanwhile can still be renewed. It [ends](DeviceTokenEnd) only where no
/// waiting helps.
///
/// - [Save](Self::save) what is to be kept before the first call is sent, and again whenever
///   [`renewals`](Self::renewals) has risen, or have [the driver do so](Self::save_through_driver). The key itself is the
///   caller's to keep, before all.
/// - Give each device of a fleet a [jitter](Self::jitter) of its own.
/// - What time it is at Plex is taken from Plex's answers, as many devices do not know it.
///
/// A key that others use too is handed in as `&key` or in an `Arc`.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plex_auth_proto::flow::{Completion, DeviceTokenProgress, DeviceTokenRefresher, Now};
/// use plex_auth_proto::{ClientIdentity, Flow, PlexTv, Step, http};
///
/// # use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
/// # struct Key(Jwk);
/// # impl DeviceKey for Key {
/// #     fn jwk(&self) -> &Jwk { &self.0 }
/// #     fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> { Ok([0; 64]) }
/// # }
/// # let key = Key(Jwk::new([7; 32], "den-2026")?);
/// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
/// // The key is a `DeviceKey` that Plex knows: an `Ed25519Key`, or one of your own.
/// let saved = r#"{"format": 1, "kind": "device-token", "service": "https://plex.tv/api/v2",
///     "clientIdentifier": "3381b62b-9ab7-4e37-827b-203e9809eb58", "keyId": "den-2026"}"#;
/// let mut refresher = DeviceTokenRefresher::restore(plex_tv, key, saved)?.jitter(Duration::from_secs(1234));
///
/// let today = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// let now = Now::new(Duration::ZERO, today); // the program's clocks
/// for response in [r#"{"nonce":"b7d0-41c9"}"#, r#"{"auth_token":"eyJh.eyJp.c2ln"}"#] {
///     let Step::Do(id, _send) = refresher.poll(now) else { panic!() };
///     refresher.complete(now, id, Completion::Response(http::Response::new(response.into())));
/// }
/// assert_eq!(refresher.token().map(|token| token.expose()), Some("eyJh.eyJp.c2ln"));
/// assert_eq!(refresher.renewals(), 1);
/// assert!(matches!(refresher.progress(now), DeviceTokenProgress::Active { renewals: 1, last_error: None, .. }));
/// assert!(matches!(refresher.poll(now), Step::Wait(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a flow does nothing until it is driven"]
pub struct DeviceTokenRefresher<K> {
    plex_tv: PlexTv,
    key: K,
    stage: Stage,
    current: Option<CurrentToken>,
    clock: Clock,
    in_flight: InFlight<DeviceResponse>,
    exchange: Exchange,
    max_wait: Duration,
    /// Whether a token is wanted, whatever the one that is held says.
    renew_requested: bool,
    last_error: Option<Box<RefreshError>>,
    renewals: u64,
    /// Whether the first state was restored, so that it need not be saved.
    is_restored: bool,
    /// Whether the token that is being saved is the first one, which was not received.
    is_first_unsaved: bool,
    saving: Option<Box<Saving<CurrentToken>>>,
}

enum Stage {
    /// The key is to be registered with this token.
    Registering(Box<Token>),
    Refreshing,
    /// With what is not told yet.
    Finished(Option<Box<DeviceTokenEnd>>),
}

/// A response to one of the requests.
#[derive(Debug)]
enum DeviceResponse {
    Registered,
    Exchange(ExchangeResponse),
}

impl<K: DeviceKey> DeviceTokenRefresher<K> {
    fn new(plex_tv: PlexTv, key: K, stage: Stage, current: Option<CurrentToken>) -> Self {
        Self {
            plex_tv,
            key,
            stage,
            current,
            clock: Clock::default(),
            in_flight: InFlight::new(),
            exchange: Exchange::new(MAX_REFUSALS),
            max_wait: MAX_WAIT,
            renew_requested: false,
            last_error: None,
            renewals: 0,
            is_restored: false,
            is_first_unsaved: false,
            saving: None,
        }
    }

    /// Sets by how much earlier this device renews its token and how much later it tries again, so that not
    /// all devices do so at the same time: any time up to a day, taken by chance. Without it nothing is added, and
    /// what an outage has held up comes all at once, after it and again six days later.
    ///
    /// A renewal comes earlier by this, but by no more than a day, and never in the first half of the time
    /// until it is due; a wait becomes longer by it, but never twice as long.
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.exchange.set_jitter(jitter);
        self
    }

    /// Sets the longest wait between two looks at the wall clock: 60 seconds by default, and at least one. After the
    /// computer has slept, an expired token is noticed within this time. Each look wakes the CPU of a device that sleeps.
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time.max(MIN_WAIT);
        self
    }

    /// Has the driver save each state ([`Action::Save`](crate::flow::Action::Save)), also the first one unless it was
    /// restored.
    ///
    /// A new token is then handed out only after its save was attempted, and the previous one meanwhile. A save that
    /// fails, or that the driver does not support, is reported by [`progress`](Self::progress), and the token is handed
    /// out nevertheless. A key is registered only after the state was saved: if that fails, the refresher ends in
    /// [`NotSaved`](DeviceTokenEnd::NotSaved).
    pub fn save_through_driver(mut self) -> Self {
        self.start_saving();
        self
    }

    /// The token, where there is one. It can have expired; [`progress`](Self::progress) says until when it
    /// is good.
    pub fn token(&self) -> Option<&Token> {
        self.current.as_ref().map(|current| &current.token)
    }

    /// How many tokens have been got. It rises with each, which then is to be [saved](Self::save).
    pub fn renewals(&self) -> u64 {
        self.renewals
    }

    /// Has the token renewed now, as where Plex has [said that it is invalid](crate::ResponseError::is_token_invalid). That is done
    /// no sooner than ten minutes after the last token, and after trouble no sooner than without a good token.
    pub fn renew_now(&mut self) {
        self.renew_requested = true;
    }

    /// Reports that plex.tv said that this token is [invalid](crate::ResponseError::is_token_invalid): it is
    /// [renewed](Self::renew_now). A token that has been replaced is ignored.
    pub fn rejected(&mut self, token: &Token) {
        if self.current.as_ref().is_none_or(|current| current.token.expose() != token.expose()) {
            return;
        }
        if self.unsaved().is_some() {
            // Its successor is being saved.
            self.current = None;
        } else {
            self.renew_now();
        }
    }

    /// The token, if it is known how long it is valid: not if Plex may have said that it is invalid, and not by a clock
    /// that cannot be right.
    fn good(&self, now: Moment) -> Option<(&CurrentToken, UnixSeconds)> {
        let latest = now.latest()?.into();
        let current = self.newest().filter(|_| !self.renew_requested)?;
        (!current.is_issued_in_future(latest)).then_some((current, latest))
    }

    /// Returns the time until the token has to be renewed; zero if that is now.
    fn rest(&self, now: Moment) -> Duration {
        let jitter = self.exchange.jitter();
        self.good(now).map_or(Duration::ZERO, |(current, now)| current.rest(jitter, now))
    }

    /// Returns the time until the token expires; zero if that is not known.
    fn left(&self, now: Moment) -> Duration {
        self.good(now).map_or(Duration::ZERO, |(current, now)| current.left(now))
    }

    /// Returns the progress.
    pub fn progress(&self, _: Now) -> DeviceTokenProgress {
        let last_error = self.last_error.as_deref().cloned();
        match (&self.stage, &self.current) {
            (Stage::Finished(_), _) => DeviceTokenProgress::Finished,
            (Stage::Registering(_), _) => DeviceTokenProgress::Registering { last_error },
            (Stage::Refreshing, None) => DeviceTokenProgress::Requesting { last_error },
            (Stage::Refreshing, Some(CurrentToken { token, expires_at, .. })) => {
                let (token, expires_at, renewals) = (token.clone(), *expires_at, self.renewals);
                let save_error = self.save_error().cloned();
                DeviceTokenProgress::Active { token, expires_at, renewals, last_error, save_error }
            }
        }
    }

    /// An exchange shows whether a registration that is lost was carried out.
    fn request_lost(&mut self, error: Error) {
        if let Stage::Registering(_) = self.stage {
            self.stage = Stage::Refreshing;
        }
        self.failed(error);
    }

    fn end(&mut self, end: DeviceTokenEnd) {
        self.stage = Stage::Finished(Some(Box::new(end)));
    }

    fn failed(&mut self, error: impl Into<RefreshError>) {
        self.last_error = Some(Box::new(error.into()));
    }

    /// Handles a registration that failed: sends it again later, ends, or lets an exchange show whether it was
    /// carried out.
    fn registration_failed(&mut self, now: Now, error: Error) {
        if is_registered_later(&error) {
            self.exchange_completed(now, Err(error));
        } else if is_registration_refused(&error) {
            self.end(DeviceTokenEnd::NotRegistered(error));
        } else {
            self.stage = Stage::Refreshing;
            self.failed(error);
        }
    }

    fn exchange_completed(&mut self, now: Now, result: Result<ExchangeResponse, Error>) {
        let moment = self.clock.at(now);
        let left = self.left(moment);
        let is_confirmed = self.clock.is_confirmed();
        match self.exchange.complete(moment, left, is_confirmed, result) {
            ExchangeOutcome::NonceReceived => {}
            ExchangeOutcome::Token(token) => self.renewed(now, token),
            ExchangeOutcome::Retry(error) if !is_confirmed && is_refused(&error) => {
                self.failed(RefreshError::Clock(error));
            }
            ExchangeOutcome::Retry(error) => self.failed(error),
            ExchangeOutcome::Refused(error) => self.end(DeviceTokenEnd::KeyRefused(error)),
            ExchangeOutcome::Removed(error) => self.end(DeviceTokenEnd::DeviceRemoved(error)),
        }
    }

    fn renewed(&mut self, now: Now, token: Token) {
        let moment = self.clock.at(now);
        let received = moment.server.map(UnixSeconds::from);
        let current = CurrentToken::new(token, received.map(|at| at.0));
        // It was issued just now, so Plex's responses are dated by a clock that was never set, or not at all.
        let is_ahead = received.is_none_or(|received| current.is_issued_in_future(received));
        let issued = current.issued_at.and_then(|at| SystemTime::try_from(at).ok());
        if let Some(issued) = issued.filter(|_| is_ahead) {
            self.clock.set(now, issued);
        }
        self.is_first_unsaved = false;
        self.renew_requested = false;
        self.accept(current);
        self.last_error = None;
        let due = moment.elapsed.saturating_add(MIN_INTERVAL);
        self.exchange.restart(MAX_REFUSALS, due);
    }
}

/// Returns whether Plex refused what the device has signed.
fn is_refused(error: &Error) -> bool {
    error.status().is_some_and(|status| matches!(status.as_u16(), 400 | 422))
}

/// Returns whether the key was not registered, for a reason that passes.
fn is_registered_later(error: &Error) -> bool {
    let status = error.status().map_or(0, |status| status.as_u16());
    match error.outcome() {
        Outcome::NotSent => true,
        Outcome::Refused => error.is_retryable() || matches!(status, 300..=399),
        // A page with one of these is a captive portal's or a proxy's: the request did not reach Plex.
        Outcome::Unknown => error.is_unconfirmed() || matches!(status, 404 | 407),
    }
}

/// Returns whether Plex refused to register the key.
fn is_registration_refused(error: &Error) -> bool {
    let is_refused = error.outcome() == Outcome::Refused;
    // 422 says that the key is taken: mostly by this device. The others pass.
    is_refused && !matches!(error.status().map(|status| status.as_u16()), Some(408 | 422 | 425))
}

impl<K: DeviceKey> fmt::Debug for DeviceTokenRefresher<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceTokenRefresher")
            .field("plex_tv", &self.plex_tv)
            .field("key_id", &self.key.jwk().key_id())
            .field("expires_at", &self.current.as_ref().and_then(|current| current.expires_at))
            .field("renewals", &self.renewals)
            .field("last_error", &self.last_error)
            .finish_non_exhaustive()
    }
}
