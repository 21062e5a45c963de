//! Errors and their parts.
//!
//! [`Error`] is the error type of both transports. Its docs list every error and what to do about
//! it.

pub use crate::operation::context::{Origin, RequestContext};
pub use crate::values::client_identity::{IdentityProblem, InvalidIdentity};
pub use crate::values::credentials::InvalidCredentials;
pub use crate::values::retry_after::RetryAfter;
pub use crate::values::server_url::{InvalidServerUrl, ServerUrlProblem};
pub use crate::values::source::InvalidSource;
pub use crate::values::token::InvalidToken;
pub use crate::values::unix_seconds::InvalidUnixSeconds;
pub use crate::wire::content::Content;
pub use crate::wire::field_path::FieldPath;
pub use outcome::Outcome;
pub use plex_error::PlexError;
pub use redirect_target::RedirectTarget;
pub use rejection::Rejection;
pub use response::ResponseError;
pub use transport::{TlsErrorKind, TransportError, TransportErrorKind};

use http::StatusCode;

mod outcome;
mod plex_error;
mod redirect_target;
mod rejection;
mod response;
mod transport;

/// An error from a [`Call`](crate::Call): the response is an error or cannot be read, or no
/// complete response arrived.
///
/// A network failure is never mistaken for an invalid token:
/// [`is_token_invalid`](Self::is_token_invalid) returns true only if Plex said that the token is
/// invalid. Most programs need only the predicates of this type, not its variants.
///
/// ```
/// use plex_auth_proto::{ClientIdentity, Error, PlexTv, Token, http};
/// use plex_auth_proto::error::TransportErrorKind;
///
/// /// Returns the advice for the user.
/// fn advice(error: &Error) -> &'static str {
///     match error {
///         error if error.is_token_invalid() => "sign in again",
///         error if error.is_retryable() => "try later",
///         Error::Transport(_) => "check the network",
///         _ => "read Plex's message",
///     }
/// }
///
/// # fn saved_identifier() -> String { "example".into() }
/// let identity = ClientIdentity::builder(saved_identifier()).build()?;
/// let (_, reply) = PlexTv::new(identity).token_details(&Token::new("xyz-Abc_0123456789ab")?).into_parts();
///
/// let response = http::Response::builder().status(401).body("")?;
/// let error = Error::from(reply.parse(&response).unwrap_err());
/// assert_eq!(advice(&error), "sign in again");
///
/// // No response arrived, and nothing was sent.
/// let error = reply.transport_error(TransportErrorKind::NameNotFound, false);
/// assert!(error.as_transport().is_some_and(|error| !error.may_have_been_sent()));
/// assert_eq!(advice(&error), "try later");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Response errors
///
/// [`Error::Response`] contains a [`ResponseError`]:
///
/// | Response | Variant | What to do |
/// |---|---|---|
/// | 400 | [`BadRequest`](ResponseError::BadRequest) | Fix the request. Retrying does not help. |
/// | 401; 498; 422 "Invalid token" | [`Unauthorized`](ResponseError::Unauthorized) | Ask for the password again, or sign in again if [`is_token_invalid`](Self::is_token_invalid). Do neither if [`is_unconfirmed`](Self::is_unconfirmed): the response may be from a proxy or a captive portal. A media server's 401 applies only to that server. |
/// | 401, code 1029 | [`VerificationCodeRequired`](ResponseError::VerificationCodeRequired) | Ask for the verification code and sign in with it. |
/// | 401, code 1028 | [`VerificationCodeRejected`](ResponseError::VerificationCodeRejected) | Ask for a new verification code. |
/// | 401, code 1030 | [`EmailOnly`](ResponseError::EmailOnly) | Sign in with a PIN on Plex's own page. |
/// | 401, code 1031 | [`TooManyFailures`](ResponseError::TooManyFailures) | Stop, and wait before the next attempt. |
/// | 403 | [`Forbidden`](ResponseError::Forbidden) | The account is not allowed to do this, unless [`is_unconfirmed`](Self::is_unconfirmed). Ask for the Home PIN if [`needs_home_pin`](Self::needs_home_pin). |
/// | 429 | [`RateLimited`](ResponseError::RateLimited) | Wait for [`retry_after`](Self::retry_after). If it is `None`, back off, starting with a few seconds. Do not retry a sign-in automatically: let the user try again. |
/// | 5xx | [`Unavailable`](ResponseError::Unavailable) | Try again later if [`is_retryable`](Self::is_retryable). |
/// | code 1097 with any status | the variant for that status | The device was removed, or its key belongs to another identifier ([`needs_new_device_key`](Self::needs_new_device_key)). Use a new identifier with a new key. |
/// | any other status | [`Rejected`](ResponseError::Rejected) | Look at the status and at [Plex's codes](Rejection::codes). The PIN is gone if [`is_pin_gone`](Self::is_pin_gone). |
/// | 3xx except 304 | [`Redirected`](ResponseError::Redirected) | Correct the base URL, or check the network for a captive portal. The redirect was not followed. |
/// | a successful response that is not from Plex | [`UnexpectedContent`](ResponseError::UnexpectedContent) | Check the base URL, and check the network for a proxy or a captive portal. |
/// | a successful response without the required data | [`UnexpectedShape`](ResponseError::UnexpectedShape) | Report a bug. The error contains the name of the missing or unreadable field. |
/// | a successful response for another PIN, user or token | [`Mismatched`](ResponseError::Mismatched) | Retry if the request is idempotent. A server or a proxy mixed up its responses. |
/// | a successful response larger than the limit, by default 1 MiB | [`BodyTooLarge`](ResponseError::BodyTooLarge) | Check the URL: no response from Plex is that large. For a custom call, [raise the limit](crate::Call::max_body_size). |
///
/// # Transport errors
///
/// [`Error::Transport`] contains a [`TransportError`] with a [`TransportErrorKind`]:
///
/// | Failure | Kind | What to do |
/// |---|---|---|
/// | The host name was not found. | [`NameNotFound`](TransportErrorKind::NameNotFound) | Check the spelling and the network. If a router blocks `plex.direct` names (DNS rebinding protection), allow them there. |
/// | The connection was refused. | [`Refused`](TransportErrorKind::Refused) | Check the host and the port. |
/// | The host is unreachable. | [`Unreachable`](TransportErrorKind::Unreachable) | Check the network. |
/// | The TLS handshake failed. | [`Tls`](TransportErrorKind::Tls) | Depends on the [`TlsErrorKind`]: for example, trust the server's own certificate authority, or connect to the name in the certificate. |
/// | The deadline passed. | [`TimedOut`](TransportErrorKind::TimedOut) | Try again later if [`is_retryable`](Self::is_retryable). |
/// | The connection closed before the response was complete. | [`CutOff`](TransportErrorKind::CutOff) | Try again later if [`is_retryable`](Self::is_retryable). |
/// | The response is not HTTP. | [`NotHttp`](TransportErrorKind::NotHttp) | Check the port: another program may be using it. |
/// | The response headers are too large. | [`HeadTooLarge`](TransportErrorKind::HeadTooLarge) | Check the port: another program may be using it. |
/// | The proxy failed. | [`Proxy`](TransportErrorKind::Proxy) | Check the proxy's address and credentials. |
/// | The client cannot carry out the request. | [`NotStarted`](TransportErrorKind::NotStarted) | The kind contains the reason, such as a missing tokio runtime or a header that is too large. |
/// | The program stopped waiting. | [`Cancelled`](TransportErrorKind::Cancelled) | Do not drop the driver of a flow before the flow is done. |
/// | The connection failed in another way. | [`Other`](TransportErrorKind::Other) | Try again later if [`is_retryable`](Self::is_retryable). |
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A response arrived, and it is an error or cannot be read.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// No complete response arrived. This does not mean that the username, the password or the
    /// token is invalid.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl Error {
    /// Returns the [`ResponseError`], if a complete response arrived.
    pub fn as_response(&self) -> Option<&ResponseError> {
        match self {
            Self::Response(error) => Some(error),
            Self::Transport(_) => None,
        }
    }

    /// Returns the [`TransportError`], if no complete response arrived.
    pub fn as_transport(&self) -> Option<&TransportError> {
        match self {
            Self::Response(_) => None,
            Self::Transport(error) => Some(error),
        }
    }

    /// Returns the context of the request.
    pub fn context(&self) -> &RequestContext {
        match self {
            Self::Response(error) => error.context(),
            Self::Transport(error) => error.context(),
        }
    }

    /// Returns the [name of the operation](RequestContext::operation), such as `getTokenDetails`.
    pub fn operation(&self) -> &'static str {
        self.context().operation()
    }

    /// Returns the status of the response, or `None` if no complete response arrived.
    pub fn status(&self) -> Option<StatusCode> {
        self.as_response().map(ResponseError::status)
    }

    /// Returns whether Plex said that the token is no longer valid. See
    /// [`ResponseError::is_token_invalid`].
    pub fn is_token_invalid(&self) -> bool {
        self.as_response().is_some_and(ResponseError::is_token_invalid)
    }

    /// Returns whether a 401, 403 or 498 may be from a proxy or a captive portal instead of
    /// plex.tv. If so, it does not mean that the token is invalid. See
    /// [`ResponseError::is_unconfirmed`].
    pub fn is_unconfirmed(&self) -> bool {
        self.as_response().is_some_and(ResponseError::is_unconfirmed)
    }

    /// Returns whether a verification code is required. See
    /// [`ResponseError::needs_verification_code`].
    pub fn needs_verification_code(&self) -> bool {
        self.as_response().is_some_and(ResponseError::needs_verification_code)
    }

    /// Returns whether the PIN no longer exists. See [`ResponseError::is_pin_gone`].
    pub fn is_pin_gone(&self) -> bool {
        self.as_response().is_some_and(ResponseError::is_pin_gone)
    }

    /// Returns whether Plex does not recognize the device key. See
    /// [`ResponseError::needs_new_device_key`].
    pub fn needs_new_device_key(&self) -> bool {
        self.as_response().is_some_and(ResponseError::needs_new_device_key)
    }

    /// Returns whether a Home PIN is required. See [`ResponseError::needs_home_pin`].
    pub fn needs_home_pin(&self) -> bool {
        self.as_response().is_some_and(ResponseError::needs_home_pin)
    }

    /// Returns whether retrying the same call may succeed and is safe, even if the first request
    /// was carried out. See [`ResponseError::is_retryable`] and [`TransportError::is_retryable`].
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Response(error) => error.is_retryable(),
            Self::Transport(error) => error.is_retryable(),
        }
    }

    /// Returns whether retrying the call may succeed and is safe, given whether it is idempotent.
    pub(crate) fn is_retryable_if(&self, idempotent: bool) -> bool {
        match self {
            Self::Response(error) => error.is_retryable_if(idempotent),
            Self::Transport(error) => error.is_retryable_if(idempotent),
        }
    }

    /// Returns whether the request was carried out. To find out whether retrying makes sense, call
    /// [`is_retryable`](Self::is_retryable).
    ///
    /// | Error | Outcome |
    /// |---|---|
    /// | [`TransportError`] that says [nothing was sent](TransportError::may_have_been_sent) | [`NotSent`](Outcome::NotSent) |
    /// | any other [`TransportError`] | [`Unknown`](Outcome::Unknown) |
    /// | [`Redirected`](ResponseError::Redirected), [`RateLimited`](ResponseError::RateLimited) (429) | [`Refused`](Outcome::Refused) |
    /// | 4xx from plex.tv whose body [lists Plex's errors](Rejection::errors) | [`Refused`](Outcome::Refused) |
    /// | 401 or 498 from plex.tv over `https` with an empty body | [`Refused`](Outcome::Refused) |
    /// | 401 or 403 from a media server | [`Refused`](Outcome::Refused) |
    /// | any other 4xx, such as a web page, a proxy's response, or the response to a custom call whose [host](crate::Call::host) is not set | [`Unknown`](Outcome::Unknown) |
    /// | 503 with code 1013 | [`Refused`](Outcome::Refused) |
    /// | any other 5xx ([`Unavailable`](ResponseError::Unavailable)) | [`Unknown`](Outcome::Unknown) |
    /// | a successful response that cannot be read ([`UnexpectedContent`](ResponseError::UnexpectedContent), [`UnexpectedShape`](ResponseError::UnexpectedShape), [`BodyTooLarge`](ResponseError::BodyTooLarge), [`Mismatched`](ResponseError::Mismatched)) | [`Unknown`](Outcome::Unknown); the request was probably carried out |
    /// | any other status | [`Unknown`](Outcome::Unknown) |
    ///
    /// A redirect and a 429 count as refusals regardless of who sent them.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Response(error) => error.outcome(),
            Self::Transport(error) => error.outcome(),
        }
    }

    /// Returns the time to wait before the next request, if the response specifies one. Otherwise,
    /// back off, starting with a few seconds.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use plex_auth_proto::Error;
    ///
    /// /// Returns how long to wait before retry number `attempt`, or `None` to give up.
    /// fn wait(error: &Error, attempt: u32) -> Option<Duration> {
    ///     if !error.is_retryable() || attempt > 4 {
    ///         return None;
    ///     }
    ///     let backoff = Duration::from_secs(2_u64.pow(attempt));
    ///     let asked = error.retry_after().map(|after| after.wait(SystemTime::now()));
    ///     // The server chooses the time, so cap it.
    ///     Some(asked.unwrap_or(backoff).min(Duration::from_secs(10 * 60)))
    /// }
    /// # fn saved_identifier() -> String { "example".into() }
    /// # use plex_auth_proto::{ClientIdentity, PlexTv, Token, http};
    /// # let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// # let token = Token::new("xyz-Abc_0123456789ab")?;
    /// # let (_, reply) = PlexTv::new(identity).ping(&token).into_parts();
    /// # let limited = || http::Response::builder().status(429);
    /// # let error = |response| Error::from(reply.parse(&response).unwrap_err());
    /// # assert_eq!(wait(&error(limited().body("")?), 1), Some(Duration::from_secs(2)));
    /// # let response = limited().header("retry-after", "7").body("")?;
    /// # assert_eq!(wait(&error(response), 1), Some(Duration::from_secs(7)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Flows that retry, such as [`RetriedCall`](crate::flow::RetriedCall), handle the wait
    /// themselves.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.as_response()?.retry_after()
    }
}

#[cfg(test)]
mod tests;
