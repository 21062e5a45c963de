//! The responses to a sign-in and to a request for token details: a valid token is always found,
//! and an unreadable value affects only its own field.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::{
    LARGE, SIGN_IN, TOKEN_DETAILS, check_error, depth, json, success, text, token_in,
};
use plex_auth_proto::{Account, ResponseError, SignedIn};
use serde_json::Value;
use serde_json::value::RawValue;

fuzz_target!(|body: &[u8]| {
    let answer = success(body);
    let signed_in = SIGN_IN.parse(&answer);
    let details = TOKEN_DETAILS.parse(&answer);
    let token = signed_in.as_ref().map(|signed_in| Some(&signed_in.auth_token));
    for result in [token, details.as_ref().map(|account| account.auth_token.as_ref())] {
        match result {
            Ok(token) => token.into_iter().for_each(|token| check_token(token.expose())),
            Err(error) => check_error(error, &answer),
        }
    }
    let text = text(body);
    // For speed, at most one of the two further checks is run for each input.
    let is_even = body.len().is_multiple_of(2);
    match json(body) {
        Some(Value::Object(object)) => {
            let sent = object.get("authToken").and_then(token_in);
            check_sign_in(&signed_in, sent.as_deref());
            let found = details.as_ref().ok().and_then(|account| account.auth_token.as_ref());
            assert_eq!(found.map(|token| token.expose()), sent.as_deref());
            if is_even && depth(&Value::Object(object)) < 12 {
                check_second_look(&text, &details);
            }
        }
        Some(_) => assert!(signed_in.is_err() && details.is_err()),
        None => {}
    }
    if let Ok(garbage) = serde_json::from_str::<&RawValue>(&text) {
        assert!(details.is_err() || garbage.get().starts_with('{'));
        if !is_even && text.len() <= LARGE {
            check_drift(garbage.get());
        }
    }
});

fn check_token(token: &str) {
    assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
}

fn check_sign_in(signed_in: &Result<SignedIn, ResponseError>, sent: Option<&str>) {
    match (signed_in, sent) {
        (Ok(signed_in), Some(sent)) => assert_eq!(signed_in.auth_token.expose(), sent),
        (Err(ResponseError::UnexpectedShape { path, .. }), None) => assert_eq!(path, "authToken"),
        _ => panic!("{sent:?} was sent: {signed_in:?}"),
    }
}

/// Checks that adding half a surrogate pair, which makes the core parse the body again, element by
/// element, gives the same result.
fn check_second_look(object: &str, details: &Result<Account, ResponseError>) {
    let rest = object.strip_prefix('{').expect("it is an object");
    let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
    let body = format!(r#"{{"queueUid":"\ud800"{comma}{rest}"#);
    let again = TOKEN_DETAILS.parse(&success(body.as_bytes()));
    let (first, second) = (details.as_ref().ok(), again.as_ref().ok());
    let shown = |account: &Account| {
        let shown = format!("{account:?}");
        // The list of unreadable fields, which may now include `queueUid`, is last.
        shown.rsplit_once("unreadable: ").map(|(fields, _)| fields.to_owned())
    };
    assert_eq!(second.map(shown), first.map(shown));
    let token = |account: &Account| account.auth_token.as_ref().map(|it| it.expose().to_owned());
    assert_eq!(second.map(token), first.map(token));
}

/// The places where garbage is inserted. Each consists of the text before the garbage and the text
/// after it.
const PLACES: &[(&str, &str)] = &[
    (r#""authToken":"#, r#","authToken":"abc""#),
    (r#""billing":"#, ""),
    (r#""confirmed":"#, ""),
    (r#""customRestrictions":"#, ""),
    (r#""customRestrictions":{"movies":"#, r#","music":null}"#),
    (r#""entitlements":"#, ""),
    (r#""homeSize":"#, ""),
    (r#""joinedAt":"#, ""),
    (r#""mailingListStatus":"#, ""),
    (r#""nobodyKnows":"#, ""),
    (r#""pastSubscriptions":[{},"#, "]"),
    (r#""pin":"#, ""),
    (r#""profile":"#, ""),
    (r#""profile":{"autoSelectSubtitle":"#, r#","watchedIndicator":1}"#),
    (r#""profile":{"defaultAudioLanguages":"#, r#","watchedIndicator":1}"#),
    (r#""providers":"#, ""),
    (r#""providers":["#, r#",{"a":1}]"#),
    (r#""roles":"#, ""),
    (r#""services":"#, ""),
    (r#""services":[{"token":"#, r#","status":"online"}]"#),
    (r#""settings":[null,{"value":"#, r#","hidden":true}]"#),
    (r#""subscription":"#, ""),
    (r#""subscription":{"active":"#, r#","status":"Active"}"#),
    (r#""subscription":{"features":"#, r#","status":"Active"}"#),
    (r#""subscriptions":[{"endsAt":"#, r#","mode":"monthly"}]"#),
    (r#""trials":[{"billing":"#, "}]"),
    (r#""trials":[{"billing":{"internalPaymentMethod":"#, r#","paymentMethodId":4711}}]"#),
    (r#""username":"#, ""),
];

/// Checks that any JSON inserted at one of the [`PLACES`] leaves the token and the surrounding
/// fields intact. The JSON determines the place.
fn check_drift(garbage: &str) {
    let place = garbage.bytes().fold(garbage.len(), |sum, byte| sum + usize::from(byte));
    let (before, behind) = PLACES[place % PLACES.len()];
    let body = format!(
        r#"{{"uuid":"5e1f","authToken":"abc",{before}{garbage}{behind},"email":"5ecret","id":7}}"#
    );
    let SignedIn { auth_token, account, .. } = match SIGN_IN.parse(&success(body.as_bytes())) {
        Ok(signed_in) => signed_in,
        Err(error) => panic!("{body}: {error}"),
    };
    assert_eq!(auth_token.expose(), "abc", "{body}");
    assert_eq!(account.uuid.as_deref(), Some("5e1f"), "{body}");
    assert_eq!(account.email.as_deref(), Some("5ecret"), "{body}");
    assert_eq!(account.id, Some(7), "{body}");
    if !garbage.contains("5ecret") {
        assert!(!format!("{account:?}").contains("5ecret"), "{account:?}");
    }
}
