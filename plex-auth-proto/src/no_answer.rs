use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::asked::Asked;
use crate::error::Error;
use crate::retry_after::RetryAfter;

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

/// No answer came: the network, the name, TLS or time is at fault, not Plex.
#[derive(Clone, Debug)]
pub struct NoAnswer {
    asked: Box<Asked>,
    reason: NoAnswerReason,
    sent: bool,
}

impl NoAnswer {
    pub(crate) fn new(asked: &Asked, reason: NoAnswerReason, sent: bool) -> Self {
        Self { asked: Box::new(asked.clone()), reason, sent }
    }

    /// What was asked, and of whom.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Why none came.
    pub fn reason(&self) -> NoAnswerReason {
        self.reason
    }

    /// Whether some of the request may have reached the server, so that it may have been carried out.
    /// False means that nothing was sent.
    pub fn may_have_been_sent(&self) -> bool {
        self.sent
    }

    /// Whether the same call may succeed later, and does no harm if its first copy was carried out
    /// after all: the reason can pass, and nothing was sent or the call is repeatable.
    pub fn may_retry(&self) -> bool {
        use NoAnswerReason as Reason;
        let passes = match self.reason {
            Reason::Tls(fault) => fault == TlsFault::Interrupted,
            Reason::NotHttp | Reason::HeadTooLarge | Reason::NotStarted(_) => false,
            _ => true,
        };
        passes && (!self.sent || self.asked.repeatable)
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = if self.sent { "outcome unknown" } else { "nothing was sent" };
        write!(f, "{}: {} ({sent})", self.asked, self.reason)
    }
}

impl std::error::Error for NoAnswer {}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoAnswerReason {
    /// The host's name does not resolve: it is misspelt, the network is down, or a router refuses
    /// `plex.direct` names because they point into the local network (DNS rebinding protection; allow
    /// `plex.direct` there).
    NameNotFound,
    /// Nothing listens at the address.
    Refused,
    /// The network or the host cannot be reached.
    Unreachable,
    /// TLS could not be set up, and why.
    Tls(TlsFault),
    /// No whole answer within the time allowed, which is given.
    TimedOut(Duration),
    /// The connection ended before the answer did.
    CutOff,
    /// What answers does not speak HTTP.
    NotHttp,
    /// The head of the answer is larger than the client reads.
    HeadTooLarge,
    /// The proxy could not be reached, refused, or wants a password.
    Proxy,
    /// The client could not start, and why: a sentence of the transport's, fixed at compile time.
    NotStarted(&'static str),
    /// Something else went wrong below HTTP.
    Other,
}

impl fmt::Display for NoAnswerReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameNotFound => f.write_str("the name of the host was not found"),
            Self::Refused => f.write_str("the connection was refused"),
            Self::Unreachable => f.write_str("the host cannot be reached"),
            Self::Tls(fault) => write!(f, "TLS failed: {fault}"),
            Self::TimedOut(limit) => write!(f, "no whole answer within {limit:?}"),
            Self::CutOff => f.write_str("the connection ended before the answer did"),
            Self::NotHttp => f.write_str("what answers does not speak HTTP"),
            Self::HeadTooLarge => f.write_str("the head of the answer is too large"),
            Self::Proxy => f.write_str("the proxy refused or could not be reached"),
            Self::NotStarted(why) => f.write_str(why),
            Self::Other => f.write_str("the connection failed"),
        }
    }
}

/// Why TLS could not be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate's issuer is not trusted: a self-signed server, or somebody in between. A
    /// server's own authority can be added to the transport's roots.
    UntrustedIssuer,
    /// The certificate is for another name. A media server's is for its `plex.direct` name.
    WrongName,
    /// The certificate has expired, or this machine's clock is wrong.
    Expired,
    /// The certificate is not valid yet; mostly this machine's clock is wrong.
    NotYetValid,
    /// What answers does not speak TLS: an `http` port.
    NotTls,
    /// The connection ended during the handshake.
    Interrupted,
    /// The client was built without TLS, or its settings do not work.
    NotAvailable,
    /// Another fault of the certificate or the handshake.
    Other,
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UntrustedIssuer => "the issuer of the certificate is not trusted",
            Self::WrongName => "the certificate is for another name",
            Self::Expired => "the certificate has expired, or this machine's clock is wrong",
            Self::NotYetValid => {
                "the certificate is not valid yet, or this machine's clock is wrong"
            }
            Self::NotTls => "what answers does not speak TLS",
            Self::Interrupted => "the connection ended during the handshake",
            Self::NotAvailable => "this client has no TLS",
            Self::Other => "the handshake failed",
        })
    }
}

#[cfg(test)]
mod tests;
