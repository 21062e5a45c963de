//! A proxy is used when it was asked for, and never because the environment names one.

use std::env;
use std::process::Command;

use plex_auth_proto::{ClientIdentity, Credentials, NoAnswerReason as Reason, PlexTv, SendError};
use plex_auth_tests::{FakePlex, RawServer, Server, Step};

use crate::carrier::Carrier;

/// Where the child process finds the fake.
const URL: &str = "PLEX_AUTH_TESTS_URL";

fn sign_in(carrier: &Carrier, url: &str) -> Result<(), SendError> {
    let me = ClientIdentity::builder("id").build().unwrap();
    let plex_tv = PlexTv::at(me, url.parse().unwrap());
    let credentials = Credentials::new("rosa", "nine kites & a lantern").unwrap();
    carrier.send(plex_tv.sign_in(&credentials)).map(drop)
}

#[test]
fn the_environment_is_not_asked_for_one() {
    let server = Server::http(FakePlex::new());
    let proxy = Server::http(FakePlex::new());
    // A process of its own, as the environment belongs to all tests of this one.
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "--ignored", "proxy::in_a_process_whose_environment_names_a_proxy"]);
    child.env(URL, server.url());
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        child.env(variable, proxy.url());
    }
    child.env("NO_PROXY", "192.168.0.0/16");
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
    assert_eq!(server.with(|fake| fake.seen("POST", "/users/signin")), 2);
    assert_eq!(proxy.connections(), 0);
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn in_a_process_whose_environment_names_a_proxy() {
    let url = env::var(URL).unwrap();
    for carrier in [Carrier::ureq(None), Carrier::hyper(None)] {
        sign_in(&carrier, &url).unwrap();
    }
}

fn over_proxy(url: &str) -> Carrier {
    Carrier::Ureq(plex_auth_ureq::Transport::builder().proxy(url).build().unwrap())
}

#[test]
fn one_that_was_asked_for_gets_the_connection() {
    let server = Server::http(FakePlex::new());
    let proxy = RawServer::start(vec![
        Step::Write(b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec()),
        Step::AwaitRequest,
        Step::Write(
            b"HTTP/1.1 201 Created\r\ncontent-length: 19\r\n\r\n{\"authToken\":\"abc\"}".to_vec(),
        ),
    ]);
    sign_in(&over_proxy(&proxy.url()), server.url()).unwrap();
    assert_eq!((proxy.connections(), server.connections()), (1, 0));
}

#[test]
fn one_that_refuses_or_is_not_there_is_named_and_its_password_is_not() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refusing = |status: &str| {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        RawServer::start(vec![Step::Write(answer.into_bytes()), Step::Close])
    };
    let servers =
        ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"].map(refusing);
    let places = servers.iter().map(|server| server.port()).chain([free.port()]);
    for port in places {
        let carrier = over_proxy(&format!("http://rosa:pr0xy-pa55@127.0.0.1:{port}"));
        let server = Server::http(FakePlex::new());
        let error = sign_in(&carrier, server.url()).unwrap_err();
        let no_answer = error.no_answer().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(
            (no_answer.reason(), no_answer.may_have_been_sent()),
            (Reason::Proxy, false),
            "{error}"
        );
        assert!(
            !format!("{error} {error:?} {carrier:?}").contains("pr0xy"),
            "{error:?} {carrier:?}"
        );
        assert_eq!(server.with(|fake| fake.seen("POST", "/users/signin")), 0);
    }
}
