use http::StatusCode;

use crate::operation::context::Asked;
use crate::values::retry_after::RetryAfter;
use response::Error;
use transport::NoAnswer;

pub(crate) mod plex_error;
pub(crate) mod rejection;
pub(crate) mod response;
pub(crate) mod transport;

/// What a transport returns where there is no value: Plex said no, or no answer came.
///
/// The two are never confused: [`is_token_dead`](Self::is_token_dead) is true only where Plex said so. Both
/// transports return it, and call it `Error`.
///
/// ```
/// use plex_auth_proto::{http, ClientIdentity, NoAnswerReason, PlexTv, SendError, Token};
///
/// /// What a program says, whatever its transport is.
/// fn advice(error: &SendError) -> &'static str {
///     match error {
///         error if error.is_token_dead() => "sign in again",
///         error if error.may_retry() => "try later",
///         SendError::NoAnswer(_) => "look at the network",
///         _ => "look at what Plex says",
///     }
/// }
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
/// let (_, reply) = PlexTv::new(me).token_details(&Token::new("xyz-Abc_0123456789ab")?).into_parts();
///
/// let answer = http::Response::builder().status(401).body("")?;
/// let refused = SendError::from(reply.parse(&answer).unwrap_err());
/// assert_eq!(advice(&refused), "sign in again");
///
/// // As a transport says it, of which nothing has left this machine.
/// let silence = reply.no_answer(NoAnswerReason::NameNotFound, false);
/// assert!(silence.no_answer().is_some_and(|silence| !silence.may_have_been_sent()));
/// assert_eq!(advice(&silence), "try later");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// An answer came, and this is what it says.
    #[error(transparent)]
    Answered(#[from] Error),
    /// No answer came. It says nothing about login, password or token.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

impl SendError {
    /// Plex's own verdict, where there is one.
    pub fn answered(&self) -> Option<&Error> {
        match self {
            Self::Answered(error) => Some(error),
            Self::NoAnswer(_) => None,
        }
    }

    /// Why no answer came, where none did.
    pub fn no_answer(&self) -> Option<&NoAnswer> {
        match self {
            Self::Answered(_) => None,
            Self::NoAnswer(error) => Some(error),
        }
    }

    /// What was asked, and of whom.
    pub fn asked(&self) -> &Asked {
        match self {
            Self::Answered(error) => error.asked(),
            Self::NoAnswer(error) => error.asked(),
        }
    }

    /// The published name of the operation, such as `getTokenDetails`.
    pub fn operation(&self) -> &'static str {
        self.asked().operation()
    }

    /// The status of the answer, where one came.
    pub fn status(&self) -> Option<StatusCode> {
        self.answered().map(Error::status)
    }

    /// Whether Plex declared the token dead; see [`Error::is_token_dead`].
    pub fn is_token_dead(&self) -> bool {
        self.answered().is_some_and(Error::is_token_dead)
    }

    /// Whether a verification code is wanted; see [`Error::wants_second_factor`].
    pub fn wants_second_factor(&self) -> bool {
        self.answered().is_some_and(Error::wants_second_factor)
    }

    /// Whether the PIN is gone for good; see [`Error::is_pin_gone`].
    pub fn is_pin_gone(&self) -> bool {
        self.answered().is_some_and(Error::is_pin_gone)
    }

    /// Whether Plex does not know the device by its key; see [`Error::wants_new_device_key`].
    pub fn wants_new_device_key(&self) -> bool {
        self.answered().is_some_and(Error::wants_new_device_key)
    }

    /// Whether a Home PIN is wanted; see [`Error::wants_home_pin`].
    pub fn wants_home_pin(&self) -> bool {
        self.answered().is_some_and(Error::wants_home_pin)
    }

    /// Whether the same call may succeed later and does no harm if its first copy was carried out
    /// after all; see [`Error::may_retry`] and [`NoAnswer::may_retry`].
    pub fn may_retry(&self) -> bool {
        match self {
            Self::Answered(error) => error.may_retry(),
            Self::NoAnswer(error) => error.may_retry(),
        }
    }

    /// How long to wait before the next call, where the answer says so.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.answered()?.retry_after()
    }
}

#[cfg(test)]
mod tests;
