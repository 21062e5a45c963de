//! Time, size and how often something is sent, over both transports.

use std::time::Duration;

use plex_auth_fake::{Delivery, FakePlex, Misbehaviour, Server};
use plex_auth_proto::error::TransportErrorKind as Reason;
use plex_auth_proto::http::Request;
use plex_auth_proto::{Account, Call, ClientIdentity, PlexTv, ResponseError, Token};
use plex_auth_tests::{RawServer, Step, in_parallel};

use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{Inputs, every_operation, one_of_each_kind};

/// A timeout that only a server that stalls exceeds, even on a loaded machine.
const SOON: Duration = Duration::from_secs(3);

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{\"authToken\":\"abc\"}";

fn clients() -> [Carrier; 2] {
    [Carrier::ureq(None), Carrier::hyper(None)]
}

fn details(url: &str) -> Call<Account> {
    let me = ClientIdentity::builder("id").build().unwrap();
    let token = Token::new("abc").unwrap();
    PlexTv::at(me, url.parse().unwrap()).token_details(&token)
}

fn write(text: &str) -> Step {
    Step::Write(text.as_bytes().to_vec())
}

#[test]
fn an_answer_that_trickles_is_over_at_the_deadline_of_the_whole_exchange() {
    let pause = Duration::from_millis(200);
    let deliveries =
        [Delivery::SlowHead { bytes: 1, pause }, Delivery::SlowBody { bytes: 1, pause }];
    let cases = deliveries.into_iter().flat_map(|delivery| {
        one_of_each_kind()
            .into_iter()
            .flat_map(move |every| clients().map(|carrier| (delivery, every.clone(), carrier)))
    });
    in_parallel(cases, |(delivery, every, carrier)| {
        let server = Server::http(FakePlex::new());
        server.with(|fake| {
            let body = format!("{}{}", every.success, " ".repeat(100));
            let answer = Misbehaviour::answer(200, "application/json", body);
            fake.misbehave(&every.path(), answer.delivered(delivery));
        });
        let inputs = Inputs::at(server.url()).within(SOON);
        let error = every.send(&inputs, &carrier.timeout(SOON)).unwrap_err();
        let transport_error = error.as_transport().unwrap_or_else(|| panic!("{error}"));
        assert_eq!(transport_error.kind(), Reason::TimedOut(SOON), "{error}");
        assert!(transport_error.may_have_been_sent(), "{error}");
    });
}

#[test]
fn the_deadline_of_a_call_goes_before_that_of_the_transport() {
    let silent = RawServer::start(vec![Step::StallUntilDropped]);
    in_parallel(clients(), |carrier| {
        let error = carrier.send(details(&silent.url()).deadline(SOON)).unwrap_err();
        assert_eq!(error.as_transport().unwrap().kind(), Reason::TimedOut(SOON), "{error}");
    });
}

#[test]
fn a_refusal_counts_also_where_its_body_is_cut_off_or_stalls() {
    let head = "HTTP/1.1 401 No\r\ncontent-length: 999\r\n\r\n<html>";
    in_parallel([Step::Close, Step::Reset, Step::StallUntilDropped], |end| {
        let server = RawServer::start(vec![write(head), end]);
        in_parallel(clients().map(|carrier| carrier.timeout(SOON)), |carrier| {
            let error = carrier.send(details(&server.url())).unwrap_err();
            assert!(matches!(error.as_response(), Some(ResponseError::Unauthorized(_))), "{error}");
            assert!(error.is_token_invalid());
        });
    });
}

#[test]
fn the_limit_of_a_call_goes_before_that_of_the_transport() {
    let server = RawServer::start(vec![write(OK)]);
    for (of_call, of_transport, fits) in
        [(Some(19), 1, true), (Some(18), 99, false), (None, 18, false), (None, 19, true)]
    {
        for carrier in clients().map(|carrier| carrier.max_body_size(of_transport)) {
            let call = details(&server.url());
            let call = match of_call {
                Some(bytes) => call.max_body_size(bytes),
                None => call,
            };
            match carrier.send(call) {
                Ok(account) => assert!(fits && account.auth_token.unwrap().expose() == "abc"),
                Err(error) => {
                    let found = error.as_response();
                    assert!(
                        matches!(found, Some(ResponseError::BodyTooLarge { limit: 18, .. })),
                        "{error}"
                    );
                    assert!(!fits);
                }
            }
        }
    }
}

#[test]
fn a_call_for_a_status_alone_is_not_troubled_by_a_body() {
    for answer in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\ncut off",
        "HTTP/1.1 200 OK\r\ncontent-length: 5000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\u{1f}x",
    ] {
        let server = RawServer::start(vec![write(answer), Step::Close]);
        for carrier in clients() {
            let request = Request::delete(format!("{}/users/signout", server.url())).body(());
            let call = Call::status_only("signOut", request.unwrap());
            carrier
                .send(call)
                .unwrap_or_else(|error| panic!("{}: {answer}: {error}", carrier.name()));
        }
    }
}

#[test]
fn a_connection_that_dies_as_a_call_is_written_is_met_again_only_where_that_does_no_harm() {
    for every in every_operation() {
        for carrier in clients() {
            // The first connection answers once, takes the next request and dies; others would answer it.
            let success = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}",
                every.success.len(),
                every.success
            );
            let server = RawServer::per_connection(vec![
                vec![write(OK), Step::AwaitRequest, Step::Close],
                vec![write(&success)],
            ]);
            let name = format!("{} {}", carrier.name(), every.operation.name);
            carrier.send(details(&server.url())).unwrap();
            let outcome = every.send(&Inputs::at(&server.url()), &carrier);
            let arrived = server.requests().len() - 1;
            if every.operation.idempotent {
                outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(arrived, 2, "{name}");
            } else {
                let error = outcome.expect_err(&name);
                assert!(error.as_transport().unwrap().may_have_been_sent(), "{name}: {error}");
                assert!(!error.is_retryable(), "{name}: {error}");
                assert_eq!(arrived, 1, "{name}");
            }
        }
    }
}

#[test]
fn a_fresh_connection_that_dies_is_not_met_again() {
    for every in every_operation() {
        for carrier in clients() {
            let server = RawServer::start(vec![Step::Close]);
            let error = every.send(&Inputs::at(&server.url()), &carrier).unwrap_err();
            let name = format!("{} {}: {error}", carrier.name(), every.operation.name);
            assert_eq!(server.requests().len(), 1, "{name}");
        }
    }
}

#[test]
fn the_second_copy_goes_out_on_a_fresh_connection_though_others_were_kept_open() {
    for carrier in clients() {
        // Two that were kept open, as they are asked at the same time, and both die with the next request.
        let pause = Step::Pause(Duration::from_millis(200));
        let dies = vec![pause, write(OK), Step::AwaitRequest, Step::Close];
        let server = RawServer::per_connection(vec![dies.clone(), dies, vec![write(OK)]]);
        let ask = || carrier.send(details(&server.url()));
        std::thread::scope(|scope| {
            for first in [scope.spawn(ask), scope.spawn(ask)] {
                first.join().unwrap().unwrap();
            }
        });
        ask().unwrap_or_else(|error| panic!("{}: {error}", carrier.name()));
        assert_eq!((server.connections(), server.requests().len()), (3, 4), "{}", carrier.name());
    }
}

#[test]
fn where_the_second_copy_cannot_go_out_the_first_may_have_been_carried_out() {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    fn read_head(stream: &mut TcpStream) {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            head.extend(byte);
        }
    }
    for carrier in clients() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // One connection, which answers once, takes the next request and dies; no other is accepted.
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            drop(listener);
            read_head(&mut stream);
            stream.write_all(OK.as_bytes()).unwrap();
            read_head(&mut stream);
        });
        carrier.send(details(&url)).unwrap();
        let error = carrier.send(details(&url)).unwrap_err();
        // Not that the second was refused: what matters is what became of the first.
        assert_eq!(error.as_transport().unwrap().kind(), Reason::CutOff, "{}", carrier.name());
        assert!(error.as_transport().unwrap().may_have_been_sent(), "{}: {error}", carrier.name());
        server.join().unwrap();
    }
}

#[test]
fn no_url_comes_along_with_an_answer() {
    let server = RawServer::start(vec![write(OK)]);
    let answer = plex_auth_ureq::Transport::new().exchange(details(&server.url())).unwrap();
    assert!(answer.extensions().is_empty(), "{:?}", answer.extensions());
}
