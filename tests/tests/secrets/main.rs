//! Tests that use canary values as secrets, and search everything that a program can see for these
//! values, in several encodings.
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

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plex_auth_proto::Credentials;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_tests::every_operation::every_operation;

use crate::canaries::{PASSWORD, STATUSES, TOKEN, canaries, canary_inputs, echoes, response};
use crate::search::Output;

mod canaries;
mod collected_log;
mod flows;
mod search;
mod searched_flow;
mod transports;

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
