//! The reports that both transports send to an observer: one start and one end for each attempt to
//! send a request.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plex_auth_hyper::Transport;
use plex_auth_proto::observer::{AttemptOutcome, TracingObserver};
use plex_auth_proto::pin::PinId;
use plex_auth_proto::{Account, Call, Token};
use plex_auth_tests::carrier::{Carrier, runtime};
use plex_auth_tests::every_operation::{Inputs, every_operation};
use plex_auth_tests::trace::Trace;
use plex_auth_tests::{RawServer, Reports, Step, dropped_after, in_parallel};

use crate::harness::{plex_tv_at, unused_url, write, write_response};

const ROSA: &str = r#"{"id":1,"authToken":"token-of-rosa"}"#;
const NILO: &str = r#"{"id":2,"authToken":"token-of-nilo"}"#;
const CUT_OFF: &str = "the connection closed before the response was complete";

fn token_details(url: &str) -> Call<Account> {
    plex_tv_at(url).token_details(&Token::new("token-of-nilo").unwrap())
}

/// Runs a check with each transport, once with its default client and once with a client that the
/// caller built.
fn over_each(check: impl Fn(Carrier, Reports) + Sync) {
    let carriers =
        [Carrier::ureq(None), Carrier::hyper(None), Carrier::own_ureq(), Carrier::own_hyper()];
    in_parallel(carriers, |carrier| {
        let reports = Reports::default();
        check(carrier.observer(reports.clone()), reports);
    });
}

#[test]
fn response_has_a_start_and_an_end() {
    over_each(|carrier, reports| {
        for every in every_operation() {
            let server = RawServer::start(vec![write_response("200 OK", every.success)]);
            every.send(&Inputs::at(&server.url()), &carrier).unwrap();
            let [(started, None), (finished, Some(end))] = &reports.take()[..] else {
                panic!("{}: not two reports", every.operation.name);
            };
            for attempt in [started, finished] {
                assert_eq!(attempt.operation(), every.operation.name);
                assert_eq!((attempt.method(), attempt.number()), (&every.operation.method, 1));
                let path = if every.operation.secret_url { "/***" } else { &every.path() };
                let url = attempt.url().strip_prefix(&server.url()).unwrap();
                assert_eq!(url.split('?').next(), Some(path), "{}", every.operation.name);
                assert_eq!(attempt.request_size(), server.requests()[0].body.len());
            }
            assert_eq!(end.outcome(), AttemptOutcome::Response);
            assert_eq!(end.status().unwrap(), 200);
            let is_read = !every.has_no_output();
            assert!(!is_read || end.response_size() == every.success.len(), "{end:?}");
        }
    });
}

#[test]
fn refusal_is_a_response() {
    let server = RawServer::start(vec![write_response("401 Unauthorized", "{}")]);
    over_each(|carrier, reports| {
        carrier.send(token_details(&server.url())).unwrap_err();
        assert_eq!(reports.take_lines(), ["1 started", "1 401"]);
    });
}

#[test]
fn transport_error_ends_the_attempt() {
    over_each(|carrier, reports| {
        carrier.send(token_details(&unused_url())).unwrap_err();
        assert_eq!(reports.take_lines(), ["1 started", "1 the connection was refused"]);

        let server = RawServer::start(vec![write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")]);
        carrier.send(token_details(&server.url())).unwrap_err();
        assert_eq!(reports.take_lines(), ["1 started", &format!("1 200{CUT_OFF}")]);
    });
}

#[test]
fn retry_on_a_stale_connection_is_an_attempt() {
    over_each(|carrier, reports| {
        if carrier.name() == "own hyper client" {
            return; // This client does not retry.
        }
        // The first connection is closed after the second request.
        let server = RawServer::per_connection(vec![
            vec![write_response("200 OK", NILO), Step::AwaitRequest, Step::Close],
            vec![write_response("200 OK", NILO)],
        ]);
        for _ in 0..2 {
            carrier.send(token_details(&server.url())).unwrap();
        }
        let cut_off = format!("1 {CUT_OFF}");
        let expected = ["1 started", "1 200", "1 started", &cut_off, "2 started", "2 200"];
        assert_eq!(reports.take_lines(), expected, "{}", carrier.name());
        assert_eq!(server.requests().len(), 3);
    });
}

#[test]
fn failed_retry_has_its_own_error() {
    over_each(|carrier, reports| {
        if carrier.name() == "own hyper client" {
            return;
        }
        let server = RawServer::per_connection(vec![
            vec![write_response("200 OK", NILO), Step::AwaitRequest, Step::Close],
            vec![write("SSH-2.0-x\r\n\r\n")],
        ]);
        carrier.send(token_details(&server.url())).unwrap();
        reports.take();
        carrier.send(token_details(&server.url())).unwrap_err();
        let lines = reports.take_lines();
        let expected = ["1 started", &format!("1 {CUT_OFF}"), "2 started"];
        assert_eq!(lines[..3], expected, "{}", carrier.name());
        assert!(lines.len() == 4 && lines[3] == "2 the response is not valid HTTP", "{lines:?}");
    });
}

#[test]
fn retry_after_a_mismatch_is_an_attempt() {
    over_each(|carrier, reports| {
        let server = RawServer::per_connection(vec![
            vec![write_response("200 OK", ROSA)],
            vec![write_response("200 OK", NILO)],
        ]);
        let account = carrier.send(token_details(&server.url())).unwrap();
        assert_eq!(account.id, Some(2));
        assert_eq!(reports.take_lines(), ["1 started", "1 200", "2 started", "2 200"]);
    });
}

#[test]
fn both_retries_in_one_exchange_are_numbered() {
    over_each(|carrier, reports| {
        if carrier.name() == "own hyper client" {
            return;
        }
        let server = RawServer::per_connection(vec![
            vec![write_response("200 OK", NILO), Step::AwaitRequest, Step::Close],
            vec![write_response("200 OK", ROSA)],
            vec![write_response("200 OK", NILO)],
        ]);
        carrier.send(token_details(&server.url())).unwrap();
        reports.take();
        carrier.send(token_details(&server.url())).unwrap();
        let cut_off = format!("1 {CUT_OFF}");
        let expected = ["1 started", &cut_off, "2 started", "2 200", "3 started", "3 200"];
        assert_eq!(reports.take_lines(), expected, "{}", carrier.name());
    });
}

#[test]
fn future_dropped_after_any_poll_has_an_end() {
    let server = RawServer::start(vec![write_response("200 OK", NILO)]);
    let reports = Reports::default();
    let transport = Transport::new().observer(reports.clone());
    runtime().block_on(async {
        let mut polls = 1;
        while dropped_after(polls, transport.send(token_details(&server.url()))).await.is_none() {
            let [(_, None), (_, Some(end))] = &reports.take()[..] else {
                panic!("not two reports after {polls} polls");
            };
            assert_eq!(end.outcome(), AttemptOutcome::Cancelled);
            polls += 1;
        }
        assert_eq!(reports.take_lines(), ["1 started", "1 200"]);
        assert!(polls > 1, "the first poll was the last");
    });
}

#[test]
fn future_dropped_within_the_body_has_a_status() {
    let server = RawServer::start(vec![
        write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
        Step::StallUntilDropped,
    ]);
    let reports = Reports::default();
    let transport = Transport::new().observer(reports.clone());
    let send = transport.send(token_details(&server.url()));
    let wait = Duration::from_millis(500);
    runtime().block_on(async { tokio::time::timeout(wait, send).await.unwrap_err() });
    let [_, (_, Some(end))] = &reports.take()[..] else { panic!("not two reports") };
    assert_eq!(end.outcome(), AttemptOutcome::Cancelled);
    // On a busy machine, the head may not have arrived yet.
    assert!(end.status().is_none_or(|status| status == 200), "{end:?}");
}

#[test]
fn fetch_and_flows_are_observed() {
    let server = RawServer::start(vec![write_response("200 OK", NILO)]);
    let reports = Reports::default();
    let (outgoing, _) = token_details(&server.url()).into_outgoing();
    let transport = plex_auth_ureq::Transport::new().observer(reports.clone());
    transport.fetch(outgoing.clone()).unwrap();
    assert_eq!(reports.take_lines(), ["1 started", "1 200"]);
    let transport = Transport::new().observer(reports.clone());
    runtime().block_on(transport.fetch(outgoing)).unwrap();
    assert_eq!(reports.take_lines(), ["1 started", "1 200"]);
    for carrier in Carrier::transports() {
        let token = Token::new("token-of-nilo").unwrap();
        let mut check = plex_tv_at(&server.url()).token_check(&token);
        let carrier = carrier.observer(reports.clone());
        carrier.drive(&mut check, |_, _| ControlFlow::Continue(())).unwrap();
        assert_eq!(reports.take_lines(), ["1 started", "1 200"], "{}", carrier.name());
    }
}

#[test]
fn request_id_is_reported_unless_it_is_secret() {
    over_each(|carrier, reports| {
        for (id, is_shown) in [("0d5f2a66-5a2e-4ef0", true), ("x-token-of-nilo", false)] {
            let head = format!("200 OK\r\nx-request-id: {id}");
            let server = RawServer::start(vec![write_response(&head, NILO)]);
            carrier.send(token_details(&server.url())).unwrap();
            let [_, (_, Some(end))] = &reports.take()[..] else { panic!("not two reports") };
            assert_eq!(end.request_id(), is_shown.then_some(id));
        }
    });
}

#[test]
fn panicking_observer_does_not_fail_the_call() {
    struct Panicking;
    impl plex_auth_proto::Observer for Panicking {
        fn started(&self, _: &mut plex_auth_proto::observer::Attempt) {
            panic!("this panic is expected");
        }
    }
    let server = RawServer::start(vec![write_response("200 OK", NILO)]);
    for carrier in Carrier::transports() {
        carrier.observer(Panicking).send(token_details(&server.url())).unwrap();
    }
}

/// Runs the closure and returns the spans and events that the library emitted through `tracing`.
/// Each consists of a string, such as `DEBUG plex_request` (the level, then the message or, if
/// there is none, the name), and the fields.
fn traced(run: impl FnOnce()) -> Vec<(String, Vec<(&'static str, String)>)> {
    let received = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&received);
    let subscriber = Trace::new(move |metadata, mut fields| {
        if metadata.target() == "plex_auth" {
            let message = fields.iter().position(|(name, _)| *name == "message");
            let name = message.map_or(metadata.name().to_owned(), |at| fields.remove(at).1);
            lines.lock().unwrap().push((format!("{} {name}", metadata.level()), fields));
        }
    });
    tracing::subscriber::with_default(subscriber, run);
    received.lock().unwrap().clone()
}

#[test]
fn tracing_has_the_documented_fields() {
    let docs = include_str!("../../../plex-auth-proto/src/observer/tracing.rs");
    let documented: Vec<_> =
        docs.lines().filter_map(|line| line.strip_prefix("/// | `")?.split('`').next()).collect();
    let head = "200 OK\r\nx-request-id: 0d5f2a66";
    let server = RawServer::start(vec![write_response(head, "[]")]);
    let url = server.url();
    for carrier in Carrier::transports() {
        let carrier = carrier.observer(TracingObserver::new());
        let traced = traced(|| {
            carrier.send(plex_tv_at(&url).poll_pin(&PinId::new(4711))).unwrap_err();
            carrier.send(token_details(&unused_url())).unwrap_err();
        });
        let names: Vec<_> = traced.iter().map(|(name, _)| name.as_str()).collect();
        let each = ["DEBUG plex_request", "TRACE started", "DEBUG finished"];
        assert_eq!(names, [each, each].concat());

        let fields = |index: usize| traced[index].1.clone();
        let expected = [
            ("operation", "getOAuthPin"),
            ("method", "GET"),
            ("url", &format!("{url}/***")),
            ("attempt", "1"),
            ("request_size", "0"),
        ];
        assert_eq!(fields(0), expected.map(|(name, value)| (name, value.to_owned())));
        let mut response = fields(2);
        response.retain(|(name, _)| *name != "duration_ms");
        let expected = [
            ("outcome", "response"),
            ("status", "200"),
            ("response_size", "2"),
            ("request_id", "0d5f2a66"),
        ];
        assert_eq!(response, expected.map(|(name, value)| (name, value.to_owned())));
        let mut error = fields(5);
        error.retain(|(name, _)| *name != "duration_ms");
        let expected = [
            ("outcome", "transport_error"),
            ("error", "the connection was refused"),
            ("response_size", "0"),
        ];
        assert_eq!(error, expected.map(|(name, value)| (name, value.to_owned())));

        let mut used: Vec<_> =
            traced.iter().flat_map(|(_, fields)| fields).map(|it| it.0).collect();
        used.sort_unstable();
        used.dedup();
        let mut documented = documented.clone();
        documented.sort_unstable();
        assert_eq!(used, documented);
    }
}
