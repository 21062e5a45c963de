use std::io::{self, ErrorKind};
use std::time::Duration;

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use ureq::{Agent, Error, Proxy, Timeout};

use super::{CONNECT_TIMEOUT, ErrorContext, Failure, classify, connect_limit, is_closed};

const LIMIT: Duration = Duration::from_secs(30);

fn failure(error: Error, url: &str, proxy: Option<&str>) -> Failure {
    let proxy = proxy.map(|url| Proxy::new(url).unwrap());
    let agent = Agent::config_builder()
        .proxy(proxy)
        .timeout_recv_response(Some(Duration::from_secs(5)))
        .build()
        .new_agent();
    let uri = url.parse().unwrap();
    classify(&error, &ErrorContext::new(&agent, &uri, LIMIT))
}

fn plain(error: Error) -> Failure {
    failure(error, "http://10.0.0.7:32400/identity", None)
}

fn io_error(kind: ErrorKind) -> Error {
    Error::Io(kind.into())
}

fn lookup_error() -> Error {
    let text = "failed to lookup address information: Name or service not known";
    Error::Io(io::Error::other(text))
}

#[test]
fn without_a_connection_nothing_was_sent() {
    for (error, kind) in [
        (Error::HostNotFound, TransportErrorKind::NameNotFound),
        (lookup_error(), TransportErrorKind::NameNotFound),
        (Error::ConnectionFailed, TransportErrorKind::Unreachable),
        (io_error(ErrorKind::ConnectionRefused), TransportErrorKind::Refused),
        (io_error(ErrorKind::HostUnreachable), TransportErrorKind::Unreachable),
        (Error::Timeout(Timeout::Resolve), TransportErrorKind::TimedOut(LIMIT)),
        (Error::Timeout(Timeout::Connect), TransportErrorKind::TimedOut(CONNECT_TIMEOUT)),
        (Error::TlsRequired, TransportErrorKind::Tls(TlsErrorKind::NotAvailable)),
        (Error::ConnectProxyFailed(String::new()), TransportErrorKind::Proxy),
    ] {
        assert_eq!(plain(error), Failure::not_sent(kind));
    }
}

#[test]
fn request_counts_as_sent_if_in_doubt() {
    for (error, kind) in [
        (Error::Timeout(Timeout::Global), TransportErrorKind::TimedOut(LIMIT)),
        (io_error(ErrorKind::UnexpectedEof), TransportErrorKind::CutOff),
        (io_error(ErrorKind::ConnectionReset), TransportErrorKind::CutOff),
        (io_error(ErrorKind::BrokenPipe), TransportErrorKind::CutOff),
        (io_error(ErrorKind::PermissionDenied), TransportErrorKind::Other),
        (Error::LargeResponseHeader(2, 1), TransportErrorKind::HeadTooLarge),
        (Error::BodyExceedsLimit(1), TransportErrorKind::Other),
    ] {
        assert_eq!(plain(error), Failure::outcome_unknown(kind));
    }
}

#[test]
fn a_shorter_limit_of_the_agent_is_reported() {
    assert_eq!(
        plain(Error::Timeout(Timeout::RecvResponse)),
        Failure::outcome_unknown(TransportErrorKind::TimedOut(Duration::from_secs(5)))
    );
}

#[test]
fn a_limit_for_connecting_is_reported_as_it_was_set() {
    let agent = Agent::config_builder().proxy(None).build().new_agent();
    let uri = "http://10.0.0.7:32400/identity".parse().unwrap();
    let context = ErrorContext::new(&agent, &uri, Duration::from_secs(5));
    let failure = classify(&Error::Timeout(Timeout::Connect), &context);
    let limit = Duration::from_millis(4_500);
    assert_eq!(failure, Failure::not_sent(TransportErrorKind::TimedOut(limit)));
}

#[test]
fn with_a_proxy_the_proxy_is_unreachable() {
    for error in [
        Error::HostNotFound,
        lookup_error(),
        io_error(ErrorKind::ConnectionRefused),
        io_error(ErrorKind::NetworkUnreachable),
    ] {
        let failure = failure(error, "https://plex.tv/", Some("http://proxy.example:3128"));
        assert_eq!(failure, Failure::not_sent(TransportErrorKind::Proxy));
    }
}

#[test]
fn early_end_of_tls_may_have_sent() {
    for error in [
        io_error(ErrorKind::UnexpectedEof),
        io_error(ErrorKind::ConnectionReset),
        Error::Io(io::Error::new(ErrorKind::UnexpectedEof, "Peer disconnected")),
    ] {
        let failure = failure(error, "https://plex.tv/", None);
        assert_eq!(failure, Failure::outcome_unknown(TransportErrorKind::CutOff));
    }
}

#[test]
fn only_a_closed_connection_is_retried() {
    assert!(is_closed(&io_error(ErrorKind::UnexpectedEof)));
    assert!(is_closed(&io_error(ErrorKind::ConnectionReset)));
    assert!(!is_closed(&io_error(ErrorKind::ConnectionRefused)));
    assert!(!is_closed(&Error::Timeout(Timeout::Global)));
}

#[test]
fn connecting_ends_before_the_exchange() {
    let second = Duration::from_secs(1);
    assert_eq!(connect_limit(None, LIMIT), CONNECT_TIMEOUT);
    assert_eq!(connect_limit(Some(60 * second), LIMIT), 28 * second);
    assert_eq!(connect_limit(Some(second), LIMIT), second);
    assert_eq!(connect_limit(None, second), Duration::from_millis(900));
    assert_eq!(connect_limit(None, Duration::ZERO), Duration::ZERO);
}
