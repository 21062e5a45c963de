use std::fmt;
use std::mem;
use std::time::{Duration, SystemTime};

use crate::error::{Error, Outcome};
use crate::flow::clock::{Clock, Moment};
use crate::flow::device_exchange::{
    Exchange, ExchangeOutcome, ExchangeResponse, is_signature_refused,
};
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

// Eight refusals take more than an hour: enough time for a wrong clock to be corrected or an outage
// to end.
const MAX_REFUSALS: u8 = 8;

// The minimum time between renewals, regardless of a token's claims, so that a server that issues
// expired tokens does not cause a loop.
const MIN_INTERVAL: Duration = Duration::from_secs(10 * 60);

// On some systems, elapsed time stops while the computer sleeps, so the wall clock is checked at
// least this often.
const MAX_WAIT: Duration = Duration::from_secs(60);

// A wait of zero would be a busy loop.
const MIN_WAIT: Duration = Duration::from_secs(1);

impl PlexTv {
    /// Creates a [refresher](DeviceTokenRefresher) that starts with the token from a
    /// [login](crate::flow::DeviceLogin).
    pub fn device_token_refresher<K: DeviceKey>(
        &self,
        key: K,
        token: Token,
    ) -> DeviceTokenRefresher<K> {
        let current = CurrentToken::new(token, None);
        DeviceTokenRefresher::new(self.clone(), key, Stage::Refreshing, Some(current))
    }

    /// Creates a [refresher](DeviceTokenRefresher) that first registers the key, for a device that
    /// has an old-style token issued under the same client identifier.
    ///
    /// The key is registered only once. If the result of the registration is unknown, an exchange
    /// shows whether the key was registered. The old token becomes invalid when the first new one
    /// is issued.
    ///
    /// Keep the old token until the first new one arrives. The old token is not part of the
    /// [saved](DeviceTokenRefresher::save) state, and a restored refresher does not register the
    /// key, because the key may already be registered. If the key is not registered, the restored
    /// refresher ends with [`KeyRefused`](DeviceTokenEnd::KeyRefused) after more than an hour, and
    /// the program can call this method again.
    pub fn register_device<K: DeviceKey>(
        &self,
        key: K,
        old_token: Token,
    ) -> DeviceTokenRefresher<K> {
        DeviceTokenRefresher::new(self.clone(), key, Stage::Registering(Box::new(old_token)), None)
    }
}

/// A flow that uses a device's key to renew the device's token indefinitely, usually a day before
/// it expires.
///
/// It keeps retrying during outages and rate limits (it obeys `Retry-After`, up to a day), and
/// while the clock is wrong or the key temporarily cannot sign. It [ends](DeviceTokenEnd) only if
/// waiting would not help. An expired token can still be renewed.
///
/// # Retries
///
/// The first retry usually follows within a minute. If the token is still valid, later retries wait
/// for at least an eighth of its remaining life, so that a fleet's devices do not all send requests
/// when an outage ends. Without a valid token, waits grow to five minutes during an outage, and
/// last one minute after a rate limit without `Retry-After`. If the key cannot sign, waits grow to
/// five minutes, and if Plex refuses the signature, to twenty minutes, whether or not the token is
/// still valid. A [jitter](Self::jitter) extends each of these waits to at most twice its length.
/// Give each device in a fleet its own jitter.
///
/// # State
///
/// Save the key before anything else. [Save](Self::save) the state before the first request is sent
/// and whenever [`renewals`](Self::renewals) has increased, or have the [driver save
/// it](Self::save_through_driver).
///
/// To share the key, pass it as `&key` or in an `Arc`.
///
/// # Clocks
///
/// The refresher goes by Plex's time, which it takes from the `Date` header of Plex's responses,
/// because the clocks of many devices are wrong.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
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
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// // The key is a `DeviceKey` that Plex knows: an `Ed25519Key`, or one of your own.
/// let saved = r#"{"format": 1, "kind": "device-token", "service": "https://plex.tv/api/v2",
///     "clientIdentifier": "example", "keyId": "den-2026"}"#;
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
    /// Whether the token is to be renewed even if its renewal is not due yet.
    renew_requested: bool,
    last_error: Option<Box<RefreshError>>,
    renewals: u64,
    /// Whether the first state was restored, in which case it need not be saved.
    is_restored: bool,
    /// Whether the token being saved is the initial one, which does not count as a renewal.
    is_first_unsaved: bool,
    saving: Option<Box<Saving<CurrentToken>>>,
}

enum Stage {
    /// The key is to be registered with this token.
    Registering(Box<Token>),
    Refreshing,
    /// Holds the output until it is returned.
    Finished(Option<Box<DeviceTokenEnd>>),
}

/// A response to one of the refresher's requests.
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

    /// Sets the jitter, which makes this device renew its token earlier and retry later, so that a
    /// fleet's devices do not all send requests at the same time. Use a random duration of up to a
    /// day, with millisecond precision. The default is zero. Without jitter, a fleet's requests
    /// cluster after an outage and again six days later.
    ///
    /// A renewal happens at most a day early, and never before the halfway point between the time
    /// at which the token was issued and its regular renewal. The wait before a retry at most
    /// doubles: it is extended by the jitter modulo the wait.
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.exchange.set_jitter(jitter);
        self
    }

    /// Sets the longest time between two readings of the wall clock while no request is in flight.
    /// The default is 60 seconds and the minimum is one second. After the computer has slept, an
    /// expired token is noticed within this time. Each reading wakes an idle device's CPU.
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time.max(MIN_WAIT);
        self
    }

    /// Has the driver save each state ([`Action::Save`](crate::flow::Action::Save)), including the
    /// first one unless it was restored.
    ///
    /// A new token is then handed out only after the driver has tried to save it. Until then, the
    /// previous token is handed out, unless it was [rejected](Self::rejected) or
    /// [`renew_now`](Self::renew_now) was called. If the save fails, or the driver does not support
    /// it, [`progress`](Self::progress) reports the error, and the new token is handed out anyway.
    /// A key is registered only after the state has been saved. If that save fails, the refresher
    /// ends with [`NotSaved`](DeviceTokenEnd::NotSaved).
    pub fn save_through_driver(mut self) -> Self {
        self.start_saving();
        self
    }

    /// Returns the token, if there is one. It may have expired: [`progress`](Self::progress)
    /// reports its expiry.
    pub fn token(&self) -> Option<&Token> {
        self.current.as_ref().map(|current| &current.token)
    }

    /// Returns the number of new tokens handed out so far, not counting the one that the refresher
    /// was created with. [Save](Self::save) the state whenever this number has increased.
    pub fn renewals(&self) -> u64 {
        self.renewals
    }

    /// Requests a new token without waiting until the current one is due for renewal, but no sooner
    /// than ten minutes after the last renewal. If a new token is already being saved, it is handed
    /// out once the save ends, and no other token is requested. If the request fails, it is retried
    /// as if there were no valid token.
    pub fn renew_now(&mut self) {
        if self.unsaved().is_some() && !self.is_first_unsaved {
            // A new token is being saved.
            self.current = None;
        } else {
            self.renew_requested = true;
        }
    }

    /// Reports that plex.tv rejected this token as
    /// [invalid](crate::ResponseError::is_token_invalid), so that it is [renewed](Self::renew_now).
    /// A token that has already been replaced is ignored.
    pub fn rejected(&mut self, token: &Token) {
        if self.current.as_ref().is_some_and(|current| current.token.expose() == token.expose()) {
            self.renew_now();
        }
    }

    /// Returns the token and the current time. Returns `None` if either is not known, if Plex may
    /// have reported that the token is invalid, or if the clock is clearly wrong.
    fn good(&self, now: Moment) -> Option<(&CurrentToken, UnixSeconds)> {
        let latest = now.latest()?.into();
        let current = self.newest().filter(|_| !self.renew_requested)?;
        (!current.is_issued_in_future(latest)).then_some((current, latest))
    }

    /// Returns the time until the token has to be renewed; zero if it has to be renewed now.
    fn rest(&self, now: Moment) -> Duration {
        let jitter = self.exchange.jitter();
        self.good(now).map_or(Duration::ZERO, |(current, now)| current.rest(jitter, now))
    }

    /// Returns the time until the next request is due, assuming that none is in flight.
    fn next_request_in(&self, now: Moment) -> Duration {
        let until_due = self.exchange.due_with(self.left(now)).saturating_sub(now.elapsed);
        self.rest(now).max(until_due)
    }

    /// Returns the time until the token expires; zero if that is not known.
    fn left(&self, now: Moment) -> Duration {
        self.good(now).map_or(Duration::ZERO, |(current, now)| current.left(now))
    }

    /// Returns the progress.
    pub fn progress(&self, now: Now) -> DeviceTokenProgress {
        let last_error = self.last_error.as_deref().cloned();
        let next_request = match self.in_flight.is_active() {
            true => Duration::ZERO,
            false => self.next_request_in(self.clock.peek(now)),
        };
        match (&self.stage, &self.current) {
            (Stage::Finished(_), _) => DeviceTokenProgress::Finished,
            (Stage::Registering(_), _) => {
                DeviceTokenProgress::Registering { last_error, next_request }
            }
            (Stage::Refreshing, None) => {
                DeviceTokenProgress::Requesting { last_error, next_request }
            }
            (Stage::Refreshing, Some(CurrentToken { token, expires_at, .. })) => {
                let (token, expires_at, renewals) = (token.clone(), *expires_at, self.renewals);
                let save_error = self.save_error().cloned();
                DeviceTokenProgress::Active {
                    token,
                    expires_at,
                    renewals,
                    last_error,
                    next_request,
                    save_error,
                }
            }
        }
    }

    /// Handles a lost request. If it was a registration, an exchange determines whether it was
    /// carried out.
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

    /// Handles a failed registration: retries it later, ends the flow, or has an exchange determine
    /// whether it was carried out.
    fn registration_failed(&mut self, now: Now, error: Error) {
        if error.needs_new_device_key() {
            self.end(DeviceTokenEnd::DeviceRemoved(error));
        } else if is_registration_retryable(&error) {
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
            ExchangeOutcome::Retry(error) if !is_confirmed && is_signature_refused(&error) => {
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
        // The token was issued just now. If it appears to be from the future, the known time is
        // wrong, and the token's own time replaces it. The same applies if no time is known.
        let is_ahead = received.is_none_or(|received| current.is_issued_in_future(received));
        let issued = current.issued_at.and_then(|at| SystemTime::try_from(at).ok());
        if let Some(issued) = issued.filter(|_| is_ahead) {
            self.clock.set(now, issued);
        }
        self.is_first_unsaved = false;
        if mem::take(&mut self.renew_requested) {
            // Plex may have reported that the old token is invalid, so it is not handed out while its
            // successor is being saved.
            self.current = None;
        }
        self.accept(current);
        self.last_error = None;
        let due = moment.elapsed.saturating_add(MIN_INTERVAL);
        self.exchange.restart(MAX_REFUSALS, due);
    }
}

/// Returns whether the registration failed for a temporary reason.
fn is_registration_retryable(error: &Error) -> bool {
    let status = error.status().map_or(0, |status| status.as_u16());
    match error.outcome() {
        Outcome::NotSent => true,
        Outcome::Refused => error.is_retryable() || matches!(status, 300..=399),
        // Such a response comes from a captive portal or a proxy, so the request did not reach
        // Plex.
        Outcome::Unknown => error.is_unconfirmed() || matches!(status, 404 | 407),
    }
}

/// Returns whether Plex refused to register the key.
fn is_registration_refused(error: &Error) -> bool {
    let is_refused = error.outcome() == Outcome::Refused;
    // 422 means that the key is already registered, in most cases by this device. 408 and 425 are
    // temporary.
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
