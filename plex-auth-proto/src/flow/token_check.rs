use std::time::Duration;

use crate::error::{Error, ResponseError};
use crate::flow::now::Now;
use crate::flow::retry::{GaveUp, Retry, RetryProgress};
use crate::flow::step::{Completion, Flow, RequestId, Step};
use crate::plex_tv::PlexTv;
use crate::plex_tv::account::Account;
use crate::values::token::Token;

impl PlexTv {
    /// Asks whether a token is valid until that is known, or too much time has passed: a whole
    /// [check](TokenCheck).
    pub fn token_check(&self, token: &Token) -> TokenCheck {
        TokenCheck { plex_tv: self.clone(), token: token.clone(), retry: Retry::new() }
    }
}

/// Whether a token is valid: [`token_details`](PlexTv::token_details), asked again while there is trouble.
///
/// It ends in [`Valid`](TokenState::Valid), in [`Invalid`](TokenState::Invalid) if Plex said so, or in
/// [`Unknown`](TokenState::Unknown); a network that fails, a rate limit, an
/// outage and a proxy's page are never called invalid. They are asked again about after 2, 4, 8 and 16 seconds,
/// or when `Retry-After` allows it, until 60 seconds are over unless [set](Self::timeout): then it is
/// unknown, and so it is at once where asking again is of no use.
///
/// There is nothing to save: after a restart, check again.
///
/// ```
/// use std::time::Duration;
/// use plex_auth_proto::flow::{Completion, Now, TokenState};
/// use plex_auth_proto::{Body, ClientIdentity, Flow, PlexTv, Step, Token, http};
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
/// let mut check = plex_tv.token_check(&Token::new("xyz-Abc_0123456789ab")?);
/// let mut now = Now::without_wall_clock(Duration::ZERO);
/// // The responses of a real plex.tv, one after another.
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
///         Step::Finished => return Err("finished before".into()),
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

/// What a [`TokenCheck`] has found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TokenState {
    /// Plex takes the token, which is this account's.
    Valid(Box<Account>),
    /// Plex [said](ResponseError::is_token_invalid) that the token is no longer valid: forget it and sign in again.
    Invalid(ResponseError),
    /// Nobody said either. Keep the token.
    #[non_exhaustive]
    Unknown {
        /// What the last attempt met with.
        error: Error,
        /// How long to wait before the next check, a day at the most; none where waiting does not help, and
        /// somebody must look at the reason.
        retry_in: Option<Duration>,
    },
}

impl TokenCheck {
    /// Sets how long the whole may take, 60 seconds unless set; less than a second counts as one.
    ///
    /// It bounds the calls, too: one that is under way then is not waited for.
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
        match self.retry.complete(now, id, completion) {
            None => {}
            Some(Ok(account)) => self.retry.end(TokenState::Valid(Box::new(account))),
            Some(Err(Error::Response(error))) if error.is_token_invalid() => {
                self.retry.end(TokenState::Invalid(error));
            }
            Some(Err(error)) => self.retry.failed(now, error),
        }
    }
}
