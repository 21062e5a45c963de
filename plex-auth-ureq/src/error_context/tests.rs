use std::io::{self, ErrorKind};
use std::time::Duration;

use plex_auth_proto::NoAnswerReason as Reason;
use plex_auth_proto::TlsFault;
use ureq::{Agent, Error, Proxy, Timeout};

use super::{CONNECT_TIMEOUT, Circumstances, Fault, classify, connect_limit, is_closed};

const LIMIT: Duration = Duration::from_secs(30);

fn fault(error: Error, url: &str, proxy: Option<&str>) -> Fault {
    let proxy = proxy.map(|url| Proxy::new(url).unwrap());
    let agent = Agent::config_builder()
        .proxy(proxy)
        .timeout_recv_response(Some(Duration::from_secs(5)))
        .build()
        .new_agent();
    let uri = url.parse().unwrap();
    classify(&error, &Circumstances::new(&agent, &uri, LIMIT))
}

fn plain(error: Error) -> Fault {
    fault(error, "http://10.0.0.7:32400/identity", None)
}

fn io_error(kind: ErrorKind) -> Error {
    Error::Io(kind.into())
}

fn look_up() -> Error {
    let text = "failed to lookup address information: Name or service not known";
    Error::Io(io::Error::other(text))
}

#[test]
fn nothing_was_sent_where_no_connection_was_made() {
    for (error, reason) in [
        (Error::HostNotFound, Reason::NameNotFound),
        (look_up(), Reason::NameNotFound),
        (Error::ConnectionFailed, Reason::Unreachable),
        (io_error(ErrorKind::ConnectionRefused), Reason::Refused),
        (io_error(ErrorKind::HostUnreachable), Reason::Unreachable),
        (Error::Timeout(Timeout::Resolve), Reason::TimedOut(LIMIT)),
        (Error::Timeout(Timeout::Connect), Reason::TimedOut(CONNECT_TIMEOUT)),
        (Error::TlsRequired, Reason::Tls(TlsFault::NotAvailable)),
        (Error::ConnectProxyFailed(String::new()), Reason::Proxy),
    ] {
        assert_eq!(plain(error), Fault::nothing_sent(reason));
    }
}

#[test]
fn in_doubt_the_request_was_sent() {
    for (error, reason) in [
        (Error::Timeout(Timeout::Global), Reason::TimedOut(LIMIT)),
        (io_error(ErrorKind::UnexpectedEof), Reason::CutOff),
        (io_error(ErrorKind::ConnectionReset), Reason::CutOff),
        (io_error(ErrorKind::BrokenPipe), Reason::CutOff),
        (io_error(ErrorKind::PermissionDenied), Reason::Other),
        (Error::LargeResponseHeader(2, 1), Reason::HeadTooLarge),
        (Error::BodyExceedsLimit(1), Reason::Other),
    ] {
        assert_eq!(plain(error), Fault::outcome_unknown(reason));
    }
}

#[test]
fn a_shorter_limit_of_the_agents_own_is_named() {
    assert_eq!(
        plain(Error::Timeout(Timeout::RecvResponse)),
        Fault::outcome_unknown(Reason::TimedOut(Duration::from_secs(5)))
    );
}

#[test]
fn behind_a_proxy_it_is_the_proxy_that_cannot_be_reached() {
    for error in [
        Error::HostNotFound,
        look_up(),
        io_error(ErrorKind::ConnectionRefused),
        io_error(ErrorKind::NetworkUnreachable),
    ] {
        let fault = fault(error, "https://plex.tv/", Some("http://proxy.example:3128"));
        assert_eq!(fault, Fault::nothing_sent(Reason::Proxy));
    }
}

#[test]
fn a_handshake_that_ends_has_sent_nothing_and_a_later_end_may_have() {
    let handshake = fault(io_error(ErrorKind::UnexpectedEof), "https://plex.tv/", None);
    let interrupted = Reason::Tls(TlsFault::Interrupted);
    assert_eq!(handshake, Fault::nothing_sent(interrupted));

    let later = io::Error::new(ErrorKind::UnexpectedEof, "Peer disconnected");
    let later = fault(Error::Io(later), "https://plex.tv/", None);
    assert_eq!(later, Fault::outcome_unknown(Reason::CutOff));
}

#[test]
fn only_a_closed_connection_is_tried_again() {
    assert!(is_closed(&io_error(ErrorKind::UnexpectedEof)));
    assert!(is_closed(&io_error(ErrorKind::ConnectionReset)));
    assert!(!is_closed(&io_error(ErrorKind::ConnectionRefused)));
    assert!(!is_closed(&Error::Timeout(Timeout::Global)));
}

#[test]
fn connecting_ends_a_moment_before_the_whole() {
    let second = Duration::from_secs(1);
    assert_eq!(connect_limit(None, LIMIT), CONNECT_TIMEOUT);
    assert_eq!(connect_limit(Some(60 * second), LIMIT), 28 * second);
    assert_eq!(connect_limit(Some(second), LIMIT), second);
    assert_eq!(connect_limit(None, second), Duration::from_millis(900));
    assert_eq!(connect_limit(None, Duration::ZERO), Duration::ZERO);
}
