//! A table of transport errors, which is checked with operations of each kind and both transports.

use std::time::Duration;

use plex_auth_fake::{Authority, FakePlex, Server, ServerCertificate};
use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind as Kind};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{EveryOperation, Inputs, one_of_each_kind};
use plex_auth_tests::{RawServer, Step, in_parallel};

use crate::harness::{TIMEOUT, transport_error, unused_url, write};

/// A host that sends no usable response.
enum Host {
    /// A host whose name cannot be resolved.
    Unknown(&'static str),
    /// A port on which nothing is listening.
    Unused,
    Raw(Vec<Step>),
    /// The fake over TLS: its certificate, whether the client trusts the issuer, and the scheme of
    /// the URL.
    Tls(fn(&Authority) -> ServerCertificate, Trusted, &'static str),
    /// The fake without TLS at an `https` URL.
    Plain,
}

#[derive(Clone, Copy, PartialEq)]
enum Trusted {
    Yes,
    No,
}

/// A situation, the host, the kind of the error, and whether the request may have been sent.
type Row = (&'static str, Host, Kind, bool);

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Host::{Plain, Raw, Tls, Unknown, Unused};
    let whole = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"authToken\":\"abc\"}";
    let chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n13\r\n{\"authToken\":\"abc\"}\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n";
    let slowly = |text: &str| -> Vec<Step> {
        text.bytes().flat_map(|byte| [Step::Write(vec![byte]), Step::Pause(Duration::from_millis(200))]).collect()
    };
    vec![
        ("name not found", Unknown("http://no-such-host.invalid"), Kind::NameNotFound, false),
        ("a plex.direct name blocked by a router", Unknown("https://10-0-0-7.feed.plex.direct.invalid:32400"), Kind::NameNotFound, false),
        ("refused", Unused, Kind::Refused, false),
        ("an untrusted issuer", Tls(Authority::good, Trusted::No, "https"), Kind::Tls(TlsErrorKind::UntrustedIssuer), false),
        ("a certificate with another name", Tls(Authority::wrong_name, Trusted::Yes, "https"), Kind::Tls(TlsErrorKind::WrongName), false),
        ("an expired certificate", Tls(Authority::expired, Trusted::Yes, "https"), Kind::Tls(TlsErrorKind::Expired), false),
        ("a certificate not valid yet", Tls(Authority::not_yet_valid, Trusted::Yes, "https"), Kind::Tls(TlsErrorKind::NotYetValid), false),
        ("the certificate of the authority", Tls(Authority::itself, Trusted::Yes, "https"), Kind::Tls(TlsErrorKind::UntrustedIssuer), false),
        ("TLS to a plain port", Plain, Kind::Tls(TlsErrorKind::NotTls), false),
        ("plain HTTP to a TLS port", Tls(Authority::good, Trusted::Yes, "http"), Kind::NotHttp, true),
        ("reset before the head", Raw(vec![Step::Reset]), Kind::CutOff, true),
        ("reset in the head", Raw(vec![write("HTTP/1.1 200 OK\r\nconte"), Step::Reset]), Kind::CutOff, true),
        ("reset after the head", Raw(vec![write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"), Step::Reset]), Kind::CutOff, true),
        ("closed before the head", Raw(vec![Step::Close]), Kind::CutOff, true),
        ("closed in the head", Raw(vec![write("HTTP/1.1 200 OK\r\nconte"), Step::Close]), Kind::CutOff, true),
        ("closed in the body", Raw(vec![write(whole), Step::Close]), Kind::CutOff, true),
        ("closed between chunks", Raw(vec![write(chunk), Step::Close]), Kind::CutOff, true),
        ("a stalling server", Raw(vec![Step::StallUntilDropped]), Kind::TimedOut(TIMEOUT), true),
        ("a stalling head", Raw(vec![write("HTTP/1.1 200 OK\r\ncon"), Step::StallUntilDropped]), Kind::TimedOut(TIMEOUT), true),
        ("a stalling body", Raw(vec![write(whole), Step::StallUntilDropped]), Kind::TimedOut(TIMEOUT), true),
        ("a slow head", Raw(slowly(head)), Kind::TimedOut(TIMEOUT), true),
        ("a slow body", Raw([vec![write(head)], slowly(&" ".repeat(99))].concat()), Kind::TimedOut(TIMEOUT), true),
        ("not HTTP", Raw(vec![write("SSH-2.0-OpenSSH_9.6\r\n\r\n"), Step::StallUntilDropped]), Kind::NotHttp, true),
        ("an invalid chunk", Raw(vec![write(chunked), write("zz\r\n"), Step::StallUntilDropped]), Kind::NotHttp, true),
        ("an endless chunk line", Raw(vec![write(chunked), write("2;"), write(&"a".repeat(300_000)), Step::StallUntilDropped]), Kind::NotHttp, true),
        ("an endless trailer", Raw(vec![write(chunked), write("0\r\nx: "), write(&"a".repeat(300_000)), Step::StallUntilDropped]), Kind::NotHttp, true),
        ("an endless head", Raw(vec![
            write("HTTP/1.1 200 OK\r\n"), write(&format!("x: {}\r\n", "y".repeat(1000)).repeat(1000)), Step::StallUntilDropped,
        ]), Kind::HeadTooLarge, true),
    ]
}

/// Checks the error with each kind of operation and both transports.
fn check((situation, host, kind, sent): &Row) {
    let authority = Authority::new();
    let mut root = None;
    let with_scheme =
        |url: &str, scheme: &str| format!("{scheme}:{}", url.split_once(':').unwrap().1);
    // The servers run until the end of this function.
    let (url, _raw, _server) = match host {
        Host::Unknown(url) => ((*url).to_owned(), None, None),
        Host::Unused => (unused_url(), None, None),
        Host::Raw(steps) => {
            let server = RawServer::start(steps.clone());
            (server.url(), Some(server), None)
        }
        Host::Plain => {
            let server = Server::http(FakePlex::new());
            (with_scheme(server.url(), "https"), None, Some(server))
        }
        Host::Tls(certificate, trusted, scheme) => {
            root = (*trusted == Trusted::Yes).then(|| authority.root_der());
            let server = Server::https(FakePlex::new(), certificate(&authority));
            (with_scheme(server.url(), scheme), None, Some(server))
        }
    };
    let timeout = if matches!(kind, Kind::TimedOut(_)) { TIMEOUT } else { Duration::from_secs(60) };
    let inputs = Inputs::at(&url).within(timeout);
    let fails = |carrier: &Carrier, every: &EveryOperation| {
        let context = format!("{} {} {situation}", carrier.name(), every.operation.name);
        let error = every.send(&inputs, carrier).expect_err(&context);
        let found = transport_error(&error);
        assert_eq!(
            (found.kind(), found.may_have_been_sent()),
            (*kind, *sent),
            "{context}: {error}"
        );
        let outcome =
            if *sent { "the request may have been carried out" } else { "nothing was sent" };
        let server = url.strip_prefix("https://").filter(|server| !server.contains(':'));
        let expected = format!("request to {} failed: {kind} ({outcome})", server.unwrap_or(&url));
        assert_eq!(error.to_string(), expected, "{context}");
        assert!(!error.is_token_invalid() && !error.needs_verification_code(), "{context}");
        assert!(error.status().is_none() && error.retry_after().is_none(), "{context}");
        let passes = !matches!(kind, Kind::Tls(_) | Kind::NotHttp | Kind::HeadTooLarge);
        let safe = !sent || every.operation.idempotent;
        assert_eq!(error.is_retryable(), passes && safe, "{context}");
    };
    in_parallel([Carrier::ureq(root.clone()), Carrier::hyper(root)], |carrier| {
        let carrier = carrier.timeout(timeout);
        in_parallel(one_of_each_kind(), |every| fails(&carrier, &every));
    });
}

#[test]
fn every_unusable_host_has_its_error() {
    let rows = rows();
    assert!(rows.len() >= 20, "{}", rows.len());
    in_parallel(&rows, check);
}
