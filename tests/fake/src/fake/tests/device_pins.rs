use super::auth::{device, post};
use super::*;
use serde_json::json;

const TARGET: &str = "/api/v2/pins";

#[test]
fn polling_a_device_pin_needs_a_signed_jwt() {
    let (mut plex, device) = (FakePlex::new(), device(1));
    let made = post(TARGET, &json!({ "jwk": device.jwk(), "strong": true })).send(&mut plex);
    assert_eq!(made.status(), 201);
    let (id, code) = (made.json_body()["id"].clone(), made.json_body()["code"].clone());
    assert_eq!(code.as_str().unwrap().len(), 25);
    let poll = |plex: &mut FakePlex, jwt: &str| {
        request("GET", &format!("/pins/{id}?deviceJWT={jwt}")).json().send(plex)
    };
    let claims = json!({ "aud": "plex.tv", "iss": "a-television", "exp": NOW + 300 });
    let jwt = device.sign(&claims);
    assert!(poll(&mut plex, &jwt).json_body()["authToken"].is_null());
    assert_eq!(poll(&mut plex, "").error_code(), (400, 1004));
    assert_eq!(poll(&mut plex, &super::auth::device(2).sign(&claims)).error_code(), (422, 1008));
    let past = device.sign(&json!({ "aud": "plex.tv", "iss": "a-television", "exp": NOW }));
    assert_eq!(poll(&mut plex, &past).error_code(), (498, 1001));

    let linked = plex.link_pin(code.as_str().unwrap(), Who::Free, NOW).unwrap();
    assert_eq!(linked.split('.').count(), 3);
    assert_eq!(poll(&mut plex, &jwt).json_body()["authToken"], *linked);
    let key = plex.device_keys().next().unwrap();
    assert_eq!((key.key_id(), key.who()), ("den", Who::Free));
}

#[test]
fn a_device_pin_needs_a_valid_unused_key() {
    let (mut plex, device) = (FakePlex::new(), device(1));
    let token = plex.account(Who::Free).token().to_owned();
    assert_eq!(device.register(&mut plex, &token).status(), 201);
    let taken = post(TARGET, &json!({ "jwk": device.jwk() })).send(&mut plex);
    assert_eq!(taken.error_code(), (422, 1008));
    let malformed = post(TARGET, &json!({ "jwk": { "kty": "OKP" } })).send(&mut plex);
    assert_eq!(malformed.error_code(), (400, 1004));
    assert_eq!(plex.pins().count(), 0);
}
