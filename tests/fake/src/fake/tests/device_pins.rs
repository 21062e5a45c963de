use super::auth::{device, post};
use super::*;
use serde_json::json;

const TARGET: &str = "/api/v2/pins";

#[test]
fn a_pin_with_a_key_is_polled_with_what_the_key_has_signed() {
    let (mut plex, device) = (FakePlex::new(), device(1));
    let made = post(TARGET, &json!({ "jwk": device.jwk(), "strong": true })).of(&mut plex);
    assert_eq!(made.status(), 201);
    let (id, code) = (made.value()["id"].clone(), made.value()["code"].clone());
    assert_eq!(code.as_str().unwrap().len(), 25);
    let poll = |plex: &mut FakePlex, jwt: &str| {
        asking("GET", &format!("/pins/{id}?deviceJWT={jwt}")).json().of(plex)
    };
    let claims = json!({ "aud": "plex.tv", "iss": "a-television", "exp": NOW + 300 });
    let jwt = device.sign(&claims);
    assert!(poll(&mut plex, &jwt).value()["authToken"].is_null());
    assert_eq!(poll(&mut plex, "").code(), (400, 1004));
    assert_eq!(poll(&mut plex, &super::auth::device(2).sign(&claims)).code(), (422, 1008));
    let past = device.sign(&json!({ "aud": "plex.tv", "iss": "a-television", "exp": NOW }));
    assert_eq!(poll(&mut plex, &past).code(), (498, 1001));

    let linked = plex.link_pin(code.as_str().unwrap(), Who::Free, NOW).unwrap();
    assert_eq!(linked.split('.').count(), 3);
    assert_eq!(poll(&mut plex, &jwt).value()["authToken"], *linked);
    let key = plex.device_keys().next().unwrap();
    assert_eq!((key.key_id(), key.who()), ("den", Who::Free));
}

#[test]
fn a_key_that_is_taken_or_malformed_makes_no_pin() {
    let (mut plex, device) = (FakePlex::new(), device(1));
    let token = plex.account(Who::Free).token().to_owned();
    assert_eq!(device.register(&mut plex, &token).status(), 201);
    let taken = post(TARGET, &json!({ "jwk": device.jwk() })).of(&mut plex);
    assert_eq!(taken.code(), (422, 1008));
    let malformed = post(TARGET, &json!({ "jwk": { "kty": "OKP" } })).of(&mut plex);
    assert_eq!(malformed.code(), (400, 1004));
    assert_eq!(plex.pins().count(), 0);
}
