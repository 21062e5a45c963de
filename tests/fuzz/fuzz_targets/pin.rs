//! The responses to creating and polling a PIN: the ID and the token match what was sent and the
//! code is valid, or the error names the field. Another login's token is never returned.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::{
    NEW_PIN, PIN, POLLED_PIN, check_error, depth, json, plex_tv, success, token_in,
};
use plex_auth_proto::ResponseError;
use plex_auth_proto::pin::{PinState, StrongPin};
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    let answer = success(body);
    let made = NEW_PIN.parse(&answer);
    match &made {
        Ok(pin) => check_pin(pin),
        Err(error) => check_error(error, &answer),
    }
    let polled = POLLED_PIN.parse(&answer);
    if let Err(error) = &polled {
        check_error(error, &answer);
        assert!(!error.is_pin_gone());
    }
    // Deeper values are not compared, because the core reads their elements separately.
    if let Some(value) = json(body).filter(|value| depth(value) <= 16) {
        check_made(&made, &value);
        check_polled(&polled, &value);
    }
});

fn check_pin(strong: &StrongPin) {
    let pin = strong.pin();
    let code = pin.code.expose();
    assert!((1..=128).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic()));
    let life = strong.expires_in().as_secs();
    assert!((1..=86_400).contains(&life), "{life}");
    let page = strong.hosted_page(&plex_tv()).to_string();
    let (_, fragment) = page.split_once("#?").expect("all is in the fragment");
    let mut pairs = form_urlencoded::parse(fragment.as_bytes());
    assert_eq!(pairs.next(), Some(("clientID".into(), "id".into())));
    assert_eq!(pairs.next(), Some(("code".into(), code.into())));
    assert_eq!(pairs.next(), None);
    let call = plex_tv().poll_pin(&pin.id);
    assert_eq!(call.request().uri().path(), format!("/api/v2/pins/{}", pin.id.expose()));
    let names = pin.unreadable_fields();
    assert!(names.iter().all(|name| name.is_ascii()), "{names:?}");
}

/// Returns the unsigned integer in a field, `Err` if the field contains any other number or
/// nonempty text, or `None` otherwise.
fn number_in(value: Option<&Value>) -> Result<Option<u64>, ()> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => number.as_u64().map(Some).ok_or(()),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => text.trim().parse().map(Some).map_err(|_| ()),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Ok(None),
    }
}

fn check_made(made: &Result<StrongPin, ResponseError>, value: &Value) {
    let Ok(id) = number_in(value.get("id")) else { return };
    match (made, id) {
        (Ok(strong), Some(id)) => assert_eq!(strong.pin().id.expose(), id),
        (Err(ResponseError::UnexpectedShape { path, .. }), Some(_)) => assert_eq!(path, "code"),
        (Err(ResponseError::UnexpectedShape { path, .. }), None) => {
            assert_eq!(path, if value.is_object() { "id" } else { "." });
        }
        (other, id) => panic!("{id:?}: {other:?}"),
    }
}

fn check_polled(polled: &Result<PinState, ResponseError>, value: &Value) {
    let sent = value.get("authToken").and_then(token_in);
    let Ok(id) = number_in(value.get("id")) else { return };
    match polled {
        Ok(PinState::Linked { auth_token, .. }) => {
            assert_eq!(Some(auth_token.expose()), sent.as_deref());
            assert!(id.is_none_or(|id| id == PIN));
        }
        Ok(PinState::Waiting { expires_in, .. }) => {
            assert_eq!(sent, None);
            assert!(expires_in.is_none_or(|left| left.as_secs() <= 86_400));
        }
        Err(ResponseError::Mismatched { path, .. }) => {
            assert!(*path == "id" && id.is_some_and(|id| id != PIN));
        }
        Err(ResponseError::UnexpectedShape { path, .. }) => match path.as_str() {
            "authToken" => assert_eq!(sent, None),
            path => assert!(path == "." && !value.is_object(), "{path}"),
        },
        other => panic!("{other:?}"),
    }
}
