//! Classification of ureq errors, including whether anything was sent.
//!
//! With a caller's agent, the phase in which an error occurred can be inferred only from its type.

use std::io;
use std::time::Duration;

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use plex_auth_proto::http::Uri;
use plex_auth_proto::http::uri::Scheme;
use ureq::config::Config;
use ureq::{Agent, Error, Timeout};

use crate::failure::Failure;
#[cfg(feature = "rustls")]
use crate::tls_error;

/// The information about an exchange that is needed to classify its errors.
pub(crate) struct ErrorContext<'a> {
    config: &'a Config,
    https: bool,
    proxied: bool,
    limit: Duration,
}

impl<'a> ErrorContext<'a> {
    pub(crate) fn new(agent: &'a Agent, uri: &Uri, limit: Duration) -> Self {
        let config = agent.config();
        Self {
            config,
            https: uri.scheme() == Some(&Scheme::HTTPS),
            proxied: config.proxy().is_some_and(|proxy| !proxy.is_no_proxy(uri)),
            limit,
        }
    }

    /// Creates the context for reading a body, for which the URL does not matter.
    pub(crate) fn of_body(agent: &'a Agent, limit: Duration) -> Self {
        Self { config: agent.config(), https: false, proxied: false, limit }
    }

    /// Returns the error for a timeout, with the limit that was exceeded: the agent's own limit for
    /// this phase or the limit for the exchange, whichever is shorter.
    fn exceeded(&self, timeout: Timeout) -> TransportErrorKind {
        let agent = self.config.timeouts();
        let own = match timeout {
            Timeout::PerCall => agent.per_call,
            Timeout::Resolve => agent.resolve,
            Timeout::Connect => Some(connect_limit(agent.connect, self.limit)),
            Timeout::SendRequest => agent.send_request,
            Timeout::SendBody => agent.send_body,
            Timeout::RecvResponse => agent.recv_response,
            Timeout::RecvBody => agent.recv_body,
            Timeout::PerRead => self.config.timeout_per_read(),
            Timeout::PerWrite => self.config.timeout_per_write(),
            _ => None,
        };
        TransportErrorKind::TimedOut(own.map_or(self.limit, |own| own.min(self.limit)))
    }

    /// Returns the failure for a connection that was not established. If the exchange uses a proxy,
    /// the failure is [`TransportErrorKind::Proxy`] instead of `kind`.
    fn not_connected(&self, kind: TransportErrorKind) -> Failure {
        Failure::not_sent(if self.proxied { TransportErrorKind::Proxy } else { kind })
    }
}

/// The time limit for connecting, including TLS and a proxy, unless the agent has its own.
// If the first address does not respond, enough time remains for the others, because ureq divides
// the limit among the addresses.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The error for a request whose head does not fit into ureq's buffer.
pub(crate) const HEAD_TOO_LARGE: TransportErrorKind =
    TransportErrorKind::NotStarted("the URL or a header is too long");

/// Returns the time limit for connecting. It is shorter than the limit for the exchange, so that
/// ureq's error shows which of the two was exceeded, and therefore whether anything may have been
/// sent.
pub(crate) fn connect_limit(own: Option<Duration>, limit: Duration) -> Duration {
    let margin = (limit / 10).min(Duration::from_secs(2));
    own.unwrap_or(CONNECT_TIMEOUT).min(limit.saturating_sub(margin))
}

/// Returns whether the connection was closed before a response arrived. Servers close connections
/// that have been idle for too long.
pub(crate) fn is_closed(error: &Error) -> bool {
    matches!(error, Error::Io(error) if is_disconnect(error))
}

fn is_disconnect(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

/// Classifies an error. If in doubt, the request counts as sent.
pub(crate) fn classify(error: &Error, context: &ErrorContext<'_>) -> Failure {
    match error {
        Error::HostNotFound => context.not_connected(TransportErrorKind::NameNotFound),
        Error::ConnectionFailed => context.not_connected(TransportErrorKind::Unreachable),
        Error::Timeout(timeout @ (Timeout::Resolve | Timeout::Connect)) => {
            Failure::not_sent(context.exceeded(*timeout))
        }
        Error::Timeout(timeout) => Failure::outcome_unknown(context.exceeded(*timeout)),
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => {
            Failure::not_sent(TransportErrorKind::Proxy)
        }
        Error::TlsRequired => {
            Failure::not_sent(TransportErrorKind::Tls(TlsErrorKind::NotAvailable))
        }
        Error::Tls(_) => Failure::outcome_unknown(TransportErrorKind::Tls(TlsErrorKind::Other)),
        #[cfg(feature = "rustls")]
        Error::Rustls(error) => tls_error::classify(error),
        Error::Io(error) => classify_io(error, context),
        _ => classify_protocol(error),
    }
}

/// Classifies an error in HTTP itself rather than in the connection.
pub(crate) fn classify_protocol(error: &Error) -> Failure {
    match error {
        Error::RequireHttpsOnly(_) => not_started("the agent allows only HTTPS"),
        Error::BadUri(_) | Error::Http(_) => not_started("the URL or a header is invalid"),
        Error::LargeResponseHeader(..) => {
            Failure::outcome_unknown(TransportErrorKind::HeadTooLarge)
        }
        Error::Protocol(error) => classify_message(&error.to_string()),
        Error::Io(error) if is_disconnect(error) => {
            Failure::outcome_unknown(TransportErrorKind::CutOff)
        }
        _ => Failure::outcome_unknown(TransportErrorKind::Other),
    }
}

/// Returns the kind of a failure that occurred while a body was read. A failure that could not be
/// classified counts as [`TransportErrorKind::CutOff`].
pub(crate) fn body_kind(failure: Failure) -> TransportErrorKind {
    match failure.kind() {
        TransportErrorKind::Other => TransportErrorKind::CutOff,
        kind => kind,
    }
}

fn not_started(reason: &'static str) -> Failure {
    Failure::not_sent(TransportErrorKind::NotStarted(reason))
}

/// Classifies a protocol error by its text, because ureq does not export the type. Such an error
/// means an invalid response, except for the few that a custom request can cause.
fn classify_message(text: &str) -> Failure {
    match text {
        // The lines before the one that is too large may have been sent.
        "output too small to write output" => Failure::outcome_unknown(HEAD_TOO_LARGE),
        "body not allowed by method"
        | "more than one host header"
        | "host header is not a string"
        | "authorization header is not a string" => {
            not_started("a header is invalid, or the method does not allow a body")
        }
        "attempt to write larger body than content-length" => {
            Failure::outcome_unknown(TransportErrorKind::Other)
        }
        "http parse resulted in too many headers" => {
            Failure::outcome_unknown(TransportErrorKind::HeadTooLarge)
        }
        _ => Failure::outcome_unknown(TransportErrorKind::NotHttp),
    }
}

fn classify_io(error: &io::Error, context: &ErrorContext<'_>) -> Failure {
    use io::ErrorKind as Kind;

    #[cfg(feature = "rustls")]
    if let Some(error) = tls_error::find(error) {
        return tls_error::classify(error);
    }
    match error.kind() {
        Kind::ConnectionRefused => context.not_connected(TransportErrorKind::Refused),
        // On an established connection, any realistic time limit expires before these occur.
        Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable => context.not_connected(TransportErrorKind::Unreachable),
        _ if is_disconnect(error) => Failure::outcome_unknown(TransportErrorKind::CutOff),
        Kind::TimedOut => Failure::outcome_unknown(TransportErrorKind::TimedOut(context.limit)),
        Kind::InvalidData if context.https => {
            Failure::outcome_unknown(TransportErrorKind::Tls(TlsErrorKind::Other))
        }
        Kind::NotConnected if error.raw_os_error().is_none() => {
            not_started("the agent has been shut down")
        }
        _ if is_lookup_error(error) => context.not_connected(TransportErrorKind::NameNotFound),
        _ => Failure::outcome_unknown(TransportErrorKind::Other),
    }
}

/// Returns whether the error means that the resolver found no address for the name. The standard
/// library reports this only as text, except on Windows, which has error codes for it.
pub(crate) fn is_lookup_error(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(number) => cfg!(windows) && (11001..=11004).contains(&number),
        None => error.to_string().starts_with("failed to lookup address information"),
    }
}

#[cfg(test)]
mod tests;
