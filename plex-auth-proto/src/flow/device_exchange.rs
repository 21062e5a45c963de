//! Exchanging a device's signature for a token, with retries: requesting a nonce, signing it and
//! sending the signature.

use std::time::{Duration, SystemTime};

use crate::call::Call;
use crate::error::Error;
use crate::flow::backoff::{Backoff, MAX_RETRY_AFTER};
use crate::flow::clock::Moment;
use crate::flow::signing::{self, Signature, Signing, TOO_LATE};
use crate::flow::step::{Action, Completion, RequestId};
use crate::jwt::{DeviceClaims, DeviceJwt, DeviceKey, Nonce, SignError};
use crate::plex_tv::PlexTv;
use crate::plex_tv::device_key::exchange_device_jwt;
use crate::values::token::Token;

const OUTAGE_BACKOFF: Backoff = Backoff::new(15, 5 * 60);

// Refused requests count against the rate limit, and a key that is not registered is unlikely to be
// registered within minutes.
const REFUSAL_BACKOFF: Backoff = Backoff::new(30, 20 * 60);

// The longest wait after a 429 without `Retry-After`, before jitter, which can double it. A device
// without a valid token then sends about thirty requests an hour or more, and almost always gets a
// token within that hour even if half of them are refused. Such refusals can last for hours after
// an outage that affected a whole fleet.
const MAX_RATE_LIMIT_WAIT: Duration = Duration::from_secs(60);

// After the second error in a row, a device waits for at least an eighth of its token's remaining
// life, so that its requests are hours apart at first and closer together toward expiry. A quarter
// would halve the peak of requests right after a day-long outage, but the renewals six days later
// would then peak at more than three times the mean.
const SPREAD_DIVISOR: u32 = 8;

// Plex's nonces expire after five minutes. The margin allows for the time that a request takes.
const NONCE_LIFE: Duration = Duration::from_secs(4 * 60);

// A program that repeatedly drops its driver must not send requests without a pause.
const CANCELLED_WAIT: Duration = Duration::from_secs(1);

/// A response to one of the exchange's two requests.
#[derive(Debug)]
pub(crate) enum ExchangeResponse {
    Nonce(Nonce),
    Token(Token),
}

/// An exchange that gets a new token.
#[derive(Debug)]
pub(crate) struct Exchange {
    proof: Option<Box<Proof>>,
    /// The elapsed time at which the next request is due.
    due: Duration,
    /// The earliest time at which a device with a valid token sends a request, in elapsed time.
    not_urgent_before: Duration,
    outage_backoff: Backoff,
    refusal_backoff: Backoff,
    /// The number of further refusals after which the key counts as refused.
    refusals_left: u8,
    /// Whether a retry has already been scheduled. The first retry follows soon, because most
    /// errors are short-lived.
    has_retried: bool,
    /// The jitter that extends the wait after an error, so that devices do not all send requests at
    /// the same time.
    jitter: Duration,
}

/// The progress toward proving that the device has the key. Times are in elapsed time.
#[derive(Debug)]
enum Proof {
    /// An unused nonce, and when it expires.
    Nonce(Nonce, Duration),
    /// The driver has been asked to sign the nonce.
    Signing {
        signing: Signing,
        nonce: Nonce,
    },
    Signed(DeviceJwt),
}

/// The next step of an exchange.
pub(crate) enum Next {
    Call(Call<ExchangeResponse>),
    Sign(RequestId, Action),
    /// Wait for the signature until this elapsed time.
    Wait(Duration),
}

/// The result of a request.
#[derive(Debug)]
pub(crate) enum ExchangeOutcome {
    NonceReceived,
    Token(Token),
    /// The request failed and will be retried.
    Retry(Error),
    /// Plex does not accept this device's signatures.
    Refused(Error),
    /// Plex no longer knows the device.
    Removed(Error),
}

/// Returns whether Plex refused the device's signature.
pub(crate) fn is_signature_refused(error: &Error) -> bool {
    let is_exchange = error.operation() == exchange_device_jwt::OPERATION.name;
    is_exchange && error.status().is_some_and(|status| matches!(status.as_u16(), 400 | 422))
}

impl Exchange {
    pub(crate) fn new(refusals_left: u8) -> Self {
        Self {
            proof: None,
            due: Duration::ZERO,
            not_urgent_before: Duration::ZERO,
            outage_backoff: OUTAGE_BACKOFF,
            refusal_backoff: REFUSAL_BACKOFF,
            refusals_left,
            has_retried: false,
            jitter: Duration::ZERO,
        }
    }

    /// Sets the earliest time at which the next request may be sent, in elapsed time.
    pub(crate) fn not_before(mut self, due: Duration) -> Self {
        self.due = due;
        self
    }

    /// Starts over to get the next token. Sends nothing before `due`, in elapsed time. Keeps the
    /// jitter.
    pub(crate) fn restart(&mut self, refusals_left: u8, due: Duration) {
        *self = Self { jitter: self.jitter, ..Self::new(refusals_left).not_before(due) };
    }

    pub(crate) fn set_jitter(&mut self, jitter: Duration) {
        self.jitter = jitter;
    }

    pub(crate) fn jitter(&self) -> Duration {
        self.jitter
    }

    /// Returns when the next request is due, in elapsed time.
    pub(crate) fn due(&self) -> Duration {
        self.due
    }

    /// Returns when the next request is due, in elapsed time, for a device whose token remains
    /// valid for `left`.
    pub(crate) fn due_with(&self, left: Duration) -> Duration {
        if left.is_zero() { self.due } else { self.due.max(self.not_urgent_before) }
    }

    /// Returns whether the next step is a request for a new nonce.
    pub(crate) fn starts_over(&self, now: Moment) -> bool {
        match self.proof.as_deref() {
            Some(Proof::Signed(_)) => false,
            Some(Proof::Signing { signing, .. }) => now.elapsed >= signing.lost_at(),
            Some(Proof::Nonce(_, until)) => now.elapsed >= *until,
            None => true,
        }
    }

    /// Returns the next step: to request a nonce, have it signed, exchange the signature for a
    /// token, or wait for the signature.
    pub(crate) fn next(
        &mut self,
        plex_tv: &PlexTv,
        key: &(impl DeviceKey + ?Sized),
        now: Moment,
    ) -> Result<Next, SignError> {
        let (nonce, until) = match self.proof.take().map(|proof| *proof) {
            Some(Proof::Signed(jwt)) => {
                let call = plex_tv.exchange_device_jwt(&jwt).map(ExchangeResponse::Token);
                return Ok(Next::Call(call));
            }
            Some(Proof::Signing { signing, nonce }) if now.elapsed < signing.lost_at() => {
                let until = signing.lost_at();
                self.proof = Some(Box::new(Proof::Signing { signing, nonce }));
                return Ok(Next::Wait(until));
            }
            Some(Proof::Nonce(nonce, until)) if now.elapsed < until => (nonce, until),
            _ => return Ok(Next::Call(plex_tv.nonce().map(ExchangeResponse::Nonce))),
        };
        let time = now.server.unwrap_or(SystemTime::UNIX_EPOCH);
        let claims = DeviceClaims::for_exchange(plex_tv.identity(), nonce.clone(), time);
        match signing::sign(&claims, key, until) {
            Ok(Signature::Signed(jwt)) => {
                let call = plex_tv.exchange_device_jwt(&jwt).map(ExchangeResponse::Token);
                Ok(Next::Call(call))
            }
            Ok(Signature::Pending(signing, action)) => {
                let id = signing.id();
                self.proof = Some(Box::new(Proof::Signing { signing, nonce }));
                Ok(Next::Sign(id, action))
            }
            Err(error) => {
                // The nonce was not used and can be signed later.
                self.proof = Some(Box::new(Proof::Nonce(nonce, until)));
                self.sign_failed(now);
                Err(error)
            }
        }
    }

    fn sign_failed(&mut self, now: Moment) {
        let wait = self.outage_backoff.failed(None);
        self.due = self.after(now, wait);
    }

    /// Returns whether this is the ID of the signature request in flight.
    pub(crate) fn awaits(&self, id: RequestId) -> bool {
        matches!(self.proof.as_deref(), Some(Proof::Signing { signing, .. }) if signing.id() == id)
    }

    /// Handles the completion of the signature request in flight.
    pub(crate) fn signed(&mut self, now: Moment, completion: Completion) -> Result<(), SignError> {
        if !completion.fits_signature() {
            return Ok(());
        }
        match self.proof.take().map(|proof| *proof) {
            Some(Proof::Signing { signing, nonce }) => {
                let until = signing.lost_at();
                let nonce = Proof::Nonce(nonce, until);
                let (proof, result) = match signing.finish(completion) {
                    // The nonce has expired, so another one is requested.
                    Some(Ok(_)) if now.elapsed >= until => {
                        self.sign_failed(now);
                        return Err(SignError::new(TOO_LATE));
                    }
                    Some(Ok(jwt)) => (Proof::Signed(jwt), Ok(())),
                    Some(Err(error)) => {
                        self.sign_failed(now);
                        (nonce, Err(error))
                    }
                    None => {
                        self.cancelled(now);
                        (nonce, Ok(()))
                    }
                };
                self.proof = Some(Box::new(proof));
                result
            }
            other => {
                self.proof = other.map(Box::new);
                Ok(())
            }
        }
    }

    /// Handles the result of a request. After an error that may be temporary, schedules the next
    /// request. `left` is how long the current token remains valid; zero if there is no valid
    /// token.
    pub(crate) fn complete(
        &mut self,
        now: Moment,
        left: Duration,
        is_clock_confirmed: bool,
        result: Result<ExchangeResponse, Error>,
    ) -> ExchangeOutcome {
        let error = match result {
            Ok(ExchangeResponse::Nonce(nonce)) => {
                let until = now.elapsed.saturating_add(NONCE_LIFE);
                self.proof = Some(Box::new(Proof::Nonce(nonce, until)));
                return ExchangeOutcome::NonceReceived;
            }
            Ok(ExchangeResponse::Token(token)) => {
                self.outage_backoff.succeeded();
                self.refusal_backoff.succeeded();
                return ExchangeOutcome::Token(token);
            }
            Err(error) if error.needs_new_device_key() => return ExchangeOutcome::Removed(error),
            Err(error) => error,
        };
        let status = error.status().map_or(0, |status| status.as_u16());
        let is_refused = is_signature_refused(&error);
        // Unless Plex's time is known, a wrong device clock may be the cause, so the refusal does
        // not count.
        if is_refused && is_clock_confirmed {
            self.refusals_left = self.refusals_left.saturating_sub(1);
        }
        let retry_after = now.retry_after(&error).map(|wait| wait.min(MAX_RETRY_AFTER));
        let backoff = if is_refused || status == 429 {
            &mut self.refusal_backoff
        } else {
            &mut self.outage_backoff
        };
        let mut wait = backoff.failed(None);
        if status == 429 {
            wait = wait.min(MAX_RATE_LIMIT_WAIT);
        }
        self.due = self.after(now, wait.max(retry_after.unwrap_or_default()));
        // The user should learn of a refused key while there is still a valid token, so retries
        // after a refusal are not spread out.
        if std::mem::replace(&mut self.has_retried, true) && !is_refused {
            self.not_urgent_before = self.after(now, left / SPREAD_DIVISOR);
        }
        if is_refused && self.refusals_left == 0 {
            ExchangeOutcome::Refused(error)
        } else {
            ExchangeOutcome::Retry(error)
        }
    }

    /// Handles a request or a signature that the driver stopped waiting for: the exchange continues
    /// after one second.
    pub(crate) fn cancelled(&mut self, now: Moment) {
        self.due = now.elapsed.saturating_add(CANCELLED_WAIT);
    }

    /// Returns when this wait ends. Jitter extends the wait to at most twice its length, so that
    /// devices do not all send requests at the same time.
    fn after(&self, now: Moment, wait: Duration) -> Duration {
        let spread = self.jitter.as_nanos().checked_rem(wait.as_nanos()).unwrap_or_default();
        let spread = Duration::from_nanos(u64::try_from(spread).unwrap_or(u64::MAX));
        now.elapsed.saturating_add(wait).saturating_add(spread)
    }
}
