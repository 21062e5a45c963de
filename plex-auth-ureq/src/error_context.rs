//! What ureq's errors mean: why no answer came, and whether anything was sent.

use std::io;
use std::time::Duration;

use plex_auth_proto::http::Uri;
use plex_auth_proto::http::uri::Scheme;
use plex_auth_proto::{NoAnswerReason as Reason, TlsFault};
use ureq::config::Config;
use ureq::{Agent, Error, Timeout};

use crate::failure::Fault;
#[cfg(feature = "rustls")]
use crate::tls_fault;

/// What must be known of an exchange to say what an error in it means.
pub(crate) struct Circumstances<'a> {
    config: &'a Config,
    https: bool,
    proxied: bool,
    pub(crate) limit: Duration,
}

impl<'a> Circumstances<'a> {
    pub(crate) fn new(agent: &'a Agent, uri: &Uri, limit: Duration) -> Self {
        let config = agent.config();
        Self {
            config,
            https: uri.scheme() == Some(&Scheme::HTTPS),
            proxied: config.proxy().is_some_and(|proxy| !proxy.is_no_proxy(uri)),
            limit,
        }
    }

    /// The limit that was exceeded: one of the agent's own where that is the shorter one.
    fn exceeded(&self, timeout: Timeout) -> Reason {
        let own = self.config.timeouts();
        let own = match timeout {
            Timeout::PerCall => own.per_call,
            Timeout::Resolve => own.resolve,
            Timeout::Connect => Some(own.connect.unwrap_or(CONNECT_TIMEOUT)),
            Timeout::SendRequest => own.send_request,
            Timeout::SendBody => own.send_body,
            Timeout::RecvResponse => own.recv_response,
            Timeout::RecvBody => own.recv_body,
            Timeout::PerRead => self.config.timeout_per_read(),
            Timeout::PerWrite => self.config.timeout_per_write(),
            _ => None,
        };
        Reason::TimedOut(own.map_or(self.limit, |own| own.min(self.limit)))
    }

    /// Where the connection itself fails: with a proxy it is the proxy's that does.
    fn not_connected(&self, reason: Reason) -> Fault {
        Fault::nothing_sent(if self.proxied { Reason::Proxy } else { reason })
    }
}

/// How long connecting may take, TLS and a proxy included, unless the agent has a limit of its own for
/// it: long enough for any host that answers, and so short that one whose first address is dead can be
/// reached by its second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long connecting may take within the limit. It ends a moment before the whole does, as ureq says
/// only that way which of the two it was, and whether anything was sent hangs on it.
pub(crate) fn connect_limit(own: Option<Duration>, limit: Duration) -> Duration {
    let moment = (limit / 10).min(Duration::from_secs(2));
    own.unwrap_or(CONNECT_TIMEOUT).min(limit.saturating_sub(moment))
}

/// Whether the connection was closed before an answer, as a server does with one that was kept open for
/// too long.
pub(crate) fn is_closed(error: &Error) -> bool {
    matches!(error, Error::Io(error) if closed(error))
}

fn closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

/// What an error means. In doubt the request was sent.
pub(crate) fn classify(error: &Error, circumstances: &Circumstances<'_>) -> Fault {
    match error {
        Error::HostNotFound => circumstances.not_connected(Reason::NameNotFound),
        Error::ConnectionFailed => circumstances.not_connected(Reason::Unreachable),
        Error::Timeout(timeout @ (Timeout::Resolve | Timeout::Connect)) => {
            Fault::nothing_sent(circumstances.exceeded(*timeout))
        }
        Error::Timeout(timeout) => Fault::outcome_unknown(circumstances.exceeded(*timeout)),
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => Fault::nothing_sent(Reason::Proxy),
        Error::TlsRequired => Fault::nothing_sent(Reason::Tls(TlsFault::NotAvailable)),
        Error::Tls(_) => Fault::nothing_sent(Reason::Tls(TlsFault::Other)),
        #[cfg(feature = "rustls")]
        Error::Rustls(error) => tls_fault::classify(error),
        Error::RequireHttpsOnly(_) => not_started("the agent is set to https alone"),
        Error::BadUri(_) | Error::Http(_) => not_started("the request cannot be sent as it is"),
        Error::LargeResponseHeader(..) => Fault::outcome_unknown(Reason::HeadTooLarge),
        Error::Protocol(error) => protocol(&error.to_string()),
        Error::Io(error) => io_error(error, circumstances),
        _ => Fault::outcome_unknown(Reason::Other),
    }
}

fn not_started(why: &'static str) -> Fault {
    Fault::nothing_sent(Reason::NotStarted(why))
}

/// ureq does not name the type of these errors, so their fixed text has to do. The answer is at fault
/// but for the few that a request of the caller's own can cause.
fn protocol(text: &str) -> Fault {
    match text {
        "output too small to write output" => not_started("the head of the request is too large"),
        "body not allowed by method"
        | "more than one host header"
        | "host header is not a string"
        | "authorization header is not a string" => {
            not_started("the request cannot be sent as it is")
        }
        "attempt to write larger body than content-length" => Fault::outcome_unknown(Reason::Other),
        "http parse resulted in too many headers" => Fault::outcome_unknown(Reason::HeadTooLarge),
        _ => Fault::outcome_unknown(Reason::NotHttp),
    }
}

fn io_error(error: &io::Error, circumstances: &Circumstances<'_>) -> Fault {
    use io::ErrorKind as Kind;

    #[cfg(feature = "rustls")]
    if let Some(error) = tls_fault::find(error) {
        return tls_fault::classify(error);
    }
    match error.kind() {
        Kind::ConnectionRefused => circumstances.not_connected(Reason::Refused),
        // Of a connection that stands, these are not told within any limit that one sets.
        Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable => circumstances.not_connected(Reason::Unreachable),
        // rustls says so of a handshake that ends; ureq and rustls say more of any later end.
        Kind::UnexpectedEof if circumstances.https && error.get_ref().is_none() => {
            Fault::nothing_sent(Reason::Tls(TlsFault::Interrupted))
        }
        _ if closed(error) => Fault::outcome_unknown(Reason::CutOff),
        Kind::TimedOut => Fault::outcome_unknown(Reason::TimedOut(circumstances.limit)),
        Kind::InvalidData if circumstances.https => {
            Fault::outcome_unknown(Reason::Tls(TlsFault::Other))
        }
        Kind::NotConnected if error.raw_os_error().is_none() => {
            not_started("the agent has been shut down")
        }
        _ if is_look_up(error) => circumstances.not_connected(Reason::NameNotFound),
        _ => Fault::outcome_unknown(Reason::Other),
    }
}

/// Whether the look-up of the name failed, which the standard library says in words alone, and Windows
/// by its own numbers.
fn is_look_up(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(number) => cfg!(windows) && (11001..=11004).contains(&number),
        None => error.to_string().starts_with("failed to lookup address information"),
    }
}

#[cfg(test)]
mod tests;
