use std::fmt;
use std::time::Duration;

use super::now::Now;
use super::retry::{GaveUp, Retry, RetryProgress};
use super::step::{Completion, Flow, RequestId, Step};
use crate::call::Call;
use crate::error::Error;
use crate::plex_tv::account::sign_in;

/// A call that is retried as long as retrying is safe and may help.
///
/// An idempotent call is retried as long as its error [is retryable](Error::is_retryable): after
/// about 2, 4 and 8 seconds, and then every 16 seconds, or later if `Retry-After` says so. Any
/// other call is retried only if nothing was sent, or if the server refused it temporarily (with a
/// 429, for example). A sign-in is never retried, not even after a 429: repeating a wrong password
/// can lock the account, and repeating a correct one creates another token. Let the user try again
/// instead. If the driver is dropped while a request is in flight, an idempotent call is sent again
/// when the flow is driven again. Any other call ends with an error, because it may have been
/// carried out.
///
/// The flow ends with the value, with an error that retrying cannot fix, or with the last error
/// when the time limit of 60 seconds ([`timeout`](Self::timeout)) is reached. A request still in
/// flight at that point is abandoned, and the error is a timeout. If the next request would be due
/// after the limit, for example because of `Retry-After`, the flow ends immediately with the last
/// error. The error's [`retry_after`](Error::retry_after) returns how long to wait, if the server
/// specified it.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use std::time::Duration;
/// use plex_auth_proto::flow::{Completion, Now, RetriedCall};
/// use plex_auth_proto::{Body, ClientIdentity, Flow, PlexTv, Step, http};
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let mut keys = RetriedCall::new(|| plex_tv.plex_keys());
/// let mut now = Now::without_wall_clock(Duration::ZERO);
/// // Simulated responses from plex.tv, in order.
/// let mut responses = [(429, ""), (200, r#"{"keys":[]}"#)].into_iter();
/// let keys = loop {
///     match keys.poll(now) {
///         Step::Do(id, _send) => {
///             let (status, body) = responses.next().ok_or("no more responses")?;
///             let response = http::Response::builder().status(status).header("retry-after", "7");
///             let response = response.body(Body::from(body))?;
///             keys.complete(now, id, Completion::Response(response));
///         }
///         Step::Wait(time) => now += time.ok_or("nothing to wait for")?,
///         Step::Done(result) => break result?,
///         Step::Finished => return Err("already finished".into()),
///     }
/// };
/// assert!(keys.keys.is_empty());
/// assert_eq!(now.elapsed(), Duration::from_secs(7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a flow does nothing until it is driven"]
pub struct RetriedCall<T, C> {
    call: C,
    retry: Retry<T, Result<T, Error>>,
}

impl<T, C: Fn() -> Call<T>> RetriedCall<T, C> {
    /// Creates a flow that retries a call. The closure creates the call for each attempt.
    pub fn new(call: C) -> Self {
        Self { call, retry: Retry::new() }
    }

    /// Sets the time limit for the whole flow. The default is 60 seconds and the minimum is one
    /// second.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.retry.set_timeout(timeout);
        self
    }

    /// Returns the progress.
    pub fn progress(&self, now: Now) -> RetryProgress {
        self.retry.progress(now)
    }
}

impl<T> From<GaveUp> for Result<T, Error> {
    fn from(gave_up: GaveUp) -> Self {
        Err(gave_up.error)
    }
}

impl<T, C: Fn() -> Call<T>> Flow for RetriedCall<T, C> {
    type Output = Result<T, Error>;

    fn poll(&mut self, now: Now) -> Step<Self::Output> {
        self.retry.poll(now, &self.call)
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        match self.retry.complete(now, id, completion, &self.call) {
            None => {}
            Some(Err(error)) if error.operation() != sign_in::OPERATION.name => {
                self.retry.failed(now, error);
            }
            Some(result) => self.retry.end(result),
        }
    }
}

impl<T, C> fmt::Debug for RetriedCall<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetriedCall").finish_non_exhaustive()
    }
}
