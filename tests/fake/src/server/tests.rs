//! The carrier, asked over real sockets by a client of twenty lines.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::*;
use crate::{Misbehaviour, Who};

#[cfg(feature = "tls")]
mod over_tls;

const REQUEST: &[u8] = b"GET /user HTTP/1.1\r\nhost: x\r\nx-plex-client-identifier: t\r\naccept: application/json\r\nconnection: close\r\n";

fn request(token: &str) -> Vec<u8> {
    [REQUEST, format!("x-plex-token: {token}\r\n\r\n").as_bytes()].concat()
}

/// Everything that comes until the server closes.
fn exchange(server: &Server, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_request_is_answered_over_http() {
    let server = Server::http(FakePlex::new());
    let token = server.with(|plex| plex.account(Who::Free).token().to_owned());
    let answer = exchange(&server, &request(&token));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\"username\":\"tariq\""));
    assert_eq!(server.connections(), 1);
    assert_eq!(server.with(|plex| plex.seen("GET", "/user")), 1);
}

#[test]
fn a_port_in_use_is_said_to_be() {
    let server = Server::http(FakePlex::new());
    let error = Server::bind(FakePlex::new(), server.port()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

fn misbehaving(delivery: Delivery) -> Server {
    let server = Server::http(FakePlex::new());
    let page = Misbehaviour::answer(200, "text/plain", "0123456789");
    server.with(|plex| plex.misbehave("/user", page.delivered(delivery)));
    server
}

#[test]
fn an_answer_is_cut_off_and_its_length_is_not() {
    let answer = exchange(&misbehaving(Delivery::CutOff { after: 4 }), &request("x"));
    assert!(answer.contains("content-length: 10\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n0123"), "{answer}");
}

#[test]
fn a_connection_is_closed_without_an_answer() {
    let server = misbehaving(Delivery::CloseUnanswered);
    assert_eq!(exchange(&server, &request("x")), "");
    assert_eq!(server.with(|plex| plex.seen("GET", "/user")), 1);
}

#[test]
fn slow_answers_arrive_whole() {
    let pause = Duration::from_millis(1);
    for delivery in [
        Delivery::After(pause),
        Delivery::SlowHead { bytes: 10, pause },
        Delivery::SlowBody { bytes: 1, pause },
    ] {
        let answer = exchange(&misbehaving(delivery), &request("x"));
        assert!(answer.ends_with("\r\n\r\n0123456789"), "{delivery:?}: {answer}");
    }
}

#[test]
fn a_silent_server_can_be_dropped() {
    let server = misbehaving(Delivery::Never);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.write_all(&request("x")).unwrap();
    while server.with(|plex| plex.seen("GET", "/user")) == 0 {
        std::thread::yield_now();
    }
    drop(server);
    let mut answer = Vec::new();
    // The end of the connection, in order or not.
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty());
}

#[test]
fn an_answer_says_which_request_it_answers() {
    let server = Server::http(FakePlex::new());
    for number in 0..2 {
        let answer = exchange(&server, &request("x"));
        assert!(answer.contains(&format!("{REQUEST_NUMBER}: {number}\r\n")), "{answer}");
    }
}

#[test]
fn a_restart_ends_every_connection_and_forgets_nothing() {
    let mut server = Server::http(FakePlex::new());
    let token = server.with(|plex| plex.issue_token(crate::Who::Free));
    let mut open = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    while server.connections() == 0 {
        std::thread::yield_now();
    }
    server.restart(Duration::from_millis(1)).unwrap();
    assert_eq!(open.read(&mut [0]).unwrap_or(0), 0);
    let answer = exchange(&server, &request(&token));
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(server.connections(), 2);
}
