//! No answer: the network, TLS and time, each told apart, over both transports.

use std::net::TcpListener;
use std::time::Duration;

use plex_auth_proto::{
    Account, Call, ClientIdentity, Credentials, Error, NoAnswerReason as Reason, PlexTv, SendError,
    TlsFault, Token,
};
use plex_auth_tests::{Authority, Delivery, FakePlex, Misbehaviour, RawServer, Server, Step, Who};

use crate::carrier::Carrier;

/// Long enough for a loaded machine to answer in, short enough to wait for.
const SOON: Duration = Duration::from_millis(400);

fn plex_tv(url: impl AsRef<str>) -> PlexTv {
    let me = ClientIdentity::builder("id").build().unwrap();
    PlexTv::at(me, url.as_ref().parse().unwrap())
}

fn details(url: impl AsRef<str>) -> Call<Account> {
    plex_tv(url).token_details(&Token::new("t0ken-of-rosa").unwrap())
}

fn sign_in(url: impl AsRef<str>) -> Call<Account> {
    plex_tv(url).sign_in(&Credentials::new("rosa", "pa55-of-rosa").unwrap())
}

/// Both transports, with a timeout and a root.
fn clients(timeout: Option<Duration>, root: Option<&[u8]>) -> [Carrier; 2] {
    let root = root.map(<[u8]>::to_vec);
    [Carrier::ureq(root.clone()), Carrier::hyper(root)].map(|carrier| match (carrier, timeout) {
        (Carrier::Ureq(transport), Some(limit)) => Carrier::Ureq(transport.timeout(limit)),
        (Carrier::Hyper(transport, runtime), Some(limit)) => {
            Carrier::Hyper(transport.timeout(limit), runtime)
        }
        (carrier, _) => carrier,
    })
}

/// What a read and a sign-in come to, the reason and whether something may have been sent; both
/// transports must agree.
fn fails(
    url: impl AsRef<str>,
    timeout: Option<Duration>,
    root: Option<&[u8]>,
    reason: Reason,
    sent: bool,
) {
    for carrier in clients(timeout, root) {
        for (call, is_sign_in) in [(details(&url), false), (sign_in(&url), true)] {
            let error = carrier.send(call).expect_err("no answer");
            let name = carrier.name();
            let Some(no_answer) = error.no_answer() else {
                panic!("{name}: {error:?}")
            };
            assert_eq!(no_answer.reason(), reason, "{name}: {error}");
            assert_eq!(no_answer.may_have_been_sent(), sent, "{name}: {error}");
            assert!(
                !error.is_token_dead() && !error.wants_second_factor(),
                "{name}"
            );
            if is_sign_in && sent {
                assert!(
                    !error.may_retry(),
                    "{name}: a sign-in may have been carried out"
                );
            }
            shows_no_secret(&error);
        }
    }
}

fn shows_no_secret(error: &SendError) {
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        shown += &format!("{cause} {cause:?}");
        source = cause.source();
    }
    for secret in ["t0ken", "pa55"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// A raw server that plays this on every connection, after the request is there.
fn raw(steps: &[Step]) -> RawServer {
    RawServer::start(steps.to_vec())
}

fn write(bytes: &str) -> Step {
    Step::Write(bytes.as_bytes().to_vec())
}

#[test]
fn a_name_that_is_not_there() {
    fails(
        "http://no-such-host.invalid",
        None,
        None,
        Reason::NameNotFound,
        false,
    );
    fails(
        "https://10-0-0-7.feed.plex.direct.invalid",
        None,
        None,
        Reason::NameNotFound,
        false,
    );
}

#[test]
fn a_port_where_nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    fails(format!("http://{free}"), None, None, Reason::Refused, false);
    fails(
        format!("https://{free}"),
        None,
        None,
        Reason::Refused,
        false,
    );
}

#[test]
fn a_certificate_that_is_not_trusted() {
    let server = Server::https(FakePlex::new(), Authority::new().good());
    fails(
        server.url(),
        None,
        None,
        Reason::Tls(TlsFault::UntrustedIssuer),
        false,
    );
    let other = Authority::new().root_der();
    fails(
        server.url(),
        None,
        Some(&other),
        Reason::Tls(TlsFault::UntrustedIssuer),
        false,
    );
}

#[test]
fn a_certificate_that_has_expired_or_is_for_another_name() {
    let authority = Authority::new();
    let root = authority.root_der();
    let expired = Server::https(FakePlex::new(), authority.expired());
    fails(
        expired.url(),
        None,
        Some(&root),
        Reason::Tls(TlsFault::Expired),
        false,
    );
    let other = Server::https(FakePlex::new(), authority.wrong_name());
    fails(
        other.url(),
        None,
        Some(&root),
        Reason::Tls(TlsFault::WrongName),
        false,
    );
}

#[test]
fn https_to_a_port_without_tls() {
    let server = Server::http(FakePlex::new());
    let url = server.url().replace("http://", "https://");
    fails(&url, None, None, Reason::Tls(TlsFault::NotTls), false);
}

#[test]
fn a_server_that_says_nothing() {
    let silent = raw(&[Step::StallUntilDropped]);
    fails(silent.url(), Some(SOON), None, Reason::TimedOut(SOON), true);
}

#[test]
fn a_head_or_a_body_that_stalls() {
    let head = raw(&[
        write("HTTP/1.1 200 OK\r\ncontent-"),
        Step::StallUntilDropped,
    ]);
    fails(head.url(), Some(SOON), None, Reason::TimedOut(SOON), true);
    let body = raw(&[
        write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"a\""),
        Step::StallUntilDropped,
    ]);
    fails(body.url(), Some(SOON), None, Reason::TimedOut(SOON), true);
}

#[test]
fn an_answer_that_trickles_is_over_at_the_deadline_of_the_whole_exchange() {
    let server = Server::http(FakePlex::new());
    let pause = Duration::from_millis(50);
    let answer = || Misbehaviour::answer(200, "application/json", "{\"authToken\":\"abc\"}");
    for delivery in [
        Delivery::SlowHead { bytes: 1, pause },
        Delivery::SlowBody { bytes: 1, pause },
    ] {
        server.with(|fake| {
            fake.behave();
            fake.misbehave("/user", answer().delivered(delivery));
            fake.misbehave("/users/signin", answer().delivered(delivery));
        });
        fails(server.url(), Some(SOON), None, Reason::TimedOut(SOON), true);
    }
}

#[test]
fn the_deadline_of_a_call_goes_before_that_of_the_transport() {
    let silent = raw(&[Step::StallUntilDropped]);
    for carrier in clients(None, None) {
        let error = carrier
            .send(details(silent.url()).deadline(SOON))
            .unwrap_err();
        assert_eq!(
            error.no_answer().unwrap().reason(),
            Reason::TimedOut(SOON),
            "{error}"
        );
    }
}

#[test]
fn a_connection_that_ends_before_the_answer_does() {
    for steps in [
        vec![Step::Close],
        vec![write("HTTP/1.1 200 OK\r\ncontent-"), Step::Close],
        vec![
            write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"authToken\":\"abc\"}"),
            Step::Close,
        ],
        vec![
            write(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n13\r\n{\"authToken\":\"abc\"}\r\n",
            ),
            Step::Close,
        ],
        vec![Step::Reset],
        vec![
            write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
            Step::Reset,
        ],
    ] {
        fails(raw(&steps).url(), None, None, Reason::CutOff, true);
    }
}

#[test]
fn a_refusal_counts_also_where_its_body_is_cut_off() {
    let server = raw(&[
        write("HTTP/1.1 401 No\r\ncontent-length: 999\r\n\r\n<html>"),
        Step::Close,
    ]);
    for carrier in clients(None, None) {
        let error = carrier.send(details(server.url())).unwrap_err();
        assert!(
            matches!(error.answered(), Some(Error::Unauthorized(_))),
            "{error}"
        );
        assert!(error.is_token_dead());
    }
}

#[test]
fn what_answers_does_not_speak_http() {
    for greeting in [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "\0\0\0\0\0\0\0\0\r\n\r\n",
        "HTTP/9 200\r\n\r\n",
    ] {
        let server = raw(&[write(greeting), Step::StallUntilDropped]);
        fails(server.url(), None, None, Reason::NotHttp, true);
    }
}

#[test]
fn a_head_without_end() {
    let server = raw(&[
        write("HTTP/1.1 200 OK\r\n"),
        Step::Write(
            format!("x: {}\r\n", "y".repeat(1000))
                .repeat(2000)
                .into_bytes(),
        ),
        Step::StallUntilDropped,
    ]);
    fails(
        server.url(),
        Some(Duration::from_secs(20)),
        None,
        Reason::HeadTooLarge,
        true,
    );
}

#[test]
fn unusual_answers_that_are_right_are_read() {
    let body = r#"{"authToken":"abc"}"#;
    for answer in [
        format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{body}"),
        format!(
            "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{body}"
        ),
        format!("HTTP/1.0 200 OK\r\n\r\n{body}"),
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}"),
        format!("HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n13\r\n{body}\r\n0\r\n\r\n"),
    ] {
        let server = raw(&[write(&answer), Step::Close]);
        for carrier in clients(None, None) {
            let account = carrier
                .send(details(server.url()))
                .unwrap_or_else(|error| panic!("{}: {answer}: {error}", carrier.name()));
            assert_eq!(account.auth_token.expose(), "abc");
        }
    }
}

#[test]
fn a_body_without_end_is_bounded() {
    let endless = raw(&[
        write("HTTP/1.1 200 OK\r\n\r\n"),
        Step::Write(vec![b' '; 3 * 1024 * 1024]),
        Step::StallUntilDropped,
    ]);
    for carrier in clients(None, None) {
        let error = carrier.send(details(endless.url())).unwrap_err();
        assert!(
            matches!(
                error.answered(),
                Some(Error::BodyTooLarge {
                    limit: 1_048_576,
                    ..
                })
            ),
            "{error}"
        );
    }
    let server = Server::http(FakePlex::new());
    let small = |carrier| match carrier {
        Carrier::Ureq(transport) => Carrier::Ureq(transport.max_body_size(100)),
        Carrier::Hyper(transport, runtime) => Carrier::Hyper(transport.max_body_size(100), runtime),
        carrier => carrier,
    };
    for carrier in clients(None, None).map(small) {
        let token =
            Token::new(server.with(|fake| fake.account(Who::Free).token().to_owned())).unwrap();
        let error = carrier
            .send(plex_tv(server.url()).token_details(&token))
            .unwrap_err();
        assert!(
            matches!(
                error.answered(),
                Some(Error::BodyTooLarge { limit: 100, .. })
            ),
            "{error}"
        );
    }
}

#[test]
fn a_connection_that_dies_as_a_sign_in_is_written_does_not_sign_in_twice() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{\"authToken\":\"abc\"}";
    for carrier in clients(None, None) {
        // The first connection answers once, takes the sign-in and dies; others would answer it.
        let server = RawServer::per_connection(vec![
            vec![write(ok), Step::AwaitRequest, Step::Close],
            vec![write(ok)],
        ]);
        carrier.send(details(server.url())).unwrap();
        let error = carrier.send(sign_in(server.url())).unwrap_err();
        let no_answer = error.no_answer().unwrap_or_else(|| panic!("{error:?}"));
        assert!(
            no_answer.may_have_been_sent() && !error.may_retry(),
            "{}: {error}",
            carrier.name()
        );
        let sign_ins = server
            .requests()
            .iter()
            .filter(|request| request.seen.method == "POST")
            .count();
        assert_eq!(sign_ins, 1, "{}", carrier.name());
    }
}
