use std::fmt;
use std::time::{Duration, SystemTime};

use http::Response;

use crate::error::SendError;
use crate::flow::device_exchange::{Came, Exchange, Exchanged};
use crate::flow::pin_login::failure::Failure;
use crate::flow::pin_login::steps::{Next, Steps};
use crate::flow::pin_login::{LinkedPin, PinAnswer, PinProgress};
use crate::flow::{Conversation, RequestId, Step};
use crate::jwt::device_key::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::device_pin::DevicePin;

pub(crate) mod progress;
pub(crate) mod saved;
mod with_key;

use progress::{DeviceLoginError, DeviceLoginProgress};
use with_key::WithKey;

/// How often it is told at most that Plex does not take what the device signs: the user is waiting.
const PATIENCE: u8 = 1;

/// How long an exchange is tried that is to show whether the key is known.
const SETTLING: Duration = Duration::from_secs(2 * 60);

/// How long it waits where an answer is to come.
const STEADY: Duration = Duration::from_secs(1);

impl PlexTv {
    /// Signs a device in by its key, with a code of 4 characters that somebody types at `https://plex.tv/link`: a
    /// whole [login](DeviceLogin).
    pub fn short_device_login<K: DeviceKey>(&self, key: K) -> DeviceLogin<K> {
        DeviceLogin::of(Steps::new(self.clone(), WithKey { key, strong: false }))
    }

    /// Signs a device in by its key, on Plex's hosted page in a browser: a whole [login](DeviceLogin).
    pub fn strong_device_login<K: DeviceKey>(&self, key: K) -> DeviceLogin<K> {
        DeviceLogin::of(Steps::new(self.clone(), WithKey { key, strong: true }))
    }
}

/// A login by a PIN that brings the device's key to Plex along with it, from the making of the PIN to the first
/// token.
///
/// It goes as a [login without a key](crate::PinLogin) does. Each poll is signed anew, by Plex's clock as its answers
/// tell it. Where the answer with the token may have been lost, or Plex already knows the key, an exchange
/// gets the token: the key is never registered twice.
///
/// The key is the caller's, and to be kept before this starts. Hand the token to a
/// [keeper](PlexTv::device_token_keeper); the same `&key` or `Arc` of it serves both.
///
/// ```
/// use std::time::SystemTime;
/// use plex_auth_proto::{http, ClientIdentity, Conversation, PlexTv, Step};
///
/// # use plex_auth_proto::{DeviceKey, Jwk, SignError};
/// # struct Key(Jwk);
/// # impl DeviceKey for Key {
/// #     fn jwk(&self) -> &Jwk { &self.0 }
/// #     fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> { Ok([0; 64]) }
/// # }
/// # let key = Key(Jwk::new([7; 32], "den-2026")?);
/// # fn store(_: &str) {}
/// // The key is a `DeviceKey` that was kept a moment ago: an `Ed25519Key`, or one of your own.
/// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
/// let mut now = SystemTime::UNIX_EPOCH; // the caller's clock
/// let mut login = plex_tv.short_device_login(&key);
/// store(login.keep(now).expose());
///
/// let mut answers = [
///     r#"{"id":7,"code":"G7KX","expiresIn":900}"#,
///     r#"{"id":7,"authToken":null}"#,
///     r#"{"id":7,"authToken":"eyJh.eyJp.c2ln"}"#,
/// ].into_iter();
/// let linked = loop {
///     match login.next(now) {
///         Step::Send(id, call) => {
///             let answer = call.reply().read(http::Response::new(answers.next().ok_or("no more")?));
///             login.receive(now, id, answer.map_err(Into::into));
///         }
///         Step::Wait(time) => now += time,
///         Step::Done(outcome) => break outcome?,
///     }
/// };
/// let keeper = plex_tv.device_token_keeper(&key, linked.auth_token);
/// store(keeper.keep().expose());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a conversation does nothing until it is driven"]
pub struct DeviceLogin<K> {
    steps: Steps<WithKey<K>, DevicePin>,
    settling: Option<Settling>,
    /// What is not told yet.
    outcome: Option<Result<LinkedPin, DeviceLoginError>>,
}

/// An exchange that is to show whether the key is known.
struct Settling {
    exchange: Exchange,
    /// Until when that is tried, in elapsed time.
    until: Duration,
    /// Why the PIN brought no token, which stands where the key is not known.
    failure: DeviceLoginError,
}

/// What the answers of a [`DeviceLogin`] are read as.
#[derive(Debug)]
pub struct DeviceLoginAnswer(Heard);

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once and never kept")]
enum Heard {
    Pin(PinAnswer<DevicePin>),
    Exchanged(Exchanged),
}

impl<K: DeviceKey> DeviceLogin<K> {
    fn of(steps: Steps<WithKey<K>, DevicePin>) -> Self {
        Self { steps, settling: None, outcome: None }
    }

    /// Starts once more with a new PIN, where it is over and has said so. Does nothing where it is not.
    pub fn renew(&mut self) {
        if self.settling.is_none() && self.outcome.is_none() {
            self.steps.renew();
        }
    }

    /// The PIN brought no token. An exchange can have one all the same, where Plex has the key already.
    fn settle(&mut self, failure: Failure, now: SystemTime) {
        let is_taken = matches!(&failure, Failure::Sent(error)
            if error.status().is_some_and(|status| status.as_u16() == 422));
        let failure = failure.into();
        if !is_taken && !self.steps.may_be_linked {
            self.outcome = Some(Err(failure));
        } else {
            self.exchange(failure, now);
        }
    }

    /// Begins the exchange that is to show whether the key is known.
    fn exchange(&mut self, failure: DeviceLoginError, now: SystemTime) {
        let now = self.steps.clock.at(now).elapsed;
        let mut exchange = Exchange::new(PATIENCE);
        exchange.due = now.saturating_add(STEADY);
        let until = now.saturating_add(SETTLING);
        self.settling = Some(Settling { exchange, until, failure });
    }

    fn receive_of_pin(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<DeviceLoginAnswer>, SendError>,
    ) {
        let answer = match answer.map(Response::into_parts) {
            Ok((head, DeviceLoginAnswer(Heard::Pin(answer)))) => {
                Ok(Response::from_parts(head, answer))
            }
            // One that came too late, of an exchange that is over.
            Ok((_, DeviceLoginAnswer(Heard::Exchanged(_)))) => return,
            Err(error) => Err(error),
        };
        self.steps.receive(now, id, answer);
        // At once, so that it is kept that an exchange follows.
        if let Some(failure) = self.steps.take_failure() {
            self.settle(failure, now);
        }
    }

    fn end(&mut self, outcome: Result<LinkedPin, DeviceLoginError>) {
        self.steps.calls.forget();
        self.settling = None;
        self.outcome = Some(outcome);
    }
}

impl<K: DeviceKey> Conversation for DeviceLogin<K> {
    type Answer = DeviceLoginAnswer;
    type Outcome = Result<LinkedPin, DeviceLoginError>;
    type Progress = DeviceLoginProgress;

    fn next(&mut self, now: SystemTime) -> Step<Self> {
        if self.settling.is_none() && self.outcome.is_none() {
            match self.steps.next(now) {
                Next::Send(id, call) => {
                    return Step::Send(
                        id,
                        call.map(|answer| DeviceLoginAnswer(Heard::Pin(answer))),
                    );
                }
                Next::Wait(time) => return Step::Wait(time),
                Next::Over(Ok(linked)) => return Step::Done(Ok(linked)),
                Next::Over(Err(failure)) => self.settle(failure, now),
            }
        }
        if let Some(outcome) = self.outcome.take() {
            return Step::Done(outcome);
        }
        let Some(settling) = &mut self.settling else { return Step::Wait(STEADY) };
        let now = self.steps.clock.at(now);
        let calls = &mut self.steps.calls;
        if calls.is_lost(now.elapsed) && now.elapsed > settling.until {
            let failure = settling.failure.clone();
            self.settling = None;
            return Step::Done(Err(failure));
        }
        if calls.is_under_way() {
            return Step::Wait(STEADY);
        }
        let wait = settling.exchange.due.saturating_sub(now.elapsed);
        if !wait.is_zero() {
            return Step::Wait(wait);
        }
        match settling.exchange.call(&self.steps.plex_tv, &self.steps.way.key, now) {
            Ok(call) => {
                let call = call.map(|answer| DeviceLoginAnswer(Heard::Exchanged(answer)));
                Step::Send(calls.start(now.elapsed), call)
            }
            Err(error) if settling.exchange.due > settling.until => {
                self.settling = None;
                Step::Done(Err(error.into()))
            }
            Err(_) => Step::Wait(settling.exchange.due.saturating_sub(now.elapsed)),
        }
    }

    fn receive(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<DeviceLoginAnswer>, SendError>,
    ) {
        let Some(settling) = &mut self.settling else {
            return self.receive_of_pin(now, id, answer);
        };
        if let Ok(answer) = &answer {
            self.steps.clock.learn(now, answer.headers());
        }
        let now = self.steps.clock.at(now);
        let is_waited_for = self.steps.calls.finish(id);
        let answer = match answer.map(Response::into_body) {
            Ok(DeviceLoginAnswer(Heard::Pin(answer))) => {
                if let Some(linked) = self.steps.late_token(id, Ok(answer)) {
                    self.end(Ok(linked));
                }
                return;
            }
            Ok(DeviceLoginAnswer(Heard::Exchanged(answer))) => Ok(answer),
            Err(error) => Err(error),
        };
        // A token is as good where it comes late.
        if !is_waited_for && !matches!(answer, Ok(Exchanged::Token(_))) {
            return;
        }
        match settling.exchange.came(now, Duration::ZERO, answer) {
            Came::Token(auth_token) => {
                self.end(Ok(LinkedPin { auth_token, new_registration: None }));
            }
            Came::OnTheWay => {}
            Came::Trouble(_) if settling.exchange.due <= settling.until => {}
            Came::Trouble(_) | Came::Refused(_) => {
                let failure = settling.failure.clone();
                self.end(Err(failure));
            }
            Came::Removed(error) => self.end(Err(error.into())),
        }
    }

    fn progress(&self, now: SystemTime) -> DeviceLoginProgress {
        if self.settling.is_some() {
            return DeviceLoginProgress::Exchanging;
        }
        match self.steps.progress(now) {
            PinProgress::Creating => DeviceLoginProgress::Creating,
            PinProgress::Waiting { pin, left } => {
                DeviceLoginProgress::Waiting { pin, left, sign_error: self.steps.unsigned() }
            }
            PinProgress::Over => DeviceLoginProgress::Over,
        }
    }
}

impl<K: DeviceKey> fmt::Debug for DeviceLogin<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, settling, outcome: _ } = self;
        f.debug_struct("DeviceLogin")
            .field("plex_tv", &steps.plex_tv)
            .field("key_id", &steps.way.key.jwk().key_id())
            .field("state", steps)
            .field("exchanging", &settling.is_some())
            .finish()
    }
}
