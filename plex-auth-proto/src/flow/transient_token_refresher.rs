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

/// How long a token is good, by Plex's published description: so long at most.
const LIFE: Duration = Duration::from_secs(48 * 3600);

/// How long before its end another one is asked for.
const RENEW_AHEAD: Duration = Duration::from_secs(3600);

/// The longest [jitter](TransientTokenRefresher::jitter).
const MAX_JITTER: Duration = Duration::from_secs(1800);

/// The pace of asking, and how slow it gets while there is trouble.
const BACKOFF: Backoff = Backoff::new(1, 300);

/// How long a token must have held until its refusal is a restart of the server's rather than one more
/// refusal of whatever the server hands out.
const MIN_LIFE_OF_ACCEPTED: Duration = Duration::from_secs(600);

// Elapsed time stops while a computer sleeps, so the wall clock has to be looked at.
const MAX_WAIT: Duration = Duration::from_secs(60);

// A wait of zero would be a busy loop.
const MIN_WAIT: Duration = Duration::from_secs(1);

impl MediaServer {
    /// Keeps a transient token at hand, and gets another one whenever that is needed: a whole
    /// [flow](TransientTokenRefresher), which goes on for ever.
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

/// A transient token that is always at hand: it is asked for, asked for again an hour before its 48 hours are
/// over, and asked for again when the server has forgotten it.
///
/// A server that was restarted refuses all the transient tokens that it has handed out. Whoever meets with that
/// [says so](Self::rejected), and another one is asked for, once for a token however often it is refused. If the
/// server refuses that request, too (401 or 403), the token that asks is invalid or no longer opens this server:
/// the refresher [says so](TransientTokenProgress::Refused) and asks no more until it is told to, by
/// [`retry`](Self::retry) or [`set_token`](Self::set_token). All other trouble is asked again about:
/// after 2, 4, 8 ... seconds, every 5 minutes in the end.
///
/// Where many refreshers share a server, each should have a [jitter](Self::jitter) of its own.
///
/// It never finishes. `drive_with` of a
/// transport shows each token by [`progress`](Self::progress), and can be stopped. A request that a driver has dropped, or
/// that is not answered within a minute, is sent again; its token is accepted if it arrives later. The state to restore
/// after a restart of the program is [saved](Self::save).
///
/// ```
/// use std::time::Duration;
/// use plex_auth_proto::flow::{Completion, Now};
/// use plex_auth_proto::{http, ClientIdentity, Flow, MediaServer, Step, Token};
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
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
/// // Nothing to do for 47 hours but to look at the wall clock, unless the server rejects it.
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
    /// What the server said to the request for a token, where that ends the asking.
    refused: Option<ResponseError>,
    clock: Clock,
    max_wait: Duration,
    in_flight: InFlight<TransientToken>,
    /// From when on another token is wanted, where that is not when the one at hand is to be renewed. In elapsed time,
    /// as is all time here.
    wanted_at: Option<Duration>,
    /// Until when the server is left alone, whatever is wanted.
    not_before: Duration,
    backoff: Backoff,
    /// The pace at which new tokens are had where even these are refused.
    refusal_backoff: Backoff,
    /// What the next token will be there for.
    reason: TransientTokenReason,
    /// What the last request met with.
    last_error: Option<Error>,
    jitter: Duration,
    /// How many tokens were handed out.
    revision: u64,
    saving: Option<Box<Saving<CurrentToken>>>,
}

/// The token that is at hand.
#[derive(Clone, Debug)]
struct CurrentToken {
    token: Token,
    since: Duration,
    ends: Duration,
    /// The same by the server's clock.
    ends_at: Option<SystemTime>,
    reason: TransientTokenReason,
}

impl CurrentToken {
    /// Returns the time until it expires, by the clock that says so first.
    fn left(&self, now: Moment) -> Duration {
        let left = self.ends.saturating_sub(now.elapsed);
        match now.latest().zip(self.ends_at) {
            Some((now, end)) => left.min(end.duration_since(now).unwrap_or_default()),
            None => left,
        }
    }
}

impl TransientTokenRefresher {
    /// The token to use now, if there is one. It is as good as the last [step](Flow::poll) knew.
    pub fn token(&self) -> Option<&Token> {
        self.current.as_ref().map(|current| &current.token)
    }

    /// The server that it is for, and the token that asks.
    pub fn server(&self) -> &MediaServer {
        &self.server
    }

    /// Sets this refresher's share of a spread, so that a server with many refreshers, or many servers behind one
    /// address, do not hear from all of them at once: how long it waits after a refusal, and how much later
    /// than an hour before the end it renews. None unless set; half an hour at most.
    ///
    /// Take a random number for each refresher, of seconds where somebody waits for the token.
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter.min(MAX_JITTER);
        self
    }

    /// Sets the longest wait between two looks at the wall clock: 60 seconds by default, and at least one. After the
    /// computer has slept, an expired token is noticed within this time.
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time.max(MIN_WAIT);
        self
    }

    /// Has the driver save each state ([`Action::Save`](crate::flow::Action::Save)).
    ///
    /// A new token is then handed out only after its save was attempted, and the previous one meanwhile. A save that
    /// fails, or that the driver does not support, is reported by [`progress`](Self::progress), and the token is handed
    /// out nevertheless.
    pub fn save_through_driver(mut self) -> Self {
        self.start_saving();
        self
    }

    /// Tells that the server answered 401 to this token. It is handed out no longer, and another one is asked
    /// for, after the [jitter](Self::jitter). Of a token that is not the one at hand it says nothing: a late
    /// answer does not cost the token that has taken its place.
    ///
    /// Where a server refuses what it has handed out itself just now, each time takes twice as long, up to 5
    /// minutes.
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

    /// Asks again for a token though the server has [refused](TransientTokenProgress::Refused) to give one.
    pub fn retry(&mut self) {
        if self.refused.take().is_some() {
            self.last_error = None;
            self.backoff.succeeded();
        }
    }

    /// Asks with this token from now on, of the same account, and at once: the account has signed in anew, or
    /// has another access token for the server. Another account wants a refresher of its own, as the token at hand
    /// is handed out until there is another.
    pub fn set_token(&mut self, token: Token) {
        self.server = self.server.address().clone().with_token(token);
        self.refused = None;
        self.last_error = None;
        self.in_flight.forget();
        self.wanted_at = Some(Duration::ZERO);
        self.backoff.succeeded();
    }

    /// The time until the next request is due; `None` if the server refuses to issue tokens.
    fn due_in(&self, now: Moment) -> Option<Duration> {
        if self.refused.is_some() {
            return None;
        }
        let left_alone = self.not_before.saturating_sub(now.elapsed);
        let wait = match (self.wanted_at, self.newest()) {
            (Some(at), _) => at.saturating_sub(now.elapsed),
            (None, Some(current)) => self.renewal_in(current, now),
            (None, None) => Duration::ZERO,
        };
        Some(wait.max(left_alone))
    }

    fn hold(&mut self, token: Token, since: Duration, left: Duration, now: Moment) {
        let ends = since.saturating_add(left);
        let ends_at = now.server.and_then(|at| at.checked_add(ends.saturating_sub(now.elapsed)));
        let current = CurrentToken { token, since, ends, ends_at, reason: self.reason };
        self.reason = TransientTokenReason::Renewal;
        self.wanted_at = None;
        self.accept(current);
    }

    /// The time until a token is renewed: an hour before its end, and later by the jitter. If it were earlier, refreshers
    /// that were spread after a refusal would be in step again.
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
        match current {
            Some(current) => TransientTokenProgress::Active {
                token: current.token.clone(),
                left: current.left(now),
                reason: current.reason,
                last_error,
                save_error: self.save_error().cloned(),
            },
            None => {
                let due = self.due_in(now).filter(|_| !self.in_flight.is_active());
                TransientTokenProgress::Requesting { last_error, left: due.unwrap_or_default() }
            }
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
        // A late token is taken. Anything else will be so for the request that has followed, too.
        let is_token = matches!(&arrival.result, Some(Ok(_)));
        if arrival.is_late && (!is_token || moment.elapsed >= arrival.sent.saturating_add(LIFE)) {
            return;
        }
        self.in_flight.forget();
        match arrival.result {
            Some(Ok(response)) => {
                self.backoff.succeeded();
                self.last_error = None;
                // Its life began at the server, at some moment after the request.
                self.hold(response.token, arrival.sent, LIFE, moment);
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

/// Whether the server refuses the token that asks.
fn is_final(error: &ResponseError) -> bool {
    matches!(error.status().as_u16(), 401 | 403 | 498)
}
