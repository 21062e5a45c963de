//! A proxy is used when it was asked for, and never because the environment names one.

use std::env;
use std::process::Command;
use std::time::Duration;

use plex_auth_fake::{FakePlex, Server};
use plex_auth_proto::error::TransportErrorKind as Reason;
use plex_auth_proto::{ClientIdentity, Credentials, Error, PlexTv};
use plex_auth_tests::{RawServer, Step};

use plex_auth_tests::carrier::Carrier;

/// Where the child process finds the fake.
const URL: &str = "PLEX_AUTH_TESTS_URL";

fn write(text: &str) -> Step {
    Step::Write(text.as_bytes().to_vec())
}

/// What a proxy says before it hands on what comes.
fn tunnel() -> Step {
    write("HTTP/1.1 200 Connection established\r\n\r\n")
}

fn answer() -> Step {
    write("HTTP/1.1 201 Created\r\ncontent-length: 19\r\n\r\n{\"authToken\":\"abc\"}")
}

fn sign_in(carrier: &Carrier, url: &str) -> Result<(), Error> {
    let me = ClientIdentity::builder("id").build().unwrap();
    let plex_tv = PlexTv::at(me, url.parse().unwrap());
    let credentials = Credentials::new("rosa", "nine kites & a lantern").unwrap();
    carrier.send(plex_tv.sign_in(&credentials)).map(drop)
}

/// Runs a test of this file in a process of its own, as the environment belongs to all tests of this one.
fn in_a_process(test: &str, url: &str, proxy: &str, no_proxy: &str) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "--ignored", test]).env(URL, url);
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        child.env(variable, proxy);
    }
    for variable in ["NO_PROXY", "no_proxy"] {
        child.env(variable, no_proxy);
    }
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
}

#[test]
fn the_environment_is_not_asked_for_one() {
    let server = Server::http(FakePlex::new());
    let proxy = Server::http(FakePlex::new());
    let test = "proxy::in_a_process_whose_environment_names_a_proxy";
    in_a_process(test, server.url(), proxy.url(), "192.168.0.0/16");
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

#[test]
fn the_environment_is_asked_where_that_was_asked_for_and_spares_the_hosts_that_it_names() {
    let test = "proxy::in_a_process_that_asks_the_environment_for_a_proxy";
    // A network is no name of a host, and means nothing.
    for (no_proxy, through_proxy) in [
        ("", true),
        ("127.0.0.0/8", true),
        ("plex.example", true),
        ("127.0.0.1", false),
        ("127.0.0.*", false),
        ("192.168.0.0/16,127.0.0.1", false),
        ("*", false),
    ] {
        let server = RawServer::start(vec![answer()]);
        let proxy = RawServer::start(vec![tunnel(), Step::AwaitRequest, answer()]);
        in_a_process(test, &server.url(), &proxy.url(), no_proxy);
        let connections = (proxy.connections(), server.connections());
        assert_eq!(connections, if through_proxy { (1, 0) } else { (0, 1) }, "{no_proxy:?}");
    }
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn in_a_process_that_asks_the_environment_for_a_proxy() {
    let transport = plex_auth_ureq::Transport::builder().proxy_from_env().build().unwrap();
    sign_in(&Carrier::Ureq(transport), &env::var(URL).unwrap()).unwrap();
}

fn over_proxy(url: &str) -> Carrier {
    Carrier::Ureq(plex_auth_ureq::Transport::builder().proxy(url).build().unwrap())
}

#[test]
fn one_that_was_asked_for_gets_the_connection() {
    let server = Server::http(FakePlex::new());
    let proxy = RawServer::start(vec![tunnel(), Step::AwaitRequest, answer()]);
    sign_in(&over_proxy(&proxy.url()), server.url()).unwrap();
    assert_eq!((proxy.connections(), server.connections()), (1, 0));
}

#[test]
fn one_that_refuses_or_is_not_there_is_named_and_its_password_is_not() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refusing = |status: &str, body: &str| {
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
        RawServer::start(vec![write(&answer), Step::Close])
    };
    let page = "<html><body><h1>Blocked</h1><p>rosa:pr0xy-pa55</p></body></html>";
    let mut servers = Vec::new();
    for status in ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"] {
        servers.extend([refusing(status, ""), refusing(status, page)]);
    }
    let places = servers.iter().map(|server| server.port()).chain([free.port()]);
    for port in places {
        let carrier = over_proxy(&format!("http://rosa:pr0xy-pa55@127.0.0.1:{port}"));
        let server = Server::http(FakePlex::new());
        let error = sign_in(&carrier, server.url()).unwrap_err();
        let transport_error = error.as_transport().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(
            (transport_error.kind(), transport_error.may_have_been_sent()),
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

/// Where a proxy makes no sense ureq does not say that it was the proxy: the reason is what came, and that nothing
/// was sent is not known.
#[test]
fn one_that_answers_with_something_else_is_not_taken_for_plex() {
    let page =
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html><body>Sign in</body></html>";
    for (script, reason) in [
        (vec![write(page), Step::Close], Reason::NotHttp),
        (vec![write("SSH-2.0-OpenSSH_9.9\r\n"), Step::Close], Reason::NotHttp),
        (vec![Step::Close], Reason::Proxy),
    ] {
        let proxy = RawServer::start(script);
        let error = sign_in(&over_proxy(&proxy.url()), "http://plex.example").unwrap_err();
        assert!(!error.is_token_invalid(), "{error}");
        let transport_error = error.as_transport().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(transport_error.kind(), reason, "{error}");
    }
}

#[test]
fn one_that_is_silent_is_over_at_the_deadline() {
    let limit = Duration::from_millis(400);
    let proxy = RawServer::start(vec![Step::StallUntilDropped]);
    let carrier = over_proxy(&proxy.url()).timeout(limit);
    let error = sign_in(&carrier, "http://plex.example").unwrap_err();
    let transport_error = error.as_transport().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!(transport_error.kind(), Reason::TimedOut(limit), "{error}");
}
