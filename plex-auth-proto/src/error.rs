//! Errors, and what they consist of.

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

/// What a transport returns if there is no value: a response that is an error, or no response.
///
/// The two are never confused: [`is_token_invalid`](Self::is_token_invalid) is true only if Plex said so. Both
/// transports return it.
///
/// ```
/// use plex_auth_proto::{ClientIdentity, Error, PlexTv, Token, http};
/// use plex_auth_proto::error::TransportErrorKind;
///
/// /// What a program says, whatever its transport is.
/// fn advice(error: &Error) -> &'static str {
///     match error {
///         error if error.is_token_invalid() => "sign in again",
///         error if error.is_retryable() => "try later",
///         Error::Transport(_) => "look at the network",
///         _ => "look at what Plex says",
///     }
/// }
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
/// let (_, reply) = PlexTv::new(me).token_details(&Token::new("xyz-Abc_0123456789ab")?).into_parts();
///
/// let answer = http::Response::builder().status(401).body("")?;
/// let refused = Error::from(reply.parse(&answer).unwrap_err());
/// assert_eq!(advice(&refused), "sign in again");
///
/// // As a transport says it, of which nothing has left this machine.
/// let silence = reply.transport_error(TransportErrorKind::NameNotFound, false);
/// assert!(silence.as_transport().is_some_and(|silence| !silence.may_have_been_sent()));
/// assert_eq!(advice(&silence), "try later");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A response arrived, and is an error.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// No response arrived. This says nothing about login, password or token.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl Error {
    /// Returns the [`ResponseError`], if a response arrived.
    pub fn as_response(&self) -> Option<&ResponseError> {
        match self {
            Self::Response(error) => Some(error),
            Self::Transport(_) => None,
        }
    }

    /// Returns the [`TransportError`], if no response arrived.
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

    /// The published name of the operation, such as `getTokenDetails`.
    pub fn operation(&self) -> &'static str {
        self.context().operation()
    }

    /// The status of the answer, where one came.
    pub fn status(&self) -> Option<StatusCode> {
        self.as_response().map(ResponseError::status)
    }

    /// Whether Plex said that the token is no longer valid; see [`ResponseError::is_token_invalid`].
    pub fn is_token_invalid(&self) -> bool {
        self.as_response().is_some_and(ResponseError::is_token_invalid)
    }

    /// Whether a 401, 403 or 498 may come from a proxy or a captive portal instead of plex.tv, so that it says nothing
    /// about the token: see [`ResponseError::is_unconfirmed`].
    pub fn is_unconfirmed(&self) -> bool {
        self.as_response().is_some_and(ResponseError::is_unconfirmed)
    }

    /// Whether a verification code is wanted; see [`ResponseError::needs_verification_code`].
    pub fn needs_verification_code(&self) -> bool {
        self.as_response().is_some_and(ResponseError::needs_verification_code)
    }

    /// Whether the PIN is gone for good; see [`ResponseError::is_pin_gone`].
    pub fn is_pin_gone(&self) -> bool {
        self.as_response().is_some_and(ResponseError::is_pin_gone)
    }

    /// Whether Plex does not know the device by its key; see [`ResponseError::needs_new_device_key`].
    pub fn needs_new_device_key(&self) -> bool {
        self.as_response().is_some_and(ResponseError::needs_new_device_key)
    }

    /// Whether a Home PIN is wanted; see [`ResponseError::needs_home_pin`].
    pub fn needs_home_pin(&self) -> bool {
        self.as_response().is_some_and(ResponseError::needs_home_pin)
    }

    /// Whether the same call may succeed later and does no harm if its first copy was carried out
    /// after all; see [`ResponseError::is_retryable`] and [`TransportError::is_retryable`].
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Response(error) => error.is_retryable(),
            Self::Transport(error) => error.is_retryable(),
        }
    }

    /// Returns whether the request was carried out.
    ///
    /// | Error | Outcome |
    /// |---|---|
    /// | [`TransportError`] that says [nothing was sent](TransportError::may_have_been_sent) | [`NotSent`](Outcome::NotSent) |
    /// | any other [`TransportError`] | [`Unknown`](Outcome::Unknown) |
    /// | [`Redirected`](ResponseError::Redirected), [`RateLimited`](ResponseError::RateLimited) (429) | [`Refused`](Outcome::Refused) |
    /// | 4xx from plex.tv whose body [lists Plex's errors](Rejection::errors) | [`Refused`](Outcome::Refused) |
    /// | 401 or 498 from plex.tv over `https` with an empty body | [`Refused`](Outcome::Refused) |
    /// | 401 or 403 from a media server | [`Refused`](Outcome::Refused) |
    /// | any other 4xx: a web page, a proxy's response, a call whose [host](crate::Call::host) is not set | [`Unknown`](Outcome::Unknown) |
    /// | 503 with code 1013 | [`Refused`](Outcome::Refused) |
    /// | any other 5xx ([`Unavailable`](ResponseError::Unavailable)) | [`Unknown`](Outcome::Unknown) |
    /// | a success that cannot be read ([`UnexpectedContent`](ResponseError::UnexpectedContent), [`UnexpectedShape`](ResponseError::UnexpectedShape), [`BodyTooLarge`](ResponseError::BodyTooLarge), [`Mismatched`](ResponseError::Mismatched)) | [`Unknown`](Outcome::Unknown); it probably was carried out |
    /// | any other status | [`Unknown`](Outcome::Unknown) |
    ///
    /// A redirect and a 429 count as refusals whoever sent them. Whether sending the request again is useful,
    /// too, is what [`is_retryable`](Self::is_retryable) says.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Response(error) => error.outcome(),
            Self::Transport(error) => error.outcome(),
        }
    }

    /// How long to wait before the next call, where the answer says so.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.as_response()?.retry_after()
    }
}

#[cfg(test)]
mod tests;
