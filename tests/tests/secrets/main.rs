//! Canaries: every secret that can go in or come out is one of a kind, and everything that a program can see is
//! searched for each of them, in every dress that it could wear.
//!
//! A binary of its own, since the log of a process is one for all its tests.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

use std::cell::RefCell;
use std::sync::{Mutex, Once, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::Response;
use plex_auth_proto::{Credentials, Token};
use plex_auth_tests::{RawServer, Step};

use crate::search::Seen;
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{HOME_PIN, Inputs, PIN, every_operation, one_of_each_kind};

mod flows;
mod search;
mod searched_flow;

/// What goes in.
const TOKEN: &str = "canary-Tx9qWz4Vk7Rn2Hd01";
const PASSWORD: &str = "canary-Jy3uLs8Fm-é&%-6Gb02";
const CODE: &str = "canary-Og5xEc1Ny03";
const LOGIN: &str = "canary-Ib2rKv6Qt04@example.org";
const CLAIM: &str = "claim-canary-Dw7nPz3Hx06";
const PROXY: &str = "canary-Xz8dPh3Ws05";
const PIN_CODE: &str = "canary-Ck4nTb7Jq06";

/// How a Home PIN stands in a URL.
fn switch() -> String {
    format!("switch?pin={HOME_PIN}")
}

/// What comes out: every text of a success that starts as a canary does.
fn canaries() -> Vec<String> {
    let mut found: Vec<String> =
        [TOKEN, PASSWORD, CODE, LOGIN, PROXY, PIN_CODE, CLAIM].map(str::to_owned).into();
    found.push(PIN.to_string());
    found.push(switch());
    // The end of the signature; what stands before it is no secret.
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

/// Bodies that quote every secret back, in each shape that is read and in some that are not.
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

/// An answer that quotes secrets in its headers as well.
fn answer(status: u16, body: &str) -> Response<Vec<u8>> {
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
fn nothing_that_the_core_shows_holds_a_secret() {
    let mut seen = Seen::default();
    let inputs = canary_inputs("https://plex.example/api/v2");
    seen.add("the values that ask", format!("{inputs:?}\n{inputs:#?}"));
    for every in every_operation() {
        let name = every.operation.name;
        seen.add(format!("the call of {name}"), every.shown(&inputs));
        let whole = every.parse(&inputs, &answer(200, every.success)).expect("a success");
        seen.add(format!("the value of {name}"), whole);
        for status in STATUSES {
            for body in echoes() {
                let place = format!("{name} answered by {status} {body:.20}");
                match every.parse(&inputs, &answer(status, &body)) {
                    Ok(value) => seen.add(place, value),
                    Err(error) => seen.error(&place, &error.into()),
                }
            }
        }
        for sent in [true, false] {
            let error = every.transport_error(&inputs, TransportErrorKind::CutOff, sent);
            seen.error(&format!("{name} without an answer"), &error);
        }
    }
    seen.has_none_of(&canaries());
}

thread_local! {
    /// What a panic of this thread says, in place of standard error.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What a program that crashes on an error writes: the message, with the error's `Debug` in it.
#[test]
fn no_panic_of_a_program_shows_a_secret() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| match std::thread::current().name() {
        Some("no_panic_of_a_program_shows_a_secret") => {
            PANICS.with_borrow_mut(|panics| panics.push(panic.to_string()));
        }
        _ => before(panic),
    }));
    let inputs = canary_inputs("https://plex.example/api/v2");
    for every in every_operation() {
        for status in STATUSES {
            for body in echoes() {
                let read = || every.parse(&inputs, &answer(status, &body)).expect("an answer");
                drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)));
            }
        }
        let error = every.transport_error(&inputs, TransportErrorKind::CutOff, true);
        let crash = move || panic!("an answer: {error:?}");
        drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(crash)));
    }
    let mut seen = Seen::default();
    let panics = PANICS.take();
    assert!(panics.len() > 500, "{}", panics.len());
    for panic in panics {
        seen.add("a panic", panic);
    }
    seen.has_none_of(&canaries());
}

#[test]
fn no_url_holds_a_secret_and_secret_headers_are_marked() {
    let mut seen = Seen::default();
    let inputs = canary_inputs("https://plex.example/api/v2");
    let canaries = canaries();
    for every in every_operation() {
        let request = every.request(&inputs);
        let shows_a_secret = canaries.iter().any(|canary| {
            let encoded: String = form_urlencoded::byte_serialize(canary.as_bytes()).collect();
            let uri = request.uri().to_string();
            uri.contains(canary.as_str()) || uri.contains(&encoded)
        });
        assert_eq!(shows_a_secret, every.operation.secret_url, "{}", every.operation.name);
        if !every.operation.secret_url {
            seen.add(format!("the URL of {}", every.operation.name), request.uri().to_string());
        }
        for (name, value) in request.headers() {
            let is_secret = canaries.iter().any(|canary| value.as_bytes() == canary.as_bytes());
            assert_eq!(value.is_sensitive(), is_secret, "{}: {name}", every.operation.name);
        }
    }
    seen.has_none_of(&canaries);
}

/// The target of what was logged, and its text.
type Line = (String, String);

/// What was logged by anything in this process.
static LOG: Mutex<Vec<Line>> = Mutex::new(Vec::new());

struct Listener;

impl log::Log for Listener {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = (record.target().to_owned(), format!("{} {}", record.level(), record.args()));
        LOG.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn flush(&self) {}
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Listener).expect("no other logger");
        log::set_max_level(log::LevelFilter::Trace);
    });
}

/// Every operation over a carrier, against servers that answer, echo, redirect, stall and cut off.
fn exercise(carrier: &Carrier, seen: &mut Seen) {
    seen.add(format!("the transport of {}", carrier.name()), format!("{carrier:?}\n{carrier:#?}"));
    let kinds: Vec<_> = one_of_each_kind().iter().map(|every| every.operation.name).collect();
    for every in every_operation() {
        let mut answers = vec![wire(200, every.success)];
        // What the parser shows of each body is searched without a transport.
        let mut bodies = echoes();
        if !kinds.contains(&every.operation.name) {
            bodies.truncate(1);
        }
        for status in [200, 302, 401, 422, 500] {
            answers.extend(bodies.iter().map(|body| wire(status, body)));
        }
        let cut = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{";
        answers.extend([b"SSH-2.0-x\r\n\r\n".to_vec(), cut.as_bytes().to_vec(), Vec::new()]);
        let scripts = answers.into_iter().map(|bytes| vec![Step::Write(bytes), Step::Close]);
        for script in scripts {
            let server = RawServer::start(script);
            let place = format!("{} over {}", every.operation.name, carrier.name());
            match every.send(&canary_inputs(&server.url()), carrier) {
                Ok(value) => seen.add(place, value),
                Err(error) => seen.error(&place, &error),
            }
        }
        for url in ["http://no-such-host.invalid", "https://127.0.0.1:1"] {
            let error = every.send(&canary_inputs(url), carrier).expect_err("no answer");
            seen.error(
                &format!("{} at {url} over {}", every.operation.name, carrier.name()),
                &error,
            );
        }
    }
}

fn wire(status: u16, body: &str) -> Vec<u8> {
    let location = format!("https://elsewhere.example/{TOKEN}?X-Plex-Token={TOKEN}");
    format!(
        "HTTP/1.1 {status} X\r\nlocation: {location}\r\nx-echo: {TOKEN}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What ureq and its protocol crate write: the wire at level TRACE, and at DEBUG some headers of an answer, of
/// which `location` can quote what was sent. Nothing of ours can stop it; the docs of `plex-auth-ureq` say so, and
/// if this gets less, so can they. Where TRACE is on, as it is here, lines of DEBUG have the URL of a request, too,
/// of which nothing but the host is there else.
fn is_told_by_ureq(target: &str, text: &str) -> bool {
    let of_ureq =
        target == "ureq" || target.starts_with("ureq::") || target.starts_with("ureq_proto");
    let is_request = ["DEBUG GET http", "DEBUG POST http", "DEBUG Request {"]
        .iter()
        .any(|start| text.starts_with(start));
    let secrets = [format!("/pins/{PIN}"), CLAIM.to_owned(), switch()];
    let has_secret_url = is_request && secrets.iter().any(|secret| text.contains(secret));
    of_ureq && (text.starts_with("TRACE") || text.starts_with("DEBUG Response {") || has_secret_url)
}

/// What was logged up to now: what ureq writes of what it carries, and all else.
fn log() -> (Vec<Line>, Vec<Line>) {
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
    log.into_iter().partition(|(target, text)| is_told_by_ureq(target, text))
}

#[test]
fn no_transport_shows_or_logs_a_secret_save_what_ureq_writes() {
    listen();
    let mut seen = Seen::default();
    let proxied = plex_auth_ureq::Transport::builder()
        .proxy(&format!("http://rosa:{PROXY}@127.0.0.1:1"))
        .build()
        .unwrap();
    exercise(&Carrier::hyper(None), &mut seen);
    exercise(&Carrier::ureq(None), &mut seen);
    exercise(&Carrier::Ureq(proxied), &mut seen);

    let (wire_log, own_log) = log();
    assert!(
        own_log.iter().any(|(target, _)| target.starts_with("hyper_util")),
        "hyper logs nothing"
    );
    assert!(own_log.iter().any(|(target, _)| target.starts_with("ureq")), "ureq logs nothing");
    println!(
        "{} lines of log searched, {} of ureq's at TRACE apart",
        own_log.len(),
        wire_log.len()
    );
    for (target, text) in own_log {
        seen.add(format!("the log of {target}"), text);
    }
    seen.has_none_of(&canaries());

    let wire = wire_log.iter().filter(|(_, text)| text.contains(TOKEN)).count();
    assert!(
        wire > 0,
        "ureq no longer writes the wire at TRACE: say so in the docs of plex-auth-ureq"
    );
    let docs = include_str!("../../../plex-auth-ureq/src/lib.rs");
    assert!(docs.contains("TRACE") && docs.contains("ureq_proto"), "the docs warn of it");
    let paths = wire_log
        .iter()
        .filter(|(_, text)| text.starts_with("DEBUG GET") && text.contains(&PIN.to_string()));
    assert!(paths.count() > 0, "ureq no longer logs paths at DEBUG: say so in the docs, too");
    assert!(docs.contains("ureq=info"), "the docs warn of it");
}

#[test]
fn what_is_dropped_is_zeroed_where_that_is_promised() {
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
fn the_search_finds_a_secret_in_every_dress() {
    for text in [
        format!("token={TOKEN}"),
        format!("{:?}", PASSWORD.as_bytes()),
        STANDARD.encode(format!("rosa:{PASSWORD}")),
        form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect(),
        TOKEN.get(9..20).unwrap().to_owned(),
    ] {
        let mut seen = Seen::default();
        seen.add("a place", text.clone());
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            seen.has_none_of(&canaries());
        }));
        assert!(found.is_err(), "not found in {text}");
    }
}
