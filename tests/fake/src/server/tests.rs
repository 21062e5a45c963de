//! Tests of the server over real sockets, with a minimal client.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::*;
use crate::{Misbehavior, Who};

#[cfg(feature = "tls")]
mod over_tls;

const REQUEST: &[u8] = b"GET /user HTTP/1.1\r\nhost: x\r\nx-plex-client-identifier: t\r\naccept: application/json\r\nconnection: close\r\n";

fn request(token: &str) -> Vec<u8> {
    [REQUEST, format!("x-plex-token: {token}\r\n\r\n").as_bytes()].concat()
}

/// The maximum duration of each wait, long enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits until the condition holds.
fn wait_until(holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < LIMIT, "timed out waiting for the condition");
        thread::sleep(Duration::from_millis(1));
    }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
}

/// Sends a request, and returns everything received until the server closes the connection.
fn exchange(server: &Server, request: &[u8]) -> String {
    let mut stream = connect(server);
    stream.write_all(request).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    String::from_utf8(response).unwrap()
}

#[test]
fn a_request_is_served_over_http() {
    let server = Server::http(FakePlex::new());
    let token = server.with(|plex| plex.account(Who::Free).token().to_owned());
    let response = exchange(&server, &request(&token));
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(response.contains("\"username\":\"tariq\""));
    assert_eq!(server.connections(), 1);
    assert_eq!(server.with(|plex| plex.seen("GET", "/user")), 1);
}

#[test]
fn a_large_body_is_refused_and_not_recorded() {
    let server = Server::http(FakePlex::new());
    let head = |length: usize| {
        format!(
            "POST /users/signin HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let response = exchange(&server, head(200_000_000).as_bytes());
    assert!(response.starts_with("HTTP/1.1 413"), "{response}");
    assert!(server.with(|plex| plex.requests().is_empty()));

    let small = [head(1_000_000).as_bytes(), &vec![b'x'; 1_000_000]].concat();
    assert!(!exchange(&server, &small).starts_with("HTTP/1.1 413"));
    assert_eq!(server.with(|plex| plex.requests()[0].body.len()), 1_000_000);
}

#[test]
fn a_port_in_use_is_reported() {
    let server = Server::http(FakePlex::new());
    let error = Server::bind(FakePlex::new(), server.port()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

fn misbehaving(delivery: Delivery) -> Server {
    let server = Server::http(FakePlex::new());
    let page = Misbehavior::answer(200, "text/plain", "0123456789");
    server.with(|plex| plex.misbehave("/user", page.delivered(delivery)));
    server
}

#[test]
fn a_cut_off_body_declares_its_full_length() {
    let response = exchange(&misbehaving(Delivery::CutOff { after: 4 }), &request("x"));
    assert!(response.contains("content-length: 10\r\n"), "{response}");
    assert!(response.ends_with("\r\n\r\n0123"), "{response}");
}

#[test]
fn a_connection_closes_without_a_response() {
    let server = misbehaving(Delivery::CloseUnanswered);
    assert_eq!(exchange(&server, &request("x")), "");
    assert_eq!(server.with(|plex| plex.seen("GET", "/user")), 1);
}

#[test]
fn slow_responses_arrive_complete() {
    let pause = Duration::from_millis(1);
    for delivery in [
        Delivery::After(pause),
        Delivery::SlowHead { bytes: 10, pause },
        Delivery::SlowBody { bytes: 1, pause },
    ] {
        let response = exchange(&misbehaving(delivery), &request("x"));
        assert!(response.ends_with("\r\n\r\n0123456789"), "{delivery:?}: {response}");
    }
}

#[test]
fn a_silent_server_can_be_dropped() {
    let server = misbehaving(Delivery::Never);
    let mut stream = connect(&server);
    stream.write_all(&request("x")).unwrap();
    wait_until(|| server.with(|plex| plex.seen("GET", "/user")) > 0);
    drop(server);
    let mut response = Vec::new();
    // The connection ends, with or without an error.
    let _ = stream.read_to_end(&mut response);
    assert!(response.is_empty());
}

#[test]
fn a_response_has_the_number_of_its_request() {
    let server = Server::http(FakePlex::new());
    for number in 0..2 {
        let response = exchange(&server, &request("x"));
        assert!(response.contains(&format!("{REQUEST_NUMBER}: {number}\r\n")), "{response}");
    }
}

#[test]
fn a_restart_closes_connections_and_keeps_state() {
    let mut server = Server::http(FakePlex::new());
    let token = server.with(|plex| plex.issue_token(Who::Free));
    let mut open = connect(&server);
    wait_until(|| server.connections() > 0);
    server.restart(Duration::from_millis(1)).unwrap();
    assert_eq!(open.read(&mut [0]).unwrap_or(0), 0);
    let response = exchange(&server, &request(&token));
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
    assert_eq!(server.connections(), 2);
}
