use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use crate::error::{Error, ResponseError};
use crate::flow::backoff::Backoff;
use crate::flow::clock::{Clock, Moment};
use crate::flow::in_flight::InFlight;
use crate::flow::now::Now;
use crate::flow::saving::Saving;
use crate::flow::step::{Completion, Flow, RequestId, Step};
use crate::media_server::MediaServer;
use crate::media_server::transient_token::{Scope, TokenType, TransientToken};
use crate::values::token::Token;

pub(crate) mod progress;
pub(crate) mod saved;
mod saves;

use progress::{TransientTokenProgress, TransientTokenReason};

// From Plex's published API description, which calls this lifetime a maximum.
const LIFETIME: Duration = Duration::from_secs(48 * 3600);

// This leaves time for retries during a server outage.
const RENEW_AHEAD: Duration = Duration::from_secs(3600);

// Half of `RENEW_AHEAD`, so that at least half an hour remains for retries.
const MAX_JITTER: Duration = Duration::from_secs(1800);

const BACKOFF: Backoff = Backoff::new(1, 300);

// A token that is rejected sooner was probably never accepted: the server has not restarted, but
// rejects every token that it issues.
const MIN_LIFE_OF_ACCEPTED: Duration = Duration::from_secs(600);

// On some systems, elapsed time stops while the computer sleeps, so the wall clock is checked at
// least this often.
const MAX_WAIT: Duration = Duration::from_secs(60);

// A wait of zero would be a busy loop.
const MIN_WAIT: Duration = Duration::from_secs(1);

impl MediaServer {
    /// Creates a [flow](TransientTokenRefresher) that requests a transient token and renews it
    /// indefinitely.
    pub fn transient_token_refresher(&self) -> TransientTokenRefresher {
        TransientTokenRefresher {
            server: self.clone(),
            current: None,
            refused: None,
            clock: Clock::default(),
            max_wait: MAX_WAIT,
            in_flight: InFlight::new(),
            wanted_at: None,
            not_before: Duration::ZERO,
            backoff: BACKOFF,
            refusal_backoff: BACKOFF,
            reason: TransientTokenReason::First,
            last_error: None,
            jitter: Duration::ZERO,
            revision: 0,
            saving: None,
        }
    }
}

/// A flow that requests a transient token, which is valid for up to 48 hours, and renews it. By
/// default, it renews the token an hour before it expires, or earlier if the server rejects it.
///
/// A server that restarts forgets the transient tokens that it issued, and rejects them with 401.
/// Report this with [`rejected`](Self::rejected): one new token is requested, regardless of the
/// number of reports. If the server refuses that request as well (401, 403 or 498), the account's
/// token is probably invalid or no longer grants access to this server. The refresher then [reports
/// this](TransientTokenProgress::Refused) and waits for [`retry`](Self::retry) or
/// [`set_token`](Self::set_token). After any other error, the request is retried after 2, 4, 8 …
/// seconds, up to 5 minutes, or later if `Retry-After` says so.
///
/// If many refreshers share a server, give each its own [jitter](Self::jitter).
///
/// The flow never finishes. In the closure passed to a transport's `drive_with`, the program can
/// read each token through [`progress`](Self::progress) and stop driving the flow. A request that a
/// driver dropped, or that gets no response within a minute, is sent again. A token that arrives
/// later than that is still accepted, unless a newer request has returned one. The state can be
/// [saved](Self::save) and restored after a restart of the program.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use std::time::Duration;
/// use plex_auth_proto::flow::{Completion, Now};
/// use plex_auth_proto::{http, ClientIdentity, Flow, MediaServer, Step, Token};
///
/// let me = ClientIdentity::builder(saved_identifier()).build()?;
/// let server = MediaServer::new(me, "http://10.0.0.7:32400".parse()?, Token::new("s3rv3r")?);
/// let mut refresher = server.transient_token_refresher();
/// let now = Now::without_wall_clock(Duration::ZERO);
/// assert!(refresher.token().is_none());
///
/// let Step::Do(id, _send) = refresher.poll(now) else { panic!() };
/// let response = http::Response::new(r#"{"MediaContainer":{"token":"transient-5ea1"}}"#.into());
/// refresher.complete(now, id, Completion::Response(response));
/// let token = refresher.token().ok_or("no token")?.clone();
/// assert_eq!(token.expose(), "transient-5ea1");
///
/// // For 47 hours, the flow only checks the wall clock, unless the server rejects the token.
/// let Step::Wait(Some(time)) = refresher.poll(now) else { panic!() };
/// assert_eq!(time, Duration::from_secs(60));
/// let later = now + Duration::from_secs(3600);
/// refresher.rejected(later, &token);
/// assert!(refresher.token().is_none());
/// assert!(matches!(refresher.poll(later), Step::Do(..)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a flow does nothing until it is driven"]
pub struct TransientTokenRefresher {
    server: MediaServer,
    current: Option<CurrentToken>,
    /// The server's refusal to issue tokens, if any. While this is set, no token is requested.
    refused: Option<ResponseError>,
    clock: Clock,
    max_wait: Duration,
    in_flight: InFlight<TransientToken>,
    /// The elapsed time at which to request a token, if not at the regular renewal.
    wanted_at: Option<Duration>,
    /// The earliest elapsed time at which the next request may be sent.
    not_before: Duration,
    backoff: Backoff,
    /// The backoff for a server that rejects the tokens it has just issued.
    refusal_backoff: Backoff,
    /// The reason for requesting the next token.
    reason: TransientTokenReason,
    /// The error from the last request, if it failed for a reason other than `refused`.
    last_error: Option<Error>,
    jitter: Duration,
    /// The number of tokens handed out.
    revision: u64,
    saving: Option<Box<Saving<CurrentToken>>>,
}

/// A token, its lifetime, and the reason it was requested.
#[derive(Clone, Debug)]
struct CurrentToken {
    token: Token,
    since: Duration,
    ends: Duration,
    /// When the token expires, by the server's clock or the wall clock, whichever is ahead.
    ends_at: Option<SystemTime>,
    reason: TransientTokenReason,
}

impl CurrentToken {
    /// Returns the time until the token expires, by the clock that reaches the expiry first.
    fn left(&self, now: Moment) -> Duration {
        let left = self.ends.saturating_sub(now.elapsed);
        match now.latest().zip(self.ends_at) {
            Some((now, end)) => left.min(end.duration_since(now).unwrap_or_default()),
            None => left,
        }
    }
}

impl TransientTokenRefresher {
    /// Returns the token to use now, if there is one that had not expired at the last
    /// [step](Flow::poll).
    pub fn token(&self) -> Option<&Token> {
        self.current.as_ref().map(|current| &current.token)
    }

    /// Returns the server. It contains the account's token, which authorizes the requests for
    /// transient tokens.
    pub fn server(&self) -> &MediaServer {
        &self.server
    }

    /// Sets how long this refresher waits after a rejection, and by how much it delays each
    /// renewal, so that many refreshers that share a server do not all send requests at the same
    /// time. The default is zero and the maximum is half an hour.
    ///
    /// Choose a random time for each refresher, but only a few seconds if a user is waiting for the
    /// token.
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter.min(MAX_JITTER);
        self
    }

    /// Sets the longest time between two readings of the wall clock while there is a token. The
    /// default is 60 seconds and the minimum is one second. After the computer has slept, an
    /// expired token is noticed within this time.
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time.max(MIN_WAIT);
        self
    }

    /// Has the driver save each state ([`Action::Save`](crate::flow::Action::Save)).
    ///
    /// A new token is then handed out only after the driver has tried to save it. Until then, the
    /// previous token is handed out, unless it has expired or was [rejected](Self::rejected). If
    /// the save fails, or the driver does not support it, [`progress`](Self::progress) reports the
    /// error, and the new token is handed out anyway.
    pub fn save_through_driver(mut self) -> Self {
        self.start_saving();
        self
    }

    /// Reports that the server rejected this token with 401. The token is no longer handed out, and
    /// a new one is requested after the [jitter](Self::jitter), unless one is already being saved.
    /// A token that has been replaced is ignored, so that a late response does no harm.
    ///
    /// If a server rejects tokens that it has just issued, the time until the next request doubles
    /// each time, up to 5 minutes.
    pub fn rejected(&mut self, now: Now, token: &Token) {
        let now = self.clock.at(now).elapsed;
        let Some(current) =
            self.current.take_if(|current| current.token.expose() == token.expose())
        else {
            return;
        };
        if self.has_unsaved() {
            // Its successor is being saved.
            return;
        }
        let is_fresh = now.saturating_sub(current.since) < MIN_LIFE_OF_ACCEPTED;
        let again = current.reason == TransientTokenReason::Restart && is_fresh;
        let pause = if again { self.refusal_backoff.failed(None) } else { Duration::ZERO };
        if !again {
            self.refusal_backoff.succeeded();
        }
        self.reason = TransientTokenReason::Restart;
        self.wanted_at = Some(now.saturating_add(self.jitter).saturating_add(pause));
    }

    /// Requests a token again after the server has [refused](TransientTokenProgress::Refused) to
    /// issue one.
    pub fn retry(&mut self) {
        if self.refused.take().is_some() {
            self.last_error = None;
            self.backoff.succeeded();
        }
    }

    /// Replaces the account's token, and requests a new transient token as soon as the wait after
    /// the last request is over. Call this after the user has signed in again, or when the account
    /// has a different access token for the server. The token must belong to the same account,
    /// because the current transient token is handed out until the next one arrives.
    pub fn set_token(&mut self, token: Token) {
        self.server = self.server.address().clone().with_token(token);
        self.refused = None;
        self.last_error = None;
        self.in_flight.forget();
        self.wanted_at = Some(Duration::ZERO);
        if self.reason == TransientTokenReason::Restart {
            self.reason = TransientTokenReason::Renewal;
        }
        self.backoff.succeeded();
    }

    /// Returns the time until the next request is due; `None` if the server refuses to issue
    /// tokens.
    fn due_in(&self, now: Moment) -> Option<Duration> {
        if self.refused.is_some() {
            return None;
        }
        let min_wait = self.not_before.saturating_sub(now.elapsed);
        let wait = match (self.wanted_at, self.newest()) {
            (Some(at), _) => at.saturating_sub(now.elapsed),
            (None, Some(current)) => self.renewal_in(current, now),
            (None, None) => Duration::ZERO,
        };
        Some(wait.max(min_wait))
    }

    fn hold(&mut self, token: Token, since: Duration, left: Duration, now: Moment) {
        let ends = since.saturating_add(left);
        let ends_at = now.latest().and_then(|at| at.checked_add(ends.saturating_sub(now.elapsed)));
        let current = CurrentToken { token, since, ends, ends_at, reason: self.reason };
        self.reason = TransientTokenReason::Renewal;
        self.wanted_at = None;
        self.accept(current);
    }

    /// Returns the time until a token is renewed. The renewal is due an hour before the token
    /// expires, and is delayed by the jitter. If the jitter made renewals earlier instead, it would
    /// cancel out for refreshers that it had spread out after a rejection, and they would all renew
    /// at the same time.
    fn renewal_in(&self, current: &CurrentToken, now: Moment) -> Duration {
        let left = current.left(now);
        left.saturating_add(self.jitter).saturating_sub(RENEW_AHEAD).min(left)
    }

    /// Returns the progress.
    pub fn progress(&self, now: Now) -> TransientTokenProgress {
        let now = self.clock.peek(now);
        let current = self.current.as_ref().filter(|current| !current.left(now).is_zero());
        if let Some(error) = &self.refused {
            let token = current.map(|current| current.token.clone());
            return TransientTokenProgress::Refused { error: error.clone(), token };
        }
        let last_error = self.last_error.clone();
        let next_request = self.due_in(now).filter(|_| !self.in_flight.is_active());
        let next_request = next_request.unwrap_or_default();
        match current {
            Some(current) => TransientTokenProgress::Active {
                token: current.token.clone(),
                left: current.left(now),
                reason: current.reason,
                last_error,
                next_request,
                save_error: self.save_error().cloned(),
            },
            None => TransientTokenProgress::Requesting { last_error, next_request },
        }
    }

    fn failed(&mut self, now: Moment, error: Error) {
        let wait = self.backoff.failed(now.retry_after(&error));
        self.not_before = now.elapsed.saturating_add(wait);
        self.last_error = Some(error);
    }
}

impl Flow for TransientTokenRefresher {
    type Output = Infallible;

    fn poll(&mut self, reading: Now) -> Step<Infallible> {
        let now = self.clock.at(reading);
        self.current.take_if(|current| current.left(now).is_zero());
        if let Some(saving) = &mut self.saving {
            saving.discard_if(|unsaved| unsaved.left(now).is_zero());
        }
        if let Some(error) = self.in_flight.lost(now.elapsed) {
            self.last_error = Some(error);
        }
        let save = self.saving.as_ref().and_then(|saving| saving.wait(now.elapsed));
        if save.is_some_and(|wait| wait.is_zero()) {
            if let Some((id, action)) = self.start_save(reading) {
                return Step::Do(id, action);
            }
        }
        let wait = self.in_flight.left(now.elapsed).or_else(|| self.due_in(now));
        if wait.is_some_and(|wait| wait.is_zero()) {
            self.not_before = now.elapsed.saturating_add(BACKOFF.initial());
            let call = self.server.transient_token(TokenType::Delegation, Scope::All);
            let (id, action) = self.in_flight.start(now.elapsed, call);
            return Step::Do(id, action);
        }
        let left = self.current.as_ref().map(|current| current.left(now).min(self.max_wait));
        Step::Wait(wait.into_iter().chain(left).chain(save.filter(|wait| !wait.is_zero())).min())
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        if self.saving.as_ref().is_some_and(|saving| saving.awaits(id)) {
            self.saved(now, completion);
            return;
        }
        let Some(arrival) = self.in_flight.finish(&mut self.clock, now, id, completion) else {
            return;
        };
        let moment = self.clock.at(now);
        // A late token is accepted. Any other late result is ignored in favor of the request that
        // followed.
        let is_token = matches!(&arrival.result, Some(Ok(_)));
        if arrival.is_late && (!is_token || moment.elapsed >= arrival.sent.saturating_add(LIFETIME))
        {
            return;
        }
        match arrival.result {
            Some(Ok(response)) => {
                self.in_flight.forget();
                self.backoff.succeeded();
                self.last_error = None;
                // The token's lifetime begins after the request is sent, so counting it from the
                // time of sending never overstates the time left.
                self.hold(response.token, arrival.sent, LIFETIME, moment);
            }
            Some(Err(Error::Response(error))) if is_final(&error) => {
                self.last_error = None;
                self.refused = Some(error);
            }
            Some(Err(error)) => self.failed(moment, error),
            None => {}
        }
    }
}

/// Returns whether the server refuses the account's token.
fn is_final(error: &ResponseError) -> bool {
    matches!(error.status().as_u16(), 401 | 403 | 498)
}
