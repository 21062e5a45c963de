use std::fmt;
use std::time::Duration;

use crate::error::response::message::Server;
use crate::operation::context::RequestContext;

/// The error for an exchange that ended without a complete response, for example because name
/// resolution, the connection or the TLS handshake failed, or because the deadline passed.
#[derive(Clone, Debug)]
pub struct TransportError {
    context: Box<RequestContext>,
    kind: TransportErrorKind,
    sent: bool,
}

impl TransportError {
    pub(crate) fn new(context: &RequestContext, kind: TransportErrorKind, sent: bool) -> Self {
        Self { context: Box::new(context.clone()), kind, sent }
    }

    /// Returns the context of the request.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// Returns the kind of failure.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns whether any part of the request may have reached the server, in which case the
    /// request may have been carried out. False means that nothing was sent.
    pub fn may_have_been_sent(&self) -> bool {
        self.sent
    }

    /// Returns whether retrying the same call may succeed and is safe, even if the first request
    /// was carried out: the failure may be temporary, and either nothing was sent or the call is
    /// idempotent.
    pub fn is_retryable(&self) -> bool {
        self.is_retryable_if(self.context.is_idempotent())
    }

    /// Returns whether retrying the call may succeed and is safe, given whether it is idempotent.
    pub(crate) fn is_retryable_if(&self, idempotent: bool) -> bool {
        use TransportErrorKind as Kind;
        let passes = match self.kind {
            Kind::Tls(error) => error == TlsErrorKind::Interrupted,
            Kind::NotHttp | Kind::HeadTooLarge | Kind::NotStarted(_) => false,
            _ => true,
        };
        passes && self.outcome().allows_repeat(idempotent)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent =
            if self.sent { "the request may have been carried out" } else { "nothing was sent" };
        write!(f, "request to {} failed: {} ({sent})", Server(&self.context), self.kind)
    }
}

impl std::error::Error for TransportError {}

/// The kind of a [`TransportError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host name cannot be resolved: it is misspelled, the network is down, or a router blocks
    /// `plex.direct` names because they point to the local network (DNS rebinding protection).
    /// Allow `plex.direct` in the router.
    NameNotFound,
    /// The connection was refused, usually because no program is listening on the port.
    Refused,
    /// The network or the host is unreachable.
    Unreachable,
    /// TLS could not be set up. Contains the reason.
    Tls(TlsErrorKind),
    /// The response was not complete within this time limit.
    TimedOut(Duration),
    /// The connection closed before the response was complete.
    CutOff,
    /// The response is not valid HTTP.
    NotHttp,
    /// The response headers are larger than the client accepts.
    HeadTooLarge,
    /// The proxy cannot be reached, refused the connection, or did not accept the credentials.
    Proxy,
    /// The client itself cannot carry out the request. Contains the reason, a message fixed at
    /// compile time.
    NotStarted(&'static str),
    /// The program stopped waiting for the response, for example by dropping the driver of a flow.
    Cancelled,
    /// Any other failure, including one that the transport does not recognize.
    Other,
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameNotFound => f.write_str("the host name was not found"),
            Self::Refused => f.write_str("the connection was refused"),
            Self::Unreachable => f.write_str("the host is unreachable"),
            Self::Tls(error) => write!(f, "TLS error: {error}"),
            Self::TimedOut(limit) => write!(f, "timed out after {limit:?}"),
            Self::CutOff => f.write_str("the connection closed before the response was complete"),
            Self::NotHttp => f.write_str("the response is not valid HTTP"),
            Self::HeadTooLarge => f.write_str("the response headers are too large"),
            Self::Proxy => f.write_str(
                "the proxy is unreachable, refused the connection, or rejected the credentials",
            ),
            Self::NotStarted(why) => f.write_str(why),
            Self::Cancelled => f.write_str("the program stopped waiting for the response"),
            Self::Other => f.write_str("the connection failed"),
        }
    }
}

/// The reason that TLS could not be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// The issuer of the certificate is not trusted: the server's certificate is self-signed or
    /// from a private certificate authority, or someone is intercepting the connection. You can add
    /// your own certificate authority to the transport's roots.
    UntrustedIssuer,
    /// The certificate is for another name. By default, a media server's certificate is for its
    /// `plex.direct` name.
    WrongName,
    /// The certificate has expired, or this machine's clock is wrong.
    Expired,
    /// The certificate is not valid yet. Usually this machine's clock is wrong.
    NotYetValid,
    /// The server does not speak TLS on this port, which is probably an `http` port.
    NotTls,
    /// The connection ended during the handshake.
    Interrupted,
    /// The client was built without TLS, or its TLS settings are invalid.
    NotAvailable,
    /// Another certificate or handshake error.
    Other,
}

impl fmt::Display for TlsErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UntrustedIssuer => "the certificate's issuer is not trusted",
            Self::WrongName => "the certificate is for a different host name",
            Self::Expired => "the certificate has expired, or the system clock is wrong",
            Self::NotYetValid => "the certificate is not valid yet, or the system clock is wrong",
            Self::NotTls => "the server does not speak TLS",
            Self::Interrupted => "the connection closed during the handshake",
            Self::NotAvailable => "this client cannot use TLS",
            Self::Other => "the certificate is invalid, or the handshake failed",
        })
    }
}
