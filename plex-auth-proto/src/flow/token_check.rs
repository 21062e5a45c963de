use std::time::Duration;

use crate::error::{Error, ResponseError};
use crate::flow::now::Now;
use crate::flow::retry::{GaveUp, Retry, RetryProgress};
use crate::flow::step::{Completion, Flow, RequestId, Step};
use crate::plex_tv::PlexTv;
use crate::plex_tv::account::Account;
use crate::values::token::Token;

impl PlexTv {
    /// Creates a [flow](TokenCheck) that checks whether a token is valid, and retries after
    /// temporary errors.
    pub fn token_check(&self, token: &Token) -> TokenCheck {
        TokenCheck { plex_tv: self.clone(), token: token.clone(), retry: Retry::new() }
    }
}

/// A flow that checks whether a token is valid. It sends [`token_details`](PlexTv::token_details),
/// and retries as long as that may help.
///
/// It ends with [`Valid`](TokenState::Valid), [`Invalid`](TokenState::Invalid) or
/// [`Unknown`](TokenState::Unknown), and with `Invalid` only if Plex said so. A token is never
/// reported as invalid because of a network failure, a rate limit, an outage or a page from a
/// proxy. The request is retried after about 2, 4 and 8 seconds, and then every 16 seconds, or
/// later if `Retry-After` says so. The flow ends with `Unknown` after 60 seconds
/// ([`timeout`](Self::timeout)), or immediately if a retry cannot help or would exceed that limit.
///
/// There is nothing to save: after a restart, check again.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use std::time::Duration;
/// use plex_auth_proto::flow::{Completion, Now, TokenState};
/// use plex_auth_proto::{Body, ClientIdentity, Flow, PlexTv, Step, Token, http};
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let mut check = plex_tv.token_check(&Token::new("xyz-Abc_0123456789ab")?);
/// let mut now = Now::without_wall_clock(Duration::ZERO);
/// // Simulated responses from plex.tv, in order.
/// let mut responses = [(502, "<html>Bad Gateway</html>"), (200, r#"{"id":7,"username":"rosa"}"#)].into_iter();
/// let state = loop {
///     match check.poll(now) {
///         Step::Do(id, _send) => {
///             let (status, body) = responses.next().ok_or("no more responses")?;
///             let response = http::Response::builder().status(status).body(Body::from(body))?;
///             check.complete(now, id, Completion::Response(response));
///         }
///         Step::Wait(time) => now += time.ok_or("nothing to wait for")?,
///         Step::Done(state) => break state,
///         Step::Finished => return Err("already finished".into()),
///     }
/// };
/// let TokenState::Valid(account) = state else { panic!("{state:?}") };
/// assert_eq!(account.username.as_deref(), Some("rosa"));
/// assert_eq!(now.elapsed(), Duration::from_secs(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a flow does nothing until it is driven"]
pub struct TokenCheck {
    plex_tv: PlexTv,
    token: Token,
    retry: Retry<Account, TokenState>,
}

/// The result of a [`TokenCheck`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TokenState {
    /// The token is valid and belongs to this account.
    Valid(Box<Account>),
    /// Plex [said](ResponseError::is_token_invalid) that the token is no longer valid: discard it
    /// and sign in again.
    Invalid(ResponseError),
    /// It is not known whether the token is valid. Keep it.
    #[non_exhaustive]
    Unknown {
        /// The error from the last attempt.
        error: Error,
        /// The time to wait before the next check, at most a day. `None` if waiting does not help:
        /// see the error.
        retry_in: Option<Duration>,
    },
}

impl TokenCheck {
    /// Sets the time limit for the whole flow. The default is 60 seconds and the minimum is one
    /// second. A request that is in flight when the limit is reached is abandoned.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.retry.set_timeout(timeout);
        self
    }

    /// Returns the progress.
    pub fn progress(&self, now: Now) -> RetryProgress {
        self.retry.progress(now)
    }
}

impl From<GaveUp> for TokenState {
    fn from(GaveUp { error, retry_in }: GaveUp) -> Self {
        Self::Unknown { error, retry_in }
    }
}

impl Flow for TokenCheck {
    type Output = TokenState;

    fn poll(&mut self, now: Now) -> Step<TokenState> {
        self.retry.poll(now, || self.plex_tv.token_details(&self.token))
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        match self.retry.complete(now, id, completion, || self.plex_tv.token_details(&self.token)) {
            None => {}
            Some(Ok(account)) => self.retry.end(TokenState::Valid(Box::new(account))),
            Some(Err(Error::Response(error))) if error.is_token_invalid() => {
                self.retry.end(TokenState::Invalid(error));
            }
            Some(Err(error)) => self.retry.failed(now, error),
        }
    }
}
