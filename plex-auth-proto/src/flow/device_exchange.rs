//! How a device gets a token by its key: a nonce, a signature, an exchange, and what becomes of each.

use std::time::Duration;

use crate::call::Call;
use crate::error::Error;
use crate::flow::backoff::{Backoff, MAX_RETRY_AFTER};
use crate::flow::server_clock::Times;
use crate::jwt::{DeviceClaims, DeviceKey, Nonce, SignError};
use crate::plex_tv::PlexTv;
use crate::values::token::Token;

/// The pace of tries through an outage.
const OUTAGE_BACKOFF: Backoff = Backoff::new(15, 5 * 60);

/// The pace of tries that Plex has refused, be it for their number or for what they say.
const REFUSAL_BACKOFF: Backoff = Backoff::new(30, 20 * 60);

/// The longest wait after a 429 that does not say how long to wait. A device without a good token then comes to one
/// within the hour also where most tries are refused, as for hours after a day's outage of a whole fleet: it makes
/// thirty at least. Those with one are in no hurry.
const MAX_RATE_LIMIT_WAIT: Duration = Duration::from_secs(60);

/// Which part of the time that a good token has left is waited for at least between two tries: the tries of a whole
/// fleet then lie hours apart, and still come closer together towards its end. Of a quarter in its place half as many come
/// after a day's outage, but so many of them close together that their renewals six days later exceed three times the
/// mean.
const SPREAD_DIVISOR: u32 = 8;

/// For how long a nonce is taken for good: Plex's five minutes, less some for the way there and back.
const NONCE_LIFE: Duration = Duration::from_secs(4 * 60);

/// What the two calls are read as.
#[derive(Debug)]
pub(crate) enum ExchangeResponse {
    Nonce(Nonce),
    Token(Token),
}

/// The getting of one token.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// One that nobody has used, and until when it is taken for good.
    nonce: Option<Box<(Nonce, Duration)>>,
    /// When the next call is due, in elapsed time.
    due: Duration,
    /// Until when a device that still has a good token lets others go first, in elapsed time.
    not_urgent_before: Duration,
    outage_backoff: Backoff,
    refusal_backoff: Backoff,
    /// How many more refusals of what the device has signed are borne.
    refusals_left: u8,
    /// Whether the first try again has been made, which comes soon: most trouble is over in a moment.
    has_retried: bool,
    /// How much a wait is made longer by, so that not all devices come at once.
    jitter: Duration,
}

/// What has come of a call.
#[derive(Debug)]
pub(crate) enum ExchangeOutcome {
    /// A nonce: go on.
    NonceReceived,
    Token(Token),
    /// Nothing; it is tried again.
    Retry(Error),
    /// Plex does not take what this device signs, however often it is sent.
    Refused(Error),
    /// Plex does not know the device any more.
    Removed(Error),
}

impl Exchange {
    pub(crate) const fn new(refusals_left: u8) -> Self {
        Self {
            nonce: None,
            due: Duration::ZERO,
            not_urgent_before: Duration::ZERO,
            outage_backoff: OUTAGE_BACKOFF,
            refusal_backoff: REFUSAL_BACKOFF,
            refusals_left,
            has_retried: false,
            jitter: Duration::ZERO,
        }
    }

    /// Sends nothing before this time, in elapsed time.
    pub(crate) fn not_before(mut self, due: Duration) -> Self {
        self.due = due;
        self
    }

    /// Starts over for the next token and sends nothing before this time, in elapsed time. The jitter stays.
    pub(crate) fn restart(&mut self, refusals_left: u8, due: Duration) {
        *self = Self { jitter: self.jitter, ..Self::new(refusals_left).not_before(due) };
    }

    pub(crate) fn set_jitter(&mut self, jitter: Duration) {
        self.jitter = jitter;
    }

    pub(crate) fn jitter(&self) -> Duration {
        self.jitter
    }

    /// When the next call is due, in elapsed time.
    pub(crate) fn due(&self) -> Duration {
        self.due
    }

    /// When the next call is due of a device that has a good token for so long, in elapsed time.
    pub(crate) fn due_with(&self, left: Duration) -> Duration {
        if left.is_zero() { self.due } else { self.due.max(self.not_urgent_before) }
    }

    /// The call that is due now: a nonce, or what it is for.
    pub(crate) fn next_call(
        &mut self,
        plex_tv: &PlexTv,
        key: &impl DeviceKey,
        now: Times,
    ) -> Result<Call<ExchangeResponse>, SignError> {
        let Some(nonce) = self.nonce.take().filter(|nonce| now.elapsed < nonce.1) else {
            return Ok(plex_tv.nonce().map(ExchangeResponse::Nonce));
        };
        let claims = DeviceClaims::for_exchange(plex_tv.identity(), nonce.0.clone(), now.plex);
        match claims.sign(key) {
            Ok(jwt) => Ok(plex_tv.exchange_device_jwt(&jwt).map(ExchangeResponse::Token)),
            Err(error) => {
                // It went nowhere, and can be signed later.
                self.nonce = Some(nonce);
                let wait = self.outage_backoff.failed(None);
                self.due = self.after(now, wait);
                Err(error)
            }
        }
    }

    /// What has come of a call, and with it when the next one is due. `left` is how long there is a good token
    /// whatever comes of this, so that there is no hurry.
    pub(crate) fn complete(
        &mut self,
        now: Times,
        left: Duration,
        answer: Result<ExchangeResponse, Error>,
    ) -> ExchangeOutcome {
        let error = match answer {
            Ok(ExchangeResponse::Nonce(nonce)) => {
                self.nonce = Some(Box::new((nonce, now.elapsed.saturating_add(NONCE_LIFE))));
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
        let is_refused = matches!(status, 400 | 422);
        if is_refused {
            self.refusals_left = self.refusals_left.saturating_sub(1);
        }
        let retry_after = error.retry_after().map(|after| after.wait(now.plex));
        let retry_after = retry_after.map(|wait| wait.min(MAX_RETRY_AFTER));
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
        // That the key is not taken is for somebody to know, while there is still a token.
        if std::mem::replace(&mut self.has_retried, true) && !is_refused {
            self.not_urgent_before = self.after(now, left / SPREAD_DIVISOR);
        }
        if is_refused && self.refusals_left == 0 {
            ExchangeOutcome::Refused(error)
        } else {
            ExchangeOutcome::Retry(error)
        }
    }

    /// When so long a wait is over, or up to as long again: devices that were told the same wait come at different
    /// times.
    fn after(&self, now: Times, wait: Duration) -> Duration {
        let spread = self.jitter.as_nanos().checked_rem(wait.as_nanos()).unwrap_or_default();
        let spread = Duration::from_nanos(u64::try_from(spread).unwrap_or(u64::MAX));
        now.elapsed.saturating_add(wait).saturating_add(spread)
    }
}
