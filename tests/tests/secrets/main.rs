//! Secrets are canary values, and everything that a program can see is searched for them, in
//! several encodings.
//!
//! This is a separate binary, because a process has only one global logger.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Mutex, Once, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::Response;
use plex_auth_proto::observer::{Observer, TracingObserver};
use plex_auth_proto::{Credentials, OPERATIONS, Token};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{
    EveryOperation, HOME_PIN, Inputs, PIN, every_operation, one_of_each_kind,
};
use plex_auth_tests::trace::Trace;
use plex_auth_tests::{RawServer, Reports, Step};

use crate::search::Output;

mod flows;
mod search;
mod searched_flow;

// The secrets in requests.
const TOKEN: &str = "canary-Tx9qWz4Vk7Rn2Hd01";
const PASSWORD: &str = "canary-Jy3uLs8Fm-é&%-6Gb02";
const CODE: &str = "canary-Og5xEc1Ny03";
const LOGIN: &str = "canary-Ib2rKv6Qt04@example.org";
const CLAIM: &str = "claim-canary-Dw7nPz3Hx06";
const PROXY: &str = "canary-Xz8dPh3Ws05";
const PIN_CODE: &str = "canary-Ck4nTb7Jq06";

/// Returns the Home PIN as part of a URL.
fn home_pin_in_url() -> String {
    format!("switch?pin={HOME_PIN}")
}

/// Returns the secrets in requests, and those in successful responses, which contain `canary-`.
fn canaries() -> Vec<String> {
    let mut found: Vec<String> =
        [TOKEN, PASSWORD, CODE, LOGIN, PROXY, PIN_CODE, CLAIM].map(str::to_owned).into();
    found.push(PIN.to_string());
    found.push(home_pin_in_url());
    // Only the end of the signature is searched for: the rest of the JWT is not secret.
    let device_jwt = canary_inputs("https://plex.example").device_jwt;
    found.extend(device_jwt.expose().get(device_jwt.expose().len() - 24..).map(str::to_owned));
    for every in every_operation() {
        let texts = every.success.split(['"', '/']).filter(|text| text.contains("canary-"));
        found.extend(texts.map(str::to_owned));
    }
    found.sort();
    found.dedup();
    found
}

fn canary_inputs(url: &str) -> Inputs {
    let token = Token::new(TOKEN).unwrap();
    let credentials = Credentials::new(LOGIN, PASSWORD).unwrap();
    let mut inputs = Inputs::with(url, token, credentials.clone());
    inputs.credentials = credentials.verification_code(CODE);
    inputs.pin_code = PIN_CODE.parse().unwrap();
    inputs.claim_token = CLAIM.parse().unwrap();
    inputs
}

/// Returns bodies that echo every secret, in shapes that are parsed and in others.
fn echoes() -> Vec<String> {
    let all = canaries().join(" ");
    let xml = all.replace('&', "&amp;");
    vec![
        format!(r#"{{"errors":[{{"code":1001,"message":"{all}","status":401}}]}}"#),
        format!(r#"{{"errors":["{all}"]}}"#),
        format!(r#"{{"error":"{all}"}}"#),
        format!(r#"{{"error":"Invalid token {all}","status":422}}"#),
        format!("<errors><error code=\"1001\" message=\"{xml}\"/></errors>"),
        format!("<errors><error>Invalid token {xml}</error></errors>"),
        format!("<html><body>{xml}</body></html>"),
        format!(r#"{{"{all}":"{all}"}}"#),
        format!(r#"{{"authToken":["{all}"],"MediaContainer":{{"token":"{all}"}}}}"#),
        format!(r#"{{"MediaContainer":"{all}","authToken":"{all}"}}"#),
        format!(r#"{{"MediaContainer":{{"Device":"{all}","{all}":1"#),
        format!(r#"["{all}"]"#),
        format!("\"{all}\""),
        all,
        String::new(),
    ]
}

const STATUSES: [u16; 16] =
    [200, 201, 204, 301, 302, 307, 400, 401, 403, 404, 422, 429, 498, 500, 502, 503];

/// Returns a response that also has secrets in its headers.
fn response(status: u16, body: &str) -> Response<Vec<u8>> {
    Response::builder()
        .status(status)
        .header(
            "location",
            format!("https://elsewhere.example/{TOKEN}?X-Plex-Token={TOKEN}#{TOKEN}"),
        )
        .header("retry-after", TOKEN)
        .header("x-echo", TOKEN)
        .body(body.as_bytes().to_vec())
        .unwrap()
}

#[test]
fn core_shows_no_secret() {
    let mut output = Output::default();
    let inputs = canary_inputs("https://plex.example/api/v2");
    output.add("the inputs", format!("{inputs:?}\n{inputs:#?}"));
    for every in every_operation() {
        let name = every.operation.name;
        output.add(format!("the call of {name}"), every.shown(&inputs));
        let value = every.parse(&inputs, &response(200, every.success)).expect("a success");
        output.add(format!("the output of {name}"), value);
        for status in STATUSES {
            for body in echoes() {
                let context = format!("{name} with {status} {body:.20}");
                match every.parse(&inputs, &response(status, &body)) {
                    Ok(value) => output.add(context, value),
                    Err(error) => output.add_error(&context, &error.into()),
                }
            }
        }
        for sent in [true, false] {
            let error = every.transport_error(&inputs, TransportErrorKind::CutOff, sent);
            output.add_error(&format!("{name} without a response"), &error);
        }
    }
    output.has_none_of(&canaries());
}

thread_local! {
    /// The panic messages of this thread, which are recorded instead of printed.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// `expect` puts the `Debug` output of an error into the panic message.
#[test]
fn panics_show_no_secret() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| match std::thread::current().name() {
        Some("panics_show_no_secret") => {
            PANICS.with_borrow_mut(|panics| panics.push(panic.to_string()));
        }
        _ => before(panic),
    }));
    let inputs = canary_inputs("https://plex.example/api/v2");
    for every in every_operation() {
        for status in STATUSES {
            for body in echoes() {
                let read = || every.parse(&inputs, &response(status, &body)).expect("a success");
                drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)));
            }
        }
        let error = every.transport_error(&inputs, TransportErrorKind::CutOff, true);
        let crash = move || panic!("a success: {error:?}");
        drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(crash)));
    }
    let mut output = Output::default();
    let panics = PANICS.take();
    assert!(panics.len() > 500, "{}", panics.len());
    for panic in panics {
        output.add("a panic", panic);
    }
    output.has_none_of(&canaries());
}

#[test]
fn secret_urls_and_headers_are_marked() {
    let mut output = Output::default();
    let inputs = canary_inputs("https://plex.example/api/v2");
    let canaries = canaries();
    for every in every_operation() {
        let request = every.request(&inputs);
        let has_secret = canaries.iter().any(|canary| {
            let encoded: String = form_urlencoded::byte_serialize(canary.as_bytes()).collect();
            let uri = request.uri().to_string();
            uri.contains(canary.as_str()) || uri.contains(&encoded)
        });
        assert_eq!(has_secret, every.operation.secret_url, "{}", every.operation.name);
        if !every.operation.secret_url {
            output.add(format!("the URL of {}", every.operation.name), request.uri().to_string());
        }
        for (name, value) in request.headers() {
            let is_secret = canaries.iter().any(|canary| value.as_bytes() == canary.as_bytes());
            assert_eq!(value.is_sensitive(), is_secret, "{}: {name}", every.operation.name);
        }
    }
    output.has_none_of(&canaries);
}

/// A line of the log, or a span or event of `tracing`: its target and its text.
type Line = (String, String);

/// The log of this process.
static LOG: Mutex<Vec<Line>> = Mutex::new(Vec::new());

struct Collector;

impl log::Log for Collector {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        add_to_log(record.target(), format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

fn add_to_log(target: &str, text: String) {
    LOG.lock().unwrap_or_else(PoisonError::into_inner).push((target.to_owned(), text));
}

/// Collects everything that is logged or traced from now on, at every level.
fn start_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Collector).expect("no other logger");
        log::set_max_level(log::LevelFilter::Trace);
        let trace = Trace::new(|metadata, fields| {
            let (level, name) = (metadata.level(), metadata.name());
            add_to_log(metadata.target(), format!("{level} {name} {fields:?}"));
        });
        tracing::subscriber::set_global_default(trace).expect("no other subscriber");
    });
}

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

/// Returns an observer that reports to `tracing` as well.
fn observer(reports: &Reports) -> impl Observer + use<> {
    (TracingObserver::new(), reports.clone())
}

/// The operations that an observer was notified of, with the request IDs.
type Reported = BTreeSet<(&'static str, Option<String>)>;

/// Adds everything that an observer was notified of to the output.
fn add_reports(reports: &Reports, output: &mut Output) -> Reported {
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

/// Sends every operation to servers that succeed, repeat the secrets, redirect, or cut off the
/// response.
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

/// Checks that a request ID is shown for every operation, unless it contains a secret of the
/// request.
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

/// Returns whether ureq or its protocol crate is known to log secrets in this line. At TRACE, they
/// log all bytes. At DEBUG, they log some response headers, of which `location` can contain part of
/// the request. If TRACE is enabled, as it is here, they also log the URL of the request at DEBUG;
/// otherwise, they log only its host. The library cannot prevent this, and the docs of
/// `plex-auth-ureq` warn about it.
fn is_known_leak(target: &str, text: &str) -> bool {
    let of_ureq =
        target == "ureq" || target.starts_with("ureq::") || target.starts_with("ureq_proto");
    let is_request = ["DEBUG GET http", "DEBUG POST http", "DEBUG Request {"]
        .iter()
        .any(|start| text.starts_with(start));
    let secrets = [format!("/pins/{PIN}"), CLAIM.to_owned(), home_pin_in_url()];
    let has_secret_url = is_request && secrets.iter().any(|secret| text.contains(secret));
    of_ureq && (text.starts_with("TRACE") || text.starts_with("DEBUG Response {") || has_secret_url)
}

/// Returns the log so far: the lines in which ureq logs secrets, and the others.
fn log() -> (Vec<Line>, Vec<Line>) {
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
    log.into_iter().partition(|(target, text)| is_known_leak(target, text))
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

#[test]
fn secrets_are_zeroed_on_drop() {
    fn zeroes<T: zeroize::ZeroizeOnDrop>() {}
    zeroes::<plex_auth_proto::Body>();
    zeroes::<plex_auth_proto::Secret>();
    zeroes::<Credentials>();
    zeroes::<plex_auth_proto::pin::PinId>();
    zeroes::<plex_auth_proto::pin::PinCode>();
    zeroes::<plex_auth_proto::pin::PinUrl>();
    zeroes::<plex_auth_proto::jwt::DeviceJwt>();
    zeroes::<plex_auth_proto::jwt::Ed25519Key>();
}

#[test]
fn search_finds_every_encoding() {
    for text in [
        format!("token={TOKEN}"),
        format!("{:?}", PASSWORD.as_bytes()),
        STANDARD.encode(format!("rosa:{PASSWORD}")),
        form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect(),
        TOKEN.get(9..20).unwrap().to_owned(),
    ] {
        let mut output = Output::default();
        output.add("a text", text.clone());
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            output.has_none_of(&canaries());
        }));
        assert!(found.is_err(), "not found in {text}");
    }
}
