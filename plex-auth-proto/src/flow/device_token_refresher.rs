use std::fmt;
use std::time::{Duration, SystemTime};

use http::Response;

use crate::error::{Error, Outcome};
use crate::flow::device_exchange::{Exchange, ExchangeOutcome, ExchangeResponse};
use crate::flow::in_flight::InFlight;
use crate::flow::server_clock::{ServerClock, Times};
use crate::flow::step::{Flow, RequestId, Step};
use crate::jwt::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::values::token::Token;
use crate::values::unix_seconds::UnixSeconds;

mod current_token;
pub(crate) mod progress;
mod saved;

use current_token::CurrentToken;
use progress::{DeviceTokenEnd, DeviceTokenProgress, RefreshError};

/// How often it is told at most that Plex does not take what the device signs.
const MAX_REFUSALS: u8 = 8;

/// The time between two tokens at least, whatever they say of themselves.
const MIN_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// How long it waits at most before it looks at the clock again, which somebody can have set.
const MAX_WAIT: Duration = Duration::from_secs(60 * 60);

/// How long it waits where an answer is to come.
const IDLE_WAIT: Duration = Duration::from_secs(1);

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
///   [`renewals`](Self::renewals) has risen. The key itself is the caller's to keep, before all.
/// - Give each device of a fleet a [jitter](Self::jitter) of its own.
/// - What time it is at Plex is taken from Plex's answers, as many devices do not know it.
///
/// A key that others use too is handed in as `&key` or in an `Arc`.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plex_auth_proto::{ClientIdentity, Flow, PlexTv, Step, http};
/// use plex_auth_proto::flow::{DeviceTokenProgress, DeviceTokenRefresher};
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
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000); // the caller's clock
/// for answer in [r#"{"nonce":"b7d0-41c9"}"#, r#"{"auth_token":"eyJh.eyJp.c2ln"}"#] {
///     let Step::Send(id, call) = refresher.poll(now) else { panic!() };
///     let answer = call.reply().read(http::Response::new(answer));
///     refresher.complete(now, id, answer.map_err(Into::into));
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
    clock: ServerClock,
    in_flight: InFlight,
    exchange: Exchange,
    /// Whether a token is wanted, whatever the one that is held says.
    renew_requested: bool,
    last_error: Option<Box<RefreshError>>,
    renewals: u64,
}

enum Stage {
    /// The key is to be registered with this token.
    Registering(Box<Token>),
    Refreshing,
    /// With what is not told yet.
    Finished(Option<Box<DeviceTokenEnd>>),
}

/// What the answers of a [`DeviceTokenRefresher`] are read as.
#[derive(Debug)]
pub struct DeviceTokenAnswer(DeviceContent);

#[derive(Debug)]
enum DeviceContent {
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
            clock: ServerClock::default(),
            in_flight: InFlight::new(),
            exchange: Exchange::new(MAX_REFUSALS),
            renew_requested: false,
            last_error: None,
            renewals: 0,
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

    /// The token, where there is one. It can have expired; [`progress`](Flow::progress) says until when it
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

    /// The token that is held, where it is known how long it is good: not where Plex may have said that it is invalid, nor by
    /// a clock that cannot be right.
    fn good(&self, now: Times) -> Option<&CurrentToken> {
        self.current.as_ref().filter(|current| {
            !self.renew_requested && !current.is_issued_in_future(now.plex.into())
        })
    }

    /// For how long the token need not be renewed; nothing where it is to be renewed now.
    fn rest(&self, now: Times) -> Duration {
        let jitter = self.exchange.jitter();
        self.good(now).map_or(Duration::ZERO, |current| current.rest(jitter, now.plex.into()))
    }

    /// For how long the token is good.
    fn left(&self, now: Times) -> Duration {
        self.good(now).map_or(Duration::ZERO, |current| current.left(now.plex.into()))
    }

    fn end(&mut self, end: DeviceTokenEnd) {
        self.stage = Stage::Finished(Some(Box::new(end)));
    }

    fn failed(&mut self, error: impl Into<RefreshError>) {
        self.last_error = Some(Box::new(error.into()));
    }

    /// Handles a registration that failed: sends it again later, ends, or lets an exchange show whether it was
    /// carried out.
    fn registration_failed(&mut self, now: Times, error: Error) {
        if is_registered_later(&error) {
            self.exchange_completed(now, Err(error));
        } else if is_registration_refused(&error) {
            self.end(DeviceTokenEnd::NotRegistered(error));
        } else {
            self.stage = Stage::Refreshing;
            self.failed(error);
        }
    }

    fn exchange_completed(&mut self, now: Times, answer: Result<ExchangeResponse, Error>) {
        let left = self.left(now);
        match self.exchange.complete(now, left, answer) {
            ExchangeOutcome::NonceReceived => {}
            ExchangeOutcome::Token(token) => {
                let current = CurrentToken::new(token, Some(UnixSeconds::from(now.plex).0));
                if current.is_issued_in_future(now.plex.into()) {
                    // It was issued just now, and so Plex's answers were dated by a clock that was never set.
                    let issued = current.issued_at.and_then(|at| SystemTime::try_from(at).ok());
                    self.clock.set(now.elapsed, issued.unwrap_or(now.plex));
                }
                self.current = Some(current);
                self.renewals = self.renewals.saturating_add(1);
                self.renew_requested = false;
                self.last_error = None;
                let due = now.elapsed.saturating_add(MIN_INTERVAL);
                self.exchange.restart(MAX_REFUSALS, due);
            }
            ExchangeOutcome::Retry(error) => self.failed(error),
            ExchangeOutcome::Refused(error) => self.end(DeviceTokenEnd::KeyRefused(error)),
            ExchangeOutcome::Removed(error) => self.end(DeviceTokenEnd::DeviceRemoved(error)),
        }
    }
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

impl<K: DeviceKey> Flow for DeviceTokenRefresher<K> {
    type Response = DeviceTokenAnswer;
    type Output = DeviceTokenEnd;
    type Progress = DeviceTokenProgress;

    fn poll(&mut self, now: SystemTime) -> Step<Self> {
        let now = self.clock.at(now);
        if let Stage::Finished(end) = &mut self.stage {
            return end.take().map_or(Step::Wait(Duration::MAX), |end| Step::Done(*end));
        }
        // Whether a registration was carried out that is lost, an exchange shows.
        if self.in_flight.is_lost(now.elapsed) && matches!(self.stage, Stage::Registering(_)) {
            self.stage = Stage::Refreshing;
        }
        if self.in_flight.is_active() {
            return Step::Wait(IDLE_WAIT);
        }
        let until_due = self.exchange.due_with(self.left(now)).saturating_sub(now.elapsed);
        let rest = self.rest(now).max(until_due);
        if !rest.is_zero() {
            return Step::Wait(rest.min(MAX_WAIT));
        }
        if let Stage::Registering(token) = &self.stage {
            let call = self.plex_tv.register_device_key(token, self.key.jwk());
            let call = call.map(|()| DeviceTokenAnswer(DeviceContent::Registered));
            return Step::Send(self.in_flight.start(now.elapsed), call);
        }
        match self.exchange.next_call(&self.plex_tv, &self.key, now) {
            Ok(call) => {
                let call = call.map(|answer| DeviceTokenAnswer(DeviceContent::Exchange(answer)));
                Step::Send(self.in_flight.start(now.elapsed), call)
            }
            Err(error) => {
                self.failed(error);
                Step::Wait(self.exchange.due().saturating_sub(now.elapsed).min(MAX_WAIT))
            }
        }
    }

    fn complete(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<DeviceTokenAnswer>, Error>,
    ) {
        let Some(arrival) = self.in_flight.finish(id) else { return };
        if let Ok(answer) = &answer {
            self.clock.learn(now, answer.headers());
        }
        let now = self.clock.at(now);
        if arrival.is_late {
            return;
        }
        match (answer.map(Response::into_body), &self.stage) {
            (_, Stage::Finished(_)) => {}
            (Ok(DeviceTokenAnswer(DeviceContent::Registered)), _) => {
                self.stage = Stage::Refreshing;
                self.last_error = None;
            }
            (Ok(DeviceTokenAnswer(DeviceContent::Exchange(answer))), _) => {
                self.exchange_completed(now, Ok(answer));
            }
            (Err(error), Stage::Registering(_)) => self.registration_failed(now, error),
            (Err(error), Stage::Refreshing) => self.exchange_completed(now, Err(error)),
        }
    }

    fn progress(&self, _: SystemTime) -> DeviceTokenProgress {
        let last_error = self.last_error.as_deref().cloned();
        match (&self.stage, &self.current) {
            (Stage::Finished(_), _) => DeviceTokenProgress::Finished,
            (Stage::Registering(_), _) => DeviceTokenProgress::Registering { last_error },
            (Stage::Refreshing, None) => DeviceTokenProgress::Requesting { last_error },
            (Stage::Refreshing, Some(CurrentToken { token, expires_at, .. })) => {
                let (token, expires_at, renewals) = (token.clone(), *expires_at, self.renewals);
                DeviceTokenProgress::Active { token, expires_at, renewals, last_error }
            }
        }
    }
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
