use std::fmt;
use std::time::Duration;

use crate::flow::device_exchange::{Exchange, ExchangeOutcome, ExchangeResponse, Next};
use crate::flow::in_flight::InFlight;
use crate::flow::now::Now;
use crate::flow::pin_login::failure::Failure;
use crate::flow::pin_login::login_pin::LoginPin;
use crate::flow::pin_login::machine::PinMachine;
use crate::flow::pin_login::method::{PinKind, WithKey};
use crate::flow::pin_login::pin_login_methods;
use crate::flow::pin_login::polling::PollInterval;
use crate::flow::pin_login::progress::{LinkedPin, PinProgress};
use crate::flow::step::{Completion, Flow, RequestId, Step};
use crate::jwt::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::hosted_page::HostedPage;
use crate::plex_tv::pin::pin_url::PinUrl;

pub(crate) mod progress;
pub(crate) mod saved;

use progress::{DeviceLoginError, DeviceLoginProgress, LinkedDevice};

// The user is waiting, and a key that was refused once would be refused again.
const MAX_REFUSALS: u8 = 1;

// The user is waiting for the result, and there is no PIN left to link.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(2 * 60);

// The registration may still be in progress at Plex.
const EXCHANGE_DELAY: Duration = Duration::from_secs(1);

impl PlexTv {
    /// Creates a [login](DeviceLogin) that registers the device's key. The user enters a
    /// 4-character code at `https://plex.tv/link` on another device.
    pub fn device_link_code_login<K: DeviceKey>(&self, key: K) -> DeviceLogin<K> {
        DeviceLogin::of(PinMachine::new(self.clone(), WithKey::new(key, PinKind::Code)))
    }

    /// Creates a [login](DeviceLogin) that registers the device's key. It uses Plex's hosted page
    /// in the user's browser.
    pub fn device_hosted_page_login<K: DeviceKey>(&self, key: K) -> DeviceLogin<K> {
        DeviceLogin::of(PinMachine::new(self.clone(), WithKey::new(key, PinKind::Page)))
    }
}

/// A login that registers a device's key: it creates a PIN, polls it until the user has linked it,
/// and returns the device's first token.
///
/// It works like a [login without a key](crate::flow::PinLogin), but its polls are signed. Each
/// signature is used for up to three minutes. It contains the time, taken from Plex's responses or,
/// before the first response and after the computer has slept, from the system clock. If the
/// response with the token may have been lost, or Plex already knows the key, the flow gets the
/// token through an exchange, so that the key is never registered twice.
///
/// Save the key before starting the login. Pass the token to a
/// [refresher](PlexTv::device_token_refresher). The login and the refresher can share the key as
/// `&key` or in an `Arc`.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use std::time::Duration;
/// use plex_auth_proto::flow::{Completion, LinkedDevice, Now};
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
/// // The key is a `DeviceKey` that was just saved: an `Ed25519Key`, or one of your own.
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let mut now = Now::without_wall_clock(Duration::ZERO);
/// let mut login = plex_tv.device_link_code_login(&key);
/// store(login.save(now).expose());
///
/// let mut responses = [
///     r#"{"id":7,"code":"G7KX","expiresIn":900}"#,
///     r#"{"id":7,"authToken":null}"#,
///     r#"{"id":7,"authToken":"eyJh.eyJp.c2ln"}"#,
/// ].into_iter();
/// let linked = loop {
///     match login.poll(now) {
///         Step::Do(id, _send) => {
///             let response = http::Response::new(responses.next().ok_or("no more")?.into());
///             login.complete(now, id, Completion::Response(response));
///         }
///         Step::Wait(time) => now += time.ok_or("nothing to wait for")?,
///         Step::Done(outcome) => break outcome?,
///         Step::Finished => return Err("already finished".into()),
///     }
/// };
/// match linked {
///     LinkedDevice::Registered(linked) => {
///         let refresher = plex_tv.device_token_refresher(&key, linked.auth_token);
///         store(refresher.save().expose());
///     }
///     LinkedDevice::NotRegistered(linked) => println!("signed in, but without the key"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a flow does nothing until it is driven"]
pub struct DeviceLogin<K> {
    machine: PinMachine<WithKey<K>>,
    pending: Option<PendingExchange>,
    /// The outcome, until it is returned. Until then, a late token replaces a failure.
    outcome: Option<Result<LinkedDevice, DeviceLoginError>>,
}

/// An exchange that determines whether the key is registered.
struct PendingExchange {
    exchange: Exchange,
    in_flight: InFlight<ExchangeResponse>,
    /// The elapsed time at which to give up.
    until: Duration,
    /// The reason the PIN login ended without a token. It is reported if the exchange is refused or
    /// runs out of time.
    failure: DeviceLoginError,
}

impl<K: DeviceKey> DeviceLogin<K> {
    fn of(machine: PinMachine<WithKey<K>>) -> Self {
        Self { machine, pending: None, outcome: None }
    }

    pin_login_methods!(machine);

    /// Returns the progress.
    pub fn progress(&self, now: Now) -> DeviceLoginProgress {
        if self.is_exchanging() {
            return DeviceLoginProgress::Exchanging;
        }
        match self.machine.progress(now) {
            PinProgress::Creating { last_error, next_request } => {
                DeviceLoginProgress::Creating { last_error, next_request }
            }
            PinProgress::Waiting { pin, left, last_error, next_request } => {
                let sign_error = self.machine.sign_error();
                DeviceLoginProgress::Waiting { pin, left, sign_error, last_error, next_request }
            }
            PinProgress::Finished => DeviceLoginProgress::Finished,
        }
    }

    /// Starts again with a new PIN after the login has finished. Does nothing if the login has not
    /// returned its outcome yet. If Plex asked the client to wait, the login waits first.
    /// [Save](Self::save) the new PIN in place of the old one.
    pub fn renew(&mut self) {
        if self.pending.is_none() && self.outcome.is_none() {
            self.machine.renew();
        }
    }

    /// Handles a PIN login that ended without a token. If Plex may already know the key, an
    /// exchange can still get a token.
    fn pin_failed(&mut self, failure: Failure, now: Now) {
        let is_taken = matches!(&failure, Failure::Request(error)
            if error.status().is_some_and(|status| status.as_u16() == 422));
        let failure = failure.into();
        if !is_taken && !self.machine.may_be_linked() {
            self.end(Err(failure));
        } else {
            self.start_exchange(failure, now);
        }
    }

    /// Starts the exchange that determines whether the key is registered.
    fn start_exchange(&mut self, failure: DeviceLoginError, now: Now) {
        let now = self.machine.clock().at(now).elapsed;
        let exchange = Exchange::new(MAX_REFUSALS).not_before(now.saturating_add(EXCHANGE_DELAY));
        let until = now.saturating_add(EXCHANGE_TIMEOUT);
        self.pending =
            Some(PendingExchange { exchange, in_flight: InFlight::new(), until, failure });
    }

    /// Returns whether the login is checking whether the key is registered.
    fn is_exchanging(&self) -> bool {
        self.pending.is_some() && self.outcome.is_none()
    }

    fn linked(&mut self, linked: LinkedPin) {
        self.end(Ok(LinkedDevice::of(linked)));
    }

    fn end(&mut self, outcome: Result<LinkedDevice, DeviceLoginError>) {
        self.outcome = Some(outcome);
    }

    /// Returns the outcome, or [`Step::Finished`] if it has already been returned. From then on,
    /// late responses are ignored.
    fn take_outcome(&mut self) -> Step<<Self as Flow>::Output> {
        let Some(outcome) = self.outcome.take() else { return Step::Finished };
        self.machine.close();
        self.pending = None;
        Step::Done(outcome)
    }

    /// Returns the next step of the exchange, or `None` if the login has ended.
    fn poll_exchange(&mut self, now: Now) -> Option<Step<<Self as Flow>::Output>> {
        let now = self.machine.clock().at(now);
        let pending = self.pending.as_mut()?;
        let _ = pending.in_flight.lost(now.elapsed);
        let due = pending.exchange.due().saturating_sub(now.elapsed);
        let wait = pending.in_flight.left(now.elapsed).unwrap_or(due);
        if !wait.is_zero() {
            return Some(Step::Wait(Some(wait)));
        }
        if now.elapsed > pending.until && pending.exchange.starts_over(now) {
            let failure = pending.failure.clone();
            self.end(Err(failure));
            return None;
        }
        let (plex_tv, key) = (self.machine.plex_tv(), &self.machine.method().key);
        match pending.exchange.next(plex_tv, key, now) {
            Ok(Next::Call(call)) => {
                let (id, action) = pending.in_flight.start(now.elapsed, call);
                Some(Step::Do(id, action))
            }
            Ok(Next::Sign(id, action)) => Some(Step::Do(id, action)),
            Ok(Next::Wait(until)) => {
                let until =
                    until.min(pending.until.max(now.elapsed.saturating_add(EXCHANGE_DELAY)));
                Some(Step::Wait(Some(until.saturating_sub(now.elapsed))))
            }
            Err(error) if pending.exchange.due() > pending.until => {
                self.end(Err(error.into()));
                None
            }
            Err(_) => Some(Step::Wait(Some(pending.exchange.due().saturating_sub(now.elapsed)))),
        }
    }

    fn complete_exchange(&mut self, now: Now, id: RequestId, completion: Completion) {
        let Some(pending) = &mut self.pending else { return };
        let clock = self.machine.clock();
        let is_over = self.outcome.is_some();
        if pending.exchange.awaits(id) {
            if is_over {
                return;
            }
            let now = clock.at(now);
            if let Err(error) = pending.exchange.signed(now, completion) {
                if pending.exchange.due() > pending.until {
                    self.end(Err(error.into()));
                }
            }
            return;
        }
        let Some(arrival) = pending.in_flight.finish(clock, now, id, completion) else { return };
        let now = clock.at(now);
        let is_late = arrival.is_late || is_over;
        let Some(result) = arrival.result else {
            if !is_late {
                pending.exchange.cancelled(now);
                if pending.exchange.due() > pending.until {
                    let failure = pending.failure.clone();
                    self.end(Err(failure));
                }
            }
            return;
        };
        // A late token is still valid.
        if is_late && !matches!(result, Ok(ExchangeResponse::Token(_))) {
            return;
        }
        match pending.exchange.complete(now, Duration::ZERO, true, result) {
            ExchangeOutcome::Token(auth_token) => {
                self.linked(LinkedPin { auth_token, new_registration: None });
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
}

impl<K: DeviceKey> Flow for DeviceLogin<K> {
    type Output = Result<LinkedDevice, DeviceLoginError>;

    fn poll(&mut self, now: Now) -> Step<Self::Output> {
        if self.pending.is_none() && self.outcome.is_none() {
            match self.machine.poll(now) {
                Step::Do(id, action) => return Step::Do(id, action),
                Step::Wait(time) => return Step::Wait(time),
                Step::Finished => return Step::Finished,
                Step::Done(Ok(linked)) => self.linked(linked),
                Step::Done(Err(failure)) => self.pin_failed(failure, now),
            }
        }
        if self.outcome.is_none() {
            if let Some(step) = self.poll_exchange(now) {
                return step;
            }
        }
        self.take_outcome()
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        if matches!(self.outcome, Some(Ok(_))) {
            return;
        }
        if self.pending.as_ref().is_some_and(|pending| pending.knows(id)) {
            return self.complete_exchange(now, id, completion);
        }
        self.machine.complete(now, id, completion);
        // This is done at once, so that `save` records that an exchange follows.
        if let Some(failure) = self.machine.take_failure() {
            self.pin_failed(failure, now);
        } else if let Some(linked) = self.machine.take_linked() {
            self.linked(linked);
        }
    }
}

impl PendingExchange {
    /// Returns whether this is the ID of one of the exchange's actions.
    fn knows(&self, id: RequestId) -> bool {
        self.exchange.awaits(id) || self.in_flight.knows(id)
    }
}

impl<K: DeviceKey> fmt::Debug for DeviceLogin<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, pending: _, outcome: _ } = self;
        f.debug_struct("DeviceLogin")
            .field("plex_tv", machine.plex_tv())
            .field("key_id", &machine.method().key.jwk().key_id())
            .field("state", machine)
            .field("exchanging", &self.is_exchanging())
            .finish()
    }
}
