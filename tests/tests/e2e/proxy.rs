//! A proxy is used only if the caller asks for one. By default, proxies in the environment are
//! ignored.

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use plex_auth_fake::{FakePlex, Server};
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::{Credentials, Error};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::{RawServer, Step, in_parallel};
use plex_auth_ureq::Transport;

use crate::harness::{TIMEOUT, plex_tv_at, transport_error, unused_url, write, write_response};

/// The environment variable that passes the server's URL to a child process.
const URL: &str = "PLEX_AUTH_TESTS_URL";

/// Returns a step that writes the response of a proxy that has established a tunnel.
fn write_established() -> Step {
    write("HTTP/1.1 200 Connection established\r\n\r\n")
}

fn write_success() -> Step {
    write_response("201 Created", r#"{"authToken":"abc"}"#)
}

fn sign_in(carrier: &Carrier, url: &str) -> Result<(), Error> {
    let credentials = Credentials::new("rosa", "nine kites & a lantern").unwrap();
    carrier.send(plex_tv_at(url).sign_in(&credentials)).map(drop)
}

fn over_proxy(url: &str) -> Carrier {
    Carrier::Ureq(Transport::builder().proxy(url).build().unwrap())
}

/// Runs one of this file's tests in a child process, because all tests in a process share its
/// environment.
fn run_in_child(test: &str, url: &str, proxy: &str, no_proxy: &str) {
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
fn environment_is_ignored_by_default() {
    let server = Server::http(FakePlex::new());
    let proxy = Server::http(FakePlex::new());
    run_in_child(
        "proxy::child_with_default_transports",
        server.url(),
        proxy.url(),
        "192.168.0.0/16",
    );
    assert_eq!(server.with(|fake| fake.seen("POST", "/users/signin")), 2);
    assert_eq!(proxy.connections(), 0);
}

#[test]
#[ignore = "run in a child process by the test above"]
fn child_with_default_transports() {
    let url = env::var(URL).unwrap();
    for carrier in Carrier::transports() {
        sign_in(&carrier, &url).unwrap();
    }
}

#[test]
fn environment_is_used_on_request() {
    let cases = [
        ("", true),
        ("plex.example", true),
        ("127.0.0.1", false),
        ("127.0.0.1:9", true),
        ("127.0.0.*", false),
        ("plex.example, 127.0.0.1", false),
        ("*", false),
    ];
    in_parallel(cases, |(no_proxy, through_proxy)| {
        let server = RawServer::start(vec![write_success()]);
        let proxy =
            RawServer::start(vec![write_established(), Step::AwaitRequest, write_success()]);
        run_in_child("proxy::child_with_proxy_from_env", &server.url(), &proxy.url(), no_proxy);
        let connections = (proxy.connections(), server.connections());
        assert_eq!(connections, if through_proxy { (1, 0) } else { (0, 1) }, "{no_proxy:?}");
    });
}

#[test]
#[ignore = "run in a child process by the test above"]
fn child_with_proxy_from_env() {
    let transport = Transport::builder().proxy_from_env().build().unwrap();
    sign_in(&Carrier::Ureq(transport), &env::var(URL).unwrap()).unwrap();
}

#[test]
fn chosen_proxy_gets_the_connection() {
    let server = Server::http(FakePlex::new());
    let proxy = RawServer::start(vec![write_established(), Step::AwaitRequest, write_success()]);
    let url = proxy.url().replace("://", "://rosa:p%40ss@");
    sign_in(&over_proxy(&url), server.url()).unwrap();
    assert_eq!((proxy.connections(), server.connections()), (1, 0));

    let requests: Vec<_> = proxy.requests().into_iter().map(|request| request.bytes).collect();
    let requests: Vec<_> = requests.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
    let credentials = "\r\nProxy-Authorization: Basic cm9zYTpwQHNz\r\n";
    assert!(
        requests[0].starts_with("CONNECT ") && requests[0].contains(credentials),
        "{requests:?}"
    );
    assert!(!requests[1].contains("Proxy-"), "only the proxy gets them: {requests:?}");
}

#[test]
fn failing_proxy_is_named_without_its_password() {
    let page = "<html><body><h1>Blocked</h1><p>rosa:pr0xy-pa55</p></body></html>";
    let mut proxies = Vec::new();
    for status in ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"] {
        for body in ["", page] {
            proxies.push(RawServer::start(vec![write_response(status, body), Step::Close]));
        }
    }
    for url in proxies.iter().map(RawServer::url).chain([unused_url()]) {
        let carrier = over_proxy(&url.replace("://", "://rosa:pr0xy-pa55@"));
        let server = Server::http(FakePlex::new());
        let error = sign_in(&carrier, server.url()).unwrap_err();
        let found = transport_error(&error);
        assert_eq!(found.kind(), TransportErrorKind::Proxy, "{error}");
        assert!(!found.may_have_been_sent(), "{error}");
        let shown = format!("{error} {error:?} {carrier:?}");
        assert!(!shown.contains("pr0xy"), "{shown}");
        assert_eq!(server.with(|fake| fake.seen("POST", "/users/signin")), 0);
    }
}

#[test]
fn nonsensical_proxy_is_not_taken_for_plex() {
    let page =
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html><body>Sign in</body></html>";
    for script in [
        vec![write(page), Step::Close],
        vec![write("SSH-2.0-OpenSSH_9.9\r\n"), Step::Close],
        vec![Step::Close],
    ] {
        let proxy = RawServer::start(script);
        let error = sign_in(&over_proxy(&proxy.url()), "http://plex.example").unwrap_err();
        let found = transport_error(&error);
        assert_eq!(found.kind(), TransportErrorKind::Proxy, "{error}");
        assert!(!found.may_have_been_sent() && !error.is_token_invalid(), "{error}");
    }
}

#[test]
fn stalling_proxy_times_out() {
    let proxy = RawServer::start(vec![Step::StallUntilDropped]);
    let carrier = over_proxy(&proxy.url()).timeout(TIMEOUT);
    let error = sign_in(&carrier, "http://plex.example").unwrap_err();
    assert_eq!(transport_error(&error).kind(), TransportErrorKind::TimedOut(TIMEOUT), "{error}");
}

#[test]
fn dripping_proxy_times_out() {
    let response = "HTTP/1.1 200 Connection established\r\n".to_owned() + &"x: y\r\n".repeat(100);
    let script = response
        .bytes()
        .flat_map(|byte| [Step::Write(vec![byte]), Step::Pause(Duration::from_millis(50))])
        .collect();
    let proxy = RawServer::start(script);
    let carrier = over_proxy(&proxy.url()).timeout(Duration::from_millis(1_500));
    let started = Instant::now();
    let error = sign_in(&carrier, "http://plex.example").unwrap_err();
    // The whole response would take half a minute.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let found = transport_error(&error);
    assert!(matches!(found.kind(), TransportErrorKind::TimedOut(_)), "{error}");
    assert!(!found.may_have_been_sent(), "{error}");
}
