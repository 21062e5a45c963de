//! Timeouts, the body size limit, and the number of times a request is sent, with both transports.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::{HeaderValue, Request};
use plex_auth_proto::{Account, Call, Credentials, ResponseError, Token};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{Inputs, every_operation};
use plex_auth_tests::{RawServer, Reports, Step, in_parallel};
use plex_auth_ureq::ureq::middleware::MiddlewareNext;
use plex_auth_ureq::ureq::{Agent, SendBody};

use crate::harness::{TIMEOUT, plex_tv_at, transport_error, variant, write, write_response};

const BODY: &str = r#"{"authToken":"abc"}"#;

fn write_success() -> Step {
    write_response("200 OK", BODY)
}

fn token_details(url: &str) -> Call<Account> {
    plex_tv_at(url).token_details(&Token::new("abc").unwrap())
}

#[test]
fn deadline_of_a_call_overrides_the_timeout() {
    let stalling = RawServer::start(vec![Step::StallUntilDropped]);
    in_parallel(Carrier::transports(), |carrier| {
        let call = token_details(&stalling.url()).deadline(TIMEOUT);
        let error = carrier.send(call).unwrap_err();
        assert_eq!(transport_error(&error).kind(), TransportErrorKind::TimedOut(TIMEOUT));
    });
}

#[test]
fn error_status_counts_without_its_whole_body() {
    let bodies = [("<html>", false), (r#"{"errors":[{"code":1001}]}"#, true)];
    let ends = [Step::Close, Step::Reset, Step::StallUntilDropped];
    let cases = ends.into_iter().flat_map(|end| bodies.map(|body| (end.clone(), body)));
    in_parallel(cases, |(end, (body, of_plex))| {
        let response = format!("HTTP/1.1 401 No\r\ncontent-length: 999\r\n\r\n{body}");
        let server = RawServer::start(vec![write(&response), end]);
        in_parallel(Carrier::transports(), |carrier| {
            let carrier = carrier.timeout(TIMEOUT);
            let error = carrier.send(token_details(&server.url())).unwrap_err();
            assert_eq!(variant(&error), "Unauthorized");
            assert_eq!((error.is_token_invalid(), error.is_unconfirmed()), (of_plex, !of_plex));
        });
    });
}

#[test]
fn body_limit_of_a_call_overrides_the_transport() {
    let server = RawServer::start(vec![write_success()]);
    for (of_call, of_transport, fits) in
        [(Some(19), 1, true), (Some(18), 99, false), (None, 18, false), (None, 19, true)]
    {
        for carrier in Carrier::transports() {
            let call = token_details(&server.url());
            let call = match of_call {
                Some(bytes) => call.max_body_size(bytes),
                None => call,
            };
            match carrier.max_body_size(of_transport).send(call) {
                Ok(account) => assert!(fits && account.auth_token.unwrap().expose() == "abc"),
                Err(error) => {
                    let response = error.as_response();
                    assert!(
                        matches!(response, Some(ResponseError::BodyTooLarge { limit: 18, .. })),
                        "{error}"
                    );
                    assert!(!fits);
                }
            }
        }
    }
}

#[test]
fn status_only_call_reads_no_body() {
    for response in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\ncut off",
        "HTTP/1.1 200 OK\r\ncontent-length: 5000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\u{1f}x",
    ] {
        let server = RawServer::start(vec![write(response), Step::Close]);
        for carrier in Carrier::transports() {
            let request = Request::delete(format!("{}/users/signout", server.url())).body(());
            let call = Call::status_only("signOut", request.unwrap());
            let outcome = carrier.send(call);
            outcome.unwrap_or_else(|error| panic!("{}: {response}: {error}", carrier.name()));
        }
    }
}

#[test]
fn stale_connection_is_retried_if_idempotent() {
    for every in every_operation() {
        for carrier in Carrier::transports() {
            // The server closes the first connection after its second request. On later
            // connections, it responds.
            let server = RawServer::per_connection(vec![
                vec![write_success(), Step::AwaitRequest, Step::Close],
                vec![write_response("200 OK", every.success)],
            ]);
            let context = format!("{} {}", carrier.name(), every.operation.name);
            carrier.send(token_details(&server.url())).unwrap();
            let outcome = every.send(&Inputs::at(&server.url()), &carrier);
            let requests = server.requests().len() - 1;
            if every.operation.own_connection {
                outcome.unwrap_or_else(|error| panic!("{context}: {error}"));
                assert_eq!(requests, 1, "{context}");
            } else if every.operation.idempotent {
                outcome.unwrap_or_else(|error| panic!("{context}: {error}"));
                assert_eq!(requests, 2, "{context}");
            } else {
                let error = outcome.expect_err(&context);
                assert!(transport_error(&error).may_have_been_sent(), "{context}: {error}");
                assert!(!error.is_retryable(), "{context}: {error}");
                assert_eq!(requests, 1, "{context}");
            }
        }
    }
}

#[test]
fn fresh_connection_is_not_retried() {
    for every in every_operation() {
        for carrier in Carrier::transports() {
            let server = RawServer::start(vec![Step::Close]);
            let error = every.send(&Inputs::at(&server.url()), &carrier).unwrap_err();
            let context = format!("{} {}: {error}", carrier.name(), every.operation.name);
            assert_eq!(server.requests().len(), 1, "{context}");
        }
    }
}

/// Sends two requests at the same time, so that two connections are pooled. The server closes each
/// connection after the next request. Returns `None` if the first request ended before the second
/// one was sent.
fn two_kept_connections(carrier: &Carrier, pause: Duration) -> Option<RawServer> {
    let kept = vec![Step::Pause(pause), write_success(), Step::AwaitRequest, Step::Close];
    let server = RawServer::per_connection(vec![kept.clone(), kept, vec![write_success()]]);
    thread::scope(|scope| {
        for request in [0; 2].map(|_| scope.spawn(|| carrier.send(token_details(&server.url())))) {
            request.join().unwrap().unwrap();
        }
    });
    // Sequential requests would share a connection, and the second one would be retried.
    ((server.connections(), server.requests().len()) == (2, 2)).then_some(server)
}

#[test]
fn retry_opens_a_fresh_connection() {
    for new in [|| Carrier::ureq(None), || Carrier::hyper(None)] {
        let pauses = (0..8).map(|doublings| Duration::from_millis(200 << doublings));
        let overlapping = pauses.into_iter().find_map(|pause| {
            let carrier = new();
            Some((two_kept_connections(&carrier, pause)?, carrier))
        });
        let (server, carrier) = overlapping.expect("requests that overlap");
        let outcome = carrier.send(token_details(&server.url()));
        outcome.unwrap_or_else(|error| panic!("{}: {error}", carrier.name()));
        assert_eq!((server.connections(), server.requests().len()), (3, 4), "{}", carrier.name());
    }
}

fn read_head(stream: &mut TcpStream) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.extend(byte);
    }
}

#[test]
fn refused_retry_leaves_the_outcome_unknown() {
    for carrier in Carrier::transports() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // The server accepts one connection, closes it after the second request, and accepts no
        // other.
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            drop(listener);
            read_head(&mut stream);
            let length = BODY.len();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{BODY}").unwrap();
            read_head(&mut stream);
        });
        carrier.send(token_details(&url)).unwrap();
        let error = carrier.send(token_details(&url)).unwrap_err();
        // The error is that of the first copy, which the server may have processed.
        let found = transport_error(&error);
        assert_eq!(found.kind(), TransportErrorKind::CutOff, "{}", carrier.name());
        assert!(found.may_have_been_sent(), "{}: {error}", carrier.name());
        server.join().unwrap();
    }
}

#[test]
fn response_has_no_extensions() {
    let server = RawServer::start(vec![write_success()]);
    let call = token_details(&server.url());
    // ureq's own extensions would include the URL.
    let response = plex_auth_ureq::Transport::new().exchange(call).unwrap();
    assert!(response.extensions().is_empty(), "{:?}", response.extensions());
}

#[test]
fn maximum_timeouts_of_an_agent_are_capped() {
    let server = RawServer::start(vec![write_success()]);
    let max = Some(Duration::MAX);
    let agents = [
        Agent::config_builder().timeout_per_call(max),
        Agent::config_builder().timeout_resolve(max).timeout_connect(max),
        Agent::config_builder().timeout_send_request(max).timeout_send_body(max),
        Agent::config_builder().timeout_await_100(max),
        Agent::config_builder().timeout_recv_response(max).timeout_recv_body(max),
        Agent::config_builder().timeout_per_read(max).timeout_per_write(max),
        Agent::config_builder().timeout_global(max),
    ];
    for agent in agents {
        let transport = plex_auth_ureq::Transport::over(agent.proxy(None).build().new_agent());
        transport.send(token_details(&server.url())).unwrap();
        let credentials = Credentials::new("rosa", "nine kites & a lantern").unwrap();
        transport.send(plex_tv_at(&server.url()).sign_in(&credentials)).unwrap();
    }
}

/// Larger than ureq's 128 KiB buffer for one line of the request's head.
const LARGE: usize = 200_000;

#[test]
fn large_request_head_is_not_sent_in_part() {
    for carrier in [Carrier::ureq(None), Carrier::own_ureq()] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/sign-out", listener.local_addr().unwrap());
        let request = Request::post(url).header("x-large", "y".repeat(LARGE)).body(());
        let error = carrier.send(Call::status_only("signOut", request.unwrap())).unwrap_err();
        let found = transport_error(&error);
        let kind = TransportErrorKind::NotStarted("the URL or a header is too long");
        assert_eq!((found.kind(), found.may_have_been_sent()), (kind, false));
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "the client connected");
    }
}

#[test]
fn head_enlarged_by_middleware_may_be_sent_in_part() {
    let enlarge = |mut request: Request<SendBody<'_>>, next: MiddlewareNext<'_>| {
        let value = HeaderValue::try_from("y".repeat(LARGE)).unwrap();
        request.headers_mut().insert("x-large", value);
        next.handle(request)
    };
    let agent = Agent::config_builder().proxy(None).middleware(enlarge).build().new_agent();
    let server = RawServer::start(vec![write_success()]);
    let transport = plex_auth_ureq::Transport::over(agent);
    let error = transport.send(token_details(&server.url())).unwrap_err();
    assert!(transport_error(&error).may_have_been_sent(), "{error}");
}

#[test]
fn without_time_nothing_is_sent() {
    for carrier in [Carrier::hyper(None), Carrier::own_hyper(), Carrier::ureq(None)] {
        let server = RawServer::start(vec![write_success()]);
        let reports = Reports::default();
        let carrier = carrier.observer(reports.clone());
        let call = token_details(&server.url()).deadline(Duration::ZERO);
        let error = carrier.send(call).unwrap_err();
        let found = transport_error(&error);
        let expected = (TransportErrorKind::TimedOut(Duration::ZERO), false);
        assert_eq!((found.kind(), found.may_have_been_sent()), expected, "{}", carrier.name());
        assert!(reports.take().is_empty(), "{}", carrier.name());
        assert!(server.requests().is_empty(), "{}", carrier.name());
    }
}

#[test]
fn stalled_tls_handshake_ends_after_10_seconds() {
    in_parallel(Carrier::transports(), |carrier| {
        let server = RawServer::unasked(vec![Step::StallUntilDropped]);
        let carrier = carrier.timeout(Duration::from_secs(20));
        let url = format!("https://127.0.0.1:{}", server.port());
        let error = carrier.send(token_details(&url)).unwrap_err();
        let found = transport_error(&error);
        let limit = Duration::from_secs(10);
        assert_eq!(found.kind(), TransportErrorKind::TimedOut(limit), "{}", carrier.name());
        assert!(!found.may_have_been_sent(), "{}: {error}", carrier.name());
    });
}

#[test]
fn body_is_sent_without_an_interim_response() {
    for interim in ["", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let server = RawServer::start(vec![write(interim), write_success()]);
        let carriers = Carrier::transports().into_iter();
        for carrier in carriers.chain([Carrier::own_ureq(), Carrier::own_hyper()]) {
            let request = Request::post(server.url()).header("expect", "100-continue").body("a=b");
            let outcome = carrier.send(Call::status_only("postTest", request.unwrap()));
            outcome.unwrap_or_else(|error| panic!("{}: {error}", carrier.name()));
            assert_eq!(server.requests().last().unwrap().body, b"a=b");
        }
    }
}

#[test]
fn interim_responses_do_not_extend_the_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            read_head(&mut stream);
            let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(200);
            while stream.write_all(&interim).is_ok() {}
        }
    });
    for carrier in Carrier::transports() {
        let carrier = carrier.timeout(Duration::from_millis(500));
        let started = Instant::now();
        carrier.send(token_details(&url)).unwrap_err();
        let elapsed = started.elapsed();
        assert!(elapsed < Duration::from_secs(3), "{}: {elapsed:?}", carrier.name());
    }
}
