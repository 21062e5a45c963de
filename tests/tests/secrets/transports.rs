//! The search for secrets in the output, the log and the reports of every operation with each
//! transport.

use std::collections::BTreeSet;

use plex_auth_proto::http::Request;
use plex_auth_proto::observer::{Observer, TracingObserver};
use plex_auth_proto::{Call, OPERATIONS};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{
    EveryOperation, HOME_PIN, PIN, every_operation, one_of_each_kind,
};
use plex_auth_tests::{RawServer, Reports, Step};

use crate::canaries::{PROXY, TOKEN, canaries, canary_inputs, echoes};
use crate::collected_log::{Line, log, start_log};
use crate::search::Output;

/// An `x-request-id` without a secret.
const REQUEST_ID: &str = "0d5f2a66-5a2e-4ef0-8f8b-3f6f5d3c2b1a";

/// Returns the values of `x-request-id` to send: each secret in the operation's request, an ID with
/// the Home PIN, and an ID without a secret.
fn request_ids(every: &EveryOperation) -> Vec<String> {
    let request = every.request(&canary_inputs("https://plex.example/api/v2"));
    let mut text =
        format!("{} {}", request.uri(), String::from_utf8_lossy(request.body().as_ref()));
    for value in request.headers().values() {
        text += &String::from_utf8_lossy(value.as_bytes());
    }
    let mut found: Vec<String> = canaries();
    found.retain(|canary| {
        let encoded: String = form_urlencoded::byte_serialize(canary.as_bytes()).collect();
        text.contains(canary.as_str()) || text.contains(&encoded)
    });
    found.extend([format!("id-{HOME_PIN}"), REQUEST_ID.to_owned()]);
    found
}

/// Returns an observer that reports to both `tracing` and `reports`.
pub(crate) fn observer(reports: &Reports) -> impl Observer + use<> {
    (TracingObserver::new(), reports.clone())
}

/// The operations that an observer was notified of, with the request IDs.
type Reported = BTreeSet<(&'static str, Option<String>)>;

/// Adds to the output everything that an observer was notified of. Returns the operations, with the
/// request IDs.
pub(crate) fn add_reports(reports: &Reports, output: &mut Output) -> Reported {
    let mut found = BTreeSet::new();
    for (attempt, end) in reports.take() {
        let context = format!("a report of {}", attempt.operation());
        output.add(&context, format!("{attempt:?} {attempt:#?} {}", attempt.url()));
        if let Some(end) = end {
            let request_id = end.request_id().map(str::to_owned);
            output.add(&context, format!("{end:?} {end:#?} {} {request_id:?}", end.outcome()));
            found.insert((attempt.operation(), request_id));
        }
    }
    found
}

/// Sends every operation to servers that succeed, repeat the secrets, redirect, or send an invalid
/// or incomplete response, and to hosts that cannot be reached.
fn exercise(carrier: Carrier, output: &mut Output) -> Reported {
    let reports = Reports::default();
    let carrier = &carrier.observer(observer(&reports));
    output
        .add(format!("the transport of {}", carrier.name()), format!("{carrier:?}\n{carrier:#?}"));
    let kinds: Vec<_> = one_of_each_kind().iter().map(|every| every.operation.name).collect();
    for every in every_operation() {
        let request_ids = request_ids(&every);
        let mut ids = request_ids.iter().cycle();
        let mut raw_response =
            |status, body: &str| raw_response(status, body, ids.next().expect("an endless cycle"));
        let mut responses = vec![raw_response(200, every.success)];
        // `core_shows_no_secret` checks every body for every operation, so most operations need
        // only one body here.
        let mut bodies = echoes();
        if !kinds.contains(&every.operation.name) {
            bodies.truncate(1);
        }
        for status in [200, 302, 401, 422, 500] {
            responses.extend(bodies.iter().map(|body| raw_response(status, body)));
        }
        assert!(responses.len() >= request_ids.len(), "not each ID is sent");
        let cut = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{";
        responses.extend([b"SSH-2.0-x\r\n\r\n".to_vec(), cut.as_bytes().to_vec(), Vec::new()]);
        let scripts = responses.into_iter().map(|bytes| vec![Step::Write(bytes), Step::Close]);
        for script in scripts {
            let server = RawServer::start(script);
            let context = format!("{} over {}", every.operation.name, carrier.name());
            match every.send(&canary_inputs(&server.url()), carrier) {
                Ok(value) => output.add(context, value),
                Err(error) => output.add_error(&context, &error),
            }
        }
        for url in ["http://no-such-host.invalid", "https://127.0.0.1:1"] {
            let error = every.send(&canary_inputs(url), carrier).expect_err("no server");
            output.add_error(
                &format!("{} at {url} over {}", every.operation.name, carrier.name()),
                &error,
            );
        }
    }
    add_reports(&reports, output)
}

/// Checks that a request ID is shown for every operation, unless it contains one of the request's
/// secrets.
fn check_request_ids(reported: &Reported) {
    let pin = format!("id-{HOME_PIN}");
    for operation in OPERATIONS {
        let shows = |id: &str| reported.contains(&(operation.name, Some(id.to_owned())));
        assert!(shows(REQUEST_ID), "{}", operation.name);
        assert_eq!(shows(&pin), operation.name != "switchHomeUser", "{}", operation.name);
    }
    let mut ids = reported.iter().filter_map(|(_, id)| id.as_deref());
    assert!(ids.all(|id| id == REQUEST_ID || id == pin), "{reported:?}");
}

fn raw_response(status: u16, body: &str, request_id: &str) -> Vec<u8> {
    let location = format!("https://elsewhere.example/{TOKEN}?X-Plex-Token={TOKEN}");
    format!(
        "HTTP/1.1 {status} X\r\nlocation: {location}\r\nx-echo: {TOKEN}\r\n\
         x-request-id: {request_id}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn hyper_neither_sends_nor_logs_user_info() {
    start_log();
    let server = RawServer::start(vec![Step::Write(raw_response(200, "{}", REQUEST_ID))]);
    let url = server.url().replace("//", "//u5er:pa55w0rd@");
    let request = Request::get(url).body(()).unwrap();
    let call = Call::status_only("getNothing", request).secret_url();
    Carrier::hyper(None).send(call).unwrap();

    let (_, lines) = log();
    assert!(lines.iter().any(|(target, _)| target.starts_with("hyper_util")));
    let leak = lines.iter().find(|(_, text)| text.contains("u5er") || text.contains("pa55w0rd"));
    assert!(leak.is_none(), "{leak:?}");
    let request = String::from_utf8_lossy(&server.requests()[0].bytes).into_owned();
    let host = format!("127.0.0.1:{}", server.port());
    assert!(request.contains(&host) && !request.contains("u5er"), "{request}");
    assert!(!request.contains("authorization"), "{request}");
}

#[test]
fn transports_leak_only_in_the_log_of_ureq() {
    start_log();
    let mut output = Output::default();
    let proxied = plex_auth_ureq::Transport::builder()
        .proxy(&format!("http://rosa:{PROXY}@127.0.0.1:1"))
        .build()
        .unwrap();
    for carrier in Carrier::transports() {
        check_request_ids(&exercise(carrier, &mut output));
    }
    // This transport uses a proxy that refuses connections, so nothing is sent.
    exercise(Carrier::Ureq(proxied), &mut output);

    let (leaking, lines) = log();
    assert!(
        lines.iter().any(|(target, _)| target.starts_with("hyper_util")),
        "nothing logged by hyper"
    );
    assert!(lines.iter().any(|(target, _)| target.starts_with("ureq")), "nothing logged by ureq");
    for operation in OPERATIONS {
        let is_traced = |(target, text): &Line| {
            target == "plex_auth" && text.contains(&format!("{:?}", operation.name))
        };
        assert!(lines.iter().any(is_traced), "{} is not traced", operation.name);
    }
    println!("{} lines of the log searched, {} excepted", lines.len(), leaking.len());
    for (target, text) in lines {
        output.add(format!("the log of {target}"), text);
    }
    output.has_none_of(&canaries());

    let leaked = leaking.iter().filter(|(_, text)| text.contains(TOKEN)).count();
    assert!(
        leaked > 0,
        "ureq no longer logs all bytes at TRACE: change the docs of plex-auth-ureq"
    );
    let docs = include_str!("../../../plex-auth-ureq/src/lib.rs");
    assert!(docs.contains("TRACE") && docs.contains("ureq_proto"), "the docs do not warn of it");
    let paths = leaking
        .iter()
        .filter(|(_, text)| text.starts_with("DEBUG GET") && text.contains(&PIN.to_string()));
    assert!(paths.count() > 0, "ureq no longer logs paths at DEBUG: change the docs");
    assert!(docs.contains("ureq=info"), "the docs do not warn of it");
}
