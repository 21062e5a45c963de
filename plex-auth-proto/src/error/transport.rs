use std::fmt;
use std::time::Duration;

use crate::operation::context::RequestContext;

/// No response arrived: the network, the name, TLS or time is at fault, not Plex.
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

    /// The context of the request.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The kind of failure.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether some of the request may have reached the server, so that it may have been carried out.
    /// False means that nothing was sent.
    pub fn may_have_been_sent(&self) -> bool {
        self.sent
    }

    /// Whether the same call may succeed later, and does no harm if its first copy was carried out
    /// after all: the reason can pass, and nothing was sent or the call is idempotent.
    pub fn is_retryable(&self) -> bool {
        use TransportErrorKind as Kind;
        let passes = match self.kind {
            Kind::Tls(error) => error == TlsErrorKind::Interrupted,
            Kind::NotHttp | Kind::HeadTooLarge | Kind::NotStarted(_) => false,
            _ => true,
        };
        passes && self.outcome().allows_repeat(&self.context)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = if self.sent { "outcome unknown" } else { "nothing was sent" };
        write!(f, "{}: {} ({sent})", self.context, self.kind)
    }
}

impl std::error::Error for TransportError {}

/// The kind of a [`TransportError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host's name does not resolve: it is misspelt, the network is down, or a router refuses
    /// `plex.direct` names because they point into the local network (DNS rebinding protection; allow
    /// `plex.direct` there).
    NameNotFound,
    /// Nothing listens at the address.
    Refused,
    /// The network or the host cannot be reached.
    Unreachable,
    /// TLS could not be set up, and why.
    Tls(TlsErrorKind),
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
    /// The program stopped waiting for the response: it dropped the driver of a flow.
    Cancelled,
    /// Something else went wrong below HTTP.
    Other,
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameNotFound => f.write_str("the name of the host was not found"),
            Self::Refused => f.write_str("the connection was refused"),
            Self::Unreachable => f.write_str("the host cannot be reached"),
            Self::Tls(error) => write!(f, "TLS failed: {error}"),
            Self::TimedOut(limit) => write!(f, "no whole answer within {limit:?}"),
            Self::CutOff => f.write_str("the connection ended before the answer did"),
            Self::NotHttp => f.write_str("what answers does not speak HTTP"),
            Self::HeadTooLarge => f.write_str("the head of the answer is too large"),
            Self::Proxy => f.write_str("the proxy refused or could not be reached"),
            Self::NotStarted(why) => f.write_str(why),
            Self::Cancelled => f.write_str("the program stopped waiting for the response"),
            Self::Other => f.write_str("the connection failed"),
        }
    }
}

/// Why TLS could not be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsErrorKind {
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

impl fmt::Display for TlsErrorKind {
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
