use std::fmt;
use std::time::{Duration, SystemTime};

use http::Response;

use crate::error::Error;
use crate::flow::device_exchange::{Exchange, ExchangeOutcome, ExchangeResponse};
use crate::flow::pin_login::failure::Failure;
use crate::flow::pin_login::machine::{Next, PinMachine};
use crate::flow::pin_login::progress::{LinkedPin, PinAnswer, PinProgress};
use crate::flow::step::{Flow, RequestId, Step};
use crate::jwt::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::device_pin::DevicePin;

pub(crate) mod progress;
pub(crate) mod saved;
mod with_key;

use progress::{DeviceLoginError, DeviceLoginProgress};
use with_key::WithKey;

/// How often it is told at most that Plex does not take what the device signs: the user is waiting.
const MAX_REFUSALS: u8 = 1;

/// How long an exchange is tried that is to show whether the key is known.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(2 * 60);

/// How long it waits where an answer is to come.
const IDLE_WAIT: Duration = Duration::from_secs(1);

impl PlexTv {
    /// Signs a device in by its key, with a code of 4 characters that somebody types at `https://plex.tv/link`: a
    /// whole [login](DeviceLogin).
    pub fn short_device_login<K: DeviceKey>(&self, key: K) -> DeviceLogin<K> {
        DeviceLogin::of(PinMachine::new(self.clone(), WithKey { key, strong: false }))
    }

    /// Signs a device in by its key, on Plex's hosted page in a browser: a whole [login](DeviceLogin).
    pub fn strong_device_login<K: DeviceKey>(&self, key: K) -> DeviceLogin<K> {
        DeviceLogin::of(PinMachine::new(self.clone(), WithKey { key, strong: true }))
    }
}

/// A login by a PIN that brings the device's key to Plex along with it, from the making of the PIN to the first
/// token.
///
/// It goes as a [login without a key](crate::flow::PinLogin) does. Each poll is signed anew, by Plex's clock as its answers
/// tell it. Where the answer with the token may have been lost, or Plex already knows the key, an exchange
/// gets the token: the key is never registered twice.
///
/// The key is the caller's, and to be saved before this starts. Hand the token to a
/// [refresher](PlexTv::device_token_refresher); the same `&key` or `Arc` of it serves both.
///
/// ```
/// use std::time::SystemTime;
/// use plex_auth_proto::{http, ClientIdentity, Flow, PlexTv, Step};
///
/// # use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
/// # struct Key(Jwk);
/// # impl DeviceKey for Key {
/// #     fn jwk(&self) -> &Jwk { &self.0 }
/// #     fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> { Ok([0; 64]) }
/// # }
/// # let key = Key(Jwk::new([7; 32], "den-2026")?);
/// # fn store(_: &str) {}
/// // The key is a `DeviceKey` that was saved a moment ago: an `Ed25519Key`, or one of your own.
/// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
/// let mut now = SystemTime::UNIX_EPOCH; // the caller's clock
/// let mut login = plex_tv.short_device_login(&key);
/// store(login.save(now).expose());
///
/// let mut answers = [
///     r#"{"id":7,"code":"G7KX","expiresIn":900}"#,
///     r#"{"id":7,"authToken":null}"#,
///     r#"{"id":7,"authToken":"eyJh.eyJp.c2ln"}"#,
/// ].into_iter();
/// let linked = loop {
///     match login.poll(now) {
///         Step::Send(id, call) => {
///             let answer = call.reply().read(http::Response::new(answers.next().ok_or("no more")?));
///             login.complete(now, id, answer.map_err(Into::into));
///         }
///         Step::Wait(time) => now += time,
///         Step::Done(outcome) => break outcome?,
///     }
/// };
/// let refresher = plex_tv.device_token_refresher(&key, linked.auth_token);
/// store(refresher.save().expose());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a flow does nothing until it is driven"]
pub struct DeviceLogin<K> {
    machine: PinMachine<WithKey<K>, DevicePin>,
    pending: Option<PendingExchange>,
    /// What is not told yet.
    outcome: Option<Result<LinkedPin, DeviceLoginError>>,
}

/// An exchange that is to show whether the key is known.
struct PendingExchange {
    exchange: Exchange,
    /// Until when that is tried, in elapsed time.
    until: Duration,
    /// Why the PIN brought no token, which stands where the key is not known.
    failure: DeviceLoginError,
}

/// What the answers of a [`DeviceLogin`] are read as.
#[derive(Debug)]
pub struct DeviceLoginAnswer(DeviceContent);

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once and never saved")]
enum DeviceContent {
    Pin(PinAnswer<DevicePin>),
    Exchange(ExchangeResponse),
}

impl<K: DeviceKey> DeviceLogin<K> {
    fn of(machine: PinMachine<WithKey<K>, DevicePin>) -> Self {
        Self { machine, pending: None, outcome: None }
    }

    /// Starts once more with a new PIN, where it is over and has said so. Does nothing where it is not.
    pub fn renew(&mut self) {
        if self.pending.is_none() && self.outcome.is_none() {
            self.machine.renew();
        }
    }

    /// The PIN brought no token. An exchange can have one all the same, where Plex has the key already.
    fn pin_failed(&mut self, failure: Failure, now: SystemTime) {
        let is_taken = matches!(&failure, Failure::Request(error)
            if error.status().is_some_and(|status| status.as_u16() == 422));
        let failure = failure.into();
        if !is_taken && !self.machine.may_be_linked() {
            self.outcome = Some(Err(failure));
        } else {
            self.start_exchange(failure, now);
        }
    }

    /// Begins the exchange that is to show whether the key is known.
    fn start_exchange(&mut self, failure: DeviceLoginError, now: SystemTime) {
        let now = self.machine.clock().at(now).elapsed;
        let due = now.saturating_add(IDLE_WAIT);
        let exchange = Exchange::new(MAX_REFUSALS).not_before(due);
        let until = now.saturating_add(EXCHANGE_TIMEOUT);
        self.pending = Some(PendingExchange { exchange, until, failure });
    }

    fn complete_pin_request(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<DeviceLoginAnswer>, Error>,
    ) {
        let answer = match answer.map(Response::into_parts) {
            Ok((head, DeviceLoginAnswer(DeviceContent::Pin(answer)))) => {
                Ok(Response::from_parts(head, answer))
            }
            // One that came too late, of an exchange that is over.
            Ok((_, DeviceLoginAnswer(DeviceContent::Exchange(_)))) => return,
            Err(error) => Err(error),
        };
        self.machine.complete(now, id, answer);
        // At once, so that `save` records that an exchange follows.
        if let Some(failure) = self.machine.take_failure() {
            self.pin_failed(failure, now);
        }
    }

    fn end(&mut self, outcome: Result<LinkedPin, DeviceLoginError>) {
        self.machine.requests().lose();
        self.pending = None;
        self.outcome = Some(outcome);
    }
}

impl<K: DeviceKey> Flow for DeviceLogin<K> {
    type Response = DeviceLoginAnswer;
    type Output = Result<LinkedPin, DeviceLoginError>;
    type Progress = DeviceLoginProgress;

    fn poll(&mut self, now: SystemTime) -> Step<Self> {
        if self.pending.is_none() && self.outcome.is_none() {
            match self.machine.poll(now) {
                Next::Send(id, call) => {
                    return Step::Send(
                        id,
                        call.map(|answer| DeviceLoginAnswer(DeviceContent::Pin(answer))),
                    );
                }
                Next::Wait(time) => return Step::Wait(time),
                Next::Done(Ok(linked)) => return Step::Done(Ok(linked)),
                Next::Done(Err(failure)) => self.pin_failed(failure, now),
            }
        }
        if let Some(outcome) = self.outcome.take() {
            return Step::Done(outcome);
        }
        let Some(pending) = &mut self.pending else { return Step::Wait(IDLE_WAIT) };
        let now = self.machine.clock().at(now);
        let requests = self.machine.requests();
        if requests.is_lost(now.elapsed) && now.elapsed > pending.until {
            let failure = pending.failure.clone();
            self.pending = None;
            return Step::Done(Err(failure));
        }
        if requests.is_active() {
            return Step::Wait(IDLE_WAIT);
        }
        let wait = pending.exchange.due().saturating_sub(now.elapsed);
        if !wait.is_zero() {
            return Step::Wait(wait);
        }
        let key = &self.machine.method().key;
        match pending.exchange.next_call(self.machine.plex_tv(), key, now) {
            Ok(call) => {
                let call = call.map(|answer| DeviceLoginAnswer(DeviceContent::Exchange(answer)));
                Step::Send(self.machine.requests().start(now.elapsed), call)
            }
            Err(error) if pending.exchange.due() > pending.until => {
                self.pending = None;
                Step::Done(Err(error.into()))
            }
            Err(_) => Step::Wait(pending.exchange.due().saturating_sub(now.elapsed)),
        }
    }

    fn complete(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<DeviceLoginAnswer>, Error>,
    ) {
        let Some(pending) = &mut self.pending else {
            return self.complete_pin_request(now, id, answer);
        };
        let Some(arrival) = self.machine.requests().finish(id) else { return };
        if let Ok(answer) = &answer {
            self.machine.clock().learn(now, answer.headers());
        }
        let now = self.machine.clock().at(now);
        let answer = match answer.map(Response::into_body) {
            Ok(DeviceLoginAnswer(DeviceContent::Pin(answer))) => {
                if let Some(linked) = answer.into_linked() {
                    self.end(Ok(linked));
                }
                return;
            }
            Ok(DeviceLoginAnswer(DeviceContent::Exchange(answer))) => Ok(answer),
            Err(error) => Err(error),
        };
        // A token is as good where it comes late.
        if arrival.is_late && !matches!(answer, Ok(ExchangeResponse::Token(_))) {
            return;
        }
        match pending.exchange.complete(now, Duration::ZERO, answer) {
            ExchangeOutcome::Token(auth_token) => {
                self.end(Ok(LinkedPin { auth_token, new_registration: None }));
            }
            ExchangeOutcome::NonceReceived => {}
            ExchangeOutcome::Retry(_) if pending.exchange.due() <= pending.until => {}
            ExchangeOutcome::Retry(_) | ExchangeOutcome::Refused(_) => {
                let failure = pending.failure.clone();
                self.end(Err(failure));
            }
            ExchangeOutcome::Removed(error) => self.end(Err(error.into())),
        }
    }

    fn progress(&self, now: SystemTime) -> DeviceLoginProgress {
        if self.pending.is_some() {
            return DeviceLoginProgress::Exchanging;
        }
        match self.machine.progress(now) {
            PinProgress::Creating => DeviceLoginProgress::Creating,
            PinProgress::Waiting { pin, left } => {
                DeviceLoginProgress::Waiting { pin, left, sign_error: self.machine.sign_error() }
            }
            PinProgress::Finished => DeviceLoginProgress::Finished,
        }
    }
}

impl<K: DeviceKey> fmt::Debug for DeviceLogin<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, pending, outcome: _ } = self;
        f.debug_struct("DeviceLogin")
            .field("plex_tv", machine.plex_tv())
            .field("key_id", &machine.method().key.jwk().key_id())
            .field("state", machine)
            .field("exchanging", &pending.is_some())
            .finish()
    }
}
