use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use http::Response;

use crate::error::{Error, ResponseError};
use crate::flow::backoff::Backoff;
use crate::flow::elapsed::Elapsed;
use crate::flow::in_flight::{Arrival, InFlight, LOST_AFTER};
use crate::flow::step::{Flow, RequestId, Step};
use crate::media_server::MediaServer;
use crate::media_server::transient_token::{Scope, TokenType, TransientToken};
use crate::values::token::Token;

pub(crate) mod progress;
pub(crate) mod saved;

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

impl MediaServer {
    /// Keeps a transient token at hand, and gets another one whenever that is needed: a whole
    /// [flow](TransientTokenRefresher), which goes on for ever.
    pub fn transient_token_refresher(&self) -> TransientTokenRefresher {
        TransientTokenRefresher {
            server: self.clone(),
            current: None,
            refused: None,
            elapsed: Elapsed::default(),
            in_flight: InFlight::new(),
            wanted_at: None,
            not_before: Duration::ZERO,
            backoff: BACKOFF,
            refusal_backoff: BACKOFF,
            reason: TransientTokenReason::First,
            last_error: None,
            jitter: Duration::ZERO,
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
/// It goes on for ever, so that a transport's `drive` never returns. `drive_with` shows each token by
/// [`progress`](Flow::progress), and can be stopped to tell the refresher of a refusal; what comes of a
/// call that is under way then is lost, and 60 s later it is made again. So it is with a server that takes longer to
/// answer; the token that it brings in the end is taken all the same, where the transport waits for it so long (half a
/// minute unless set). What is needed after a restart of the program is [saved](Self::save).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plex_auth_proto::{http, ClientIdentity, Flow, MediaServer, Step, Token};
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
/// let server = MediaServer::new(me, "http://10.0.0.7:32400".parse()?, Token::new("s3rv3r")?);
/// let mut refresher = server.transient_token_refresher();
/// let now = SystemTime::UNIX_EPOCH;
/// assert!(refresher.token().is_none());
///
/// let Step::Send(id, call) = refresher.poll(now) else { panic!() };
/// let answer = http::Response::new(r#"{"MediaContainer":{"token":"transient-5ea1"}}"#);
/// refresher.complete(now, id, call.reply().read(answer).map_err(Into::into));
/// let token = refresher.token().ok_or("no token")?.clone();
/// assert_eq!(token.expose(), "transient-5ea1");
///
/// // Nothing to do for 47 hours, unless the server refuses it.
/// let Step::Wait(time) = refresher.poll(now) else { panic!() };
/// assert_eq!(time, Duration::from_secs(47 * 3600));
/// let later = now + Duration::from_secs(3600);
/// refresher.rejected(later, &token);
/// assert!(refresher.token().is_none());
/// assert!(matches!(refresher.poll(later), Step::Send(..)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a flow does nothing until it is driven"]
pub struct TransientTokenRefresher {
    server: MediaServer,
    current: Option<CurrentToken>,
    /// What the server said to the request for a token, where that ends the asking.
    refused: Option<ResponseError>,
    elapsed: Elapsed,
    in_flight: InFlight,
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
}

/// The token that is at hand.
#[derive(Clone, Debug)]
struct CurrentToken {
    token: Token,
    since: Duration,
    ends: Duration,
    reason: TransientTokenReason,
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

    /// Tells that the server answered 401 to this token. It is handed out no longer, and another one is asked
    /// for, after the [jitter](Self::jitter). Of a token that is not the one at hand it says nothing: a late
    /// answer does not cost the token that has taken its place.
    ///
    /// Where a server refuses what it has handed out itself just now, each time takes twice as long, up to 5
    /// minutes.
    pub fn rejected(&mut self, now: SystemTime, token: &Token) {
        let now = self.elapsed.at(now);
        let Some(current) =
            self.current.take_if(|current| current.token.expose() == token.expose())
        else {
            return;
        };
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

    /// When the next request is due; never where the server refuses.
    fn due(&self) -> Option<Duration> {
        if self.refused.is_some() {
            return None;
        }
        if let Some(sent) = self.in_flight.sent_at() {
            return Some(sent.saturating_add(LOST_AFTER));
        }
        let renewal = || self.current.as_ref().map(|current| self.renewal(current));
        Some(self.wanted_at.or_else(renewal).unwrap_or_default().max(self.not_before))
    }

    fn hold(
        &mut self,
        token: Token,
        since: Duration,
        left: Duration,
        reason: TransientTokenReason,
    ) {
        self.current =
            Some(CurrentToken { token, since, ends: since.saturating_add(left), reason });
        self.reason = TransientTokenReason::Renewal;
        self.wanted_at = None;
    }

    /// When a token is to be renewed: an hour ahead, and later by the jitter, not earlier, as whoever came late after a
    /// refusal would be in step again.
    fn renewal(&self, current: &CurrentToken) -> Duration {
        let ahead = current.ends.saturating_sub(RENEW_AHEAD).max(current.since);
        ahead.saturating_add(self.jitter).min(current.ends)
    }
}

impl Flow for TransientTokenRefresher {
    type Response = TransientToken;
    type Output = Infallible;
    type Progress = TransientTokenProgress;

    fn poll(&mut self, now: SystemTime) -> Step<Self> {
        let now = self.elapsed.at(now);
        self.current.take_if(|current| current.ends <= now);
        let due = self.due();
        if due.is_some_and(|due| due <= now) {
            let id = self.in_flight.start(now);
            self.not_before = now.saturating_add(BACKOFF.initial());
            return Step::Send(id, self.server.transient_token(TokenType::Delegation, Scope::All));
        }
        let ends = self.current.as_ref().map(|current| current.ends);
        let first = due.into_iter().chain(ends).min();
        Step::Wait(first.map_or(Duration::MAX, |first| first.saturating_sub(now)))
    }

    fn complete(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<TransientToken>, Error>,
    ) {
        let elapsed = self.elapsed.at(now);
        let Some(Arrival { sent, is_late }) = self.in_flight.finish(id) else { return };
        // Of those that are lost a token is taken; whatever else is so will be so for the one that has followed.
        if is_late && (answer.is_err() || elapsed >= sent.saturating_add(LIFE)) {
            return;
        }
        self.in_flight.forget();
        match answer {
            Ok(response) => {
                self.backoff.succeeded();
                self.last_error = None;
                // Its time began at the server, somewhere after the request.
                self.hold(response.into_body().token, sent, LIFE, self.reason);
            }
            Err(Error::Response(error)) if is_final(&error) => {
                self.last_error = None;
                self.refused = Some(error);
            }
            Err(error) => {
                let wait = self.backoff.failed(error.retry_after().map(|after| after.wait(now)));
                self.not_before = elapsed.saturating_add(wait);
                self.last_error = Some(error);
            }
        }
    }

    fn progress(&self, now: SystemTime) -> TransientTokenProgress {
        let now = self.elapsed.peek(now);
        let current = self.current.as_ref().filter(|current| current.ends > now);
        if let Some(error) = &self.refused {
            let token = current.map(|current| current.token.clone());
            return TransientTokenProgress::Refused { error: error.clone(), token };
        }
        let last_error = self.last_error.clone();
        match current {
            Some(current) => TransientTokenProgress::Active {
                token: current.token.clone(),
                left: current.ends.saturating_sub(now),
                reason: current.reason,
                last_error,
            },
            None => {
                let due = self.due().filter(|_| !self.in_flight.is_active()).unwrap_or_default();
                TransientTokenProgress::Requesting { last_error, left: due.saturating_sub(now) }
            }
        }
    }
}

/// Whether the server refuses the token that asks.
fn is_final(error: &ResponseError) -> bool {
    matches!(error.status().as_u16(), 401 | 403 | 498)
}
