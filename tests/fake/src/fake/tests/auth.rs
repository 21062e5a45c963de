use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

use super::*;

/// A device that signs JWTs with its key, as a client would.
pub(super) struct Device {
    pair: Ed25519KeyPair,
    key_id: &'static str,
    identifier: &'static str,
}

pub(super) fn device(seed: u8) -> Device {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    Device { pair, key_id: "den", identifier: "a-television" }
}

impl Device {
    pub(super) fn jwk(&self) -> Value {
        let x = BASE64.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "use": "sig", "alg": "EdDSA", "kid": self.key_id })
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "kid": self.key_id });
        let [header, claims] = [&header, claims].map(|part| BASE64.encode(part.to_string()));
        let message = format!("{header}.{claims}");
        let signature = BASE64.encode(self.pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// Returns the minimal claims that a working client is known to send.
    fn claims(&self, nonce: &str) -> Value {
        json!({ "nonce": nonce, "scope": "username,email,friendly_name", "aud": "plex.tv", "iss": self.identifier })
    }

    pub(super) fn register(&self, plex: &mut FakePlex, token: &str) -> TestResponse {
        post("/auth/jwk", &json!({ "jwk": self.jwk() })).token(token).send(plex)
    }

    fn exchange(&self, plex: &mut FakePlex, now: u64) -> TestResponse {
        let nonce = nonce(plex, now);
        exchange(plex, &self.sign(&self.claims(&nonce)), now)
    }
}

pub(super) fn post(path: &str, body: &Value) -> TestRequest {
    let request = request("POST", path).json().header("content-type", "application/json");
    TestRequest(request.0, body.to_string().into_bytes())
}

fn nonce(plex: &mut FakePlex, now: u64) -> String {
    let response = request("GET", "/api/v2/auth/nonce").json().send_at(plex, now);
    response.json_body()["nonce"].as_str().unwrap().to_owned()
}

fn exchange(plex: &mut FakePlex, jwt: &str, now: u64) -> TestResponse {
    post("/auth/token", &json!({ "jwt": jwt })).send_at(plex, now)
}

fn token(response: &TestResponse) -> String {
    response.json_body()["auth_token"].as_str().unwrap().to_owned()
}

fn user(plex: &mut FakePlex, token: &str, now: u64) -> TestResponse {
    request("GET", "/user").token(token).json().send_at(plex, now)
}

/// Returns a fake with a registered device.
fn registered() -> (FakePlex, Device) {
    let (mut plex, device) = (FakePlex::new(), device(1));
    let old = plex.account(Who::PlexPass).token().to_owned();
    assert_eq!(device.register(&mut plex, &old).status(), 201);
    (plex, device)
}

#[test]
fn a_device_token_replaces_the_earlier_one() {
    let (mut plex, device) = registered();
    let old = plex.account(Who::PlexPass).token().to_owned();
    assert_eq!(user(&mut plex, &old, NOW).status(), 200);

    let response = device.exchange(&mut plex, NOW);
    assert_eq!(response.status(), 200);
    let token = token(&response);
    assert_eq!(user(&mut plex, &old, NOW).error_code(), (401, 1001));
    assert_eq!(user(&mut plex, &token, NOW).json_body()["username"], "rosa");
    let week = 7 * 24 * 60 * 60;
    assert_eq!(user(&mut plex, &token, NOW + week - 1).status(), 200);
    assert_eq!(user(&mut plex, &token, NOW + week).status(), 498);

    let key = plex.device_keys().next().unwrap();
    assert_eq!((key.key_id(), key.client_identifier()), ("den", "a-television"));
    assert_eq!((key.who(), key.is_removed()), (Who::PlexPass, false));
}

#[test]
fn a_device_token_has_the_requested_claims() {
    let (mut plex, device) = registered();
    plex.change_key();
    let token = token(&device.exchange(&mut plex, NOW));
    assert!((400..700).contains(&token.len()), "{}", token.len());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let read = |part| serde_json::from_slice::<Value>(&BASE64.decode(part).unwrap()).unwrap();
    let (header, claims) = (read(header), read(claims));
    assert_eq!(claims["aud"], json!(["plex.tv", "a-television"]));
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW), &json!(NOW + 604_800)));
    assert_eq!(claims["thumbprint"], "den");
    assert_eq!(claims["user"]["username"], "rosa");
    assert_eq!(claims["user"]["friendly_name"], "Rosa Ayala");
    assert!(claims["user"].get("joinedAt").is_none());

    let keys = request("GET", "/auth/keys").json().send(&mut plex).json_body();
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!((keys.len(), keys[0]["kty"].as_str()), (3, Some("RSA")));
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!(key["kid"], "plex-key-2");
    let x = BASE64.decode(key["x"].as_str().unwrap()).unwrap();
    let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, x);
    key.verify(message.as_bytes(), &BASE64.decode(signature).unwrap()).unwrap();
}

#[test]
fn a_nonce_is_valid_once_for_five_minutes() {
    let (mut plex, device) = registered();
    let nonce = nonce(&mut plex, NOW);
    let jwt = device.sign(&device.claims(&nonce));
    assert_eq!(exchange(&mut plex, &jwt, NOW + 299).status(), 200);
    assert_eq!(exchange(&mut plex, &jwt, NOW + 299).error_code(), (422, 1008));

    let late = self::nonce(&mut plex, NOW);
    let jwt = device.sign(&device.claims(&late));
    assert_eq!(exchange(&mut plex, &jwt, NOW + 300).error_code(), (422, 1008));
    let without_nonce = device.sign(&json!({ "aud": "plex.tv", "iss": "a-television" }));
    assert_eq!(exchange(&mut plex, &without_nonce, NOW).error_code(), (422, 1008));
}

#[test]
fn nonces_can_be_limited() {
    let (mut plex, device) = registered();
    plex.limit_nonces(2);
    let first = nonce(&mut plex, NOW);
    nonce(&mut plex, NOW);
    let ask = || request("GET", "/auth/nonce").json();
    assert_eq!(ask().send(&mut plex).error_code(), (429, 1003));
    let jwt = device.sign(&device.claims(&first));
    assert_eq!(exchange(&mut plex, &jwt, NOW).status(), 200);
    assert_eq!(ask().send(&mut plex).status(), 200);
    assert_eq!(ask().send(&mut plex).error_code(), (429, 1003));
    assert_eq!(ask().send_at(&mut plex, NOW + 300).status(), 200);
}

#[test]
fn a_key_is_registered_only_once() {
    let (mut plex, device) = registered();
    let old = plex.account(Who::PlexPass).token().to_owned();
    assert_eq!(device.register(&mut plex, &old).error_code(), (422, 1008));
    let same_id = self::device(2);
    assert_eq!(
        same_id.register(&mut plex, &old).error_code(),
        (422, 1008),
        "a used key ID was accepted"
    );
    let same_key = Device { key_id: "attic", ..self::device(1) };
    assert_eq!(
        same_key.register(&mut plex, &old).error_code(),
        (422, 1008),
        "a used key was accepted"
    );
    let another = Device { key_id: "attic", ..self::device(2) };
    assert_eq!(another.register(&mut plex, "unknown").error_code(), (401, 1001));
    assert_eq!(another.register(&mut plex, &old).status(), 201);

    for jwk in [
        json!({}),
        json!({ "kty": "RSA" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "x" }),
    ] {
        let refused = post("/auth/jwk", &json!({ "jwk": jwk })).token(&old).send(&mut plex);
        assert_eq!(refused.error_code(), (400, 1004), "{jwk}");
    }
    let form = request("POST", "/auth/jwk").json().token(&old).send(&mut plex);
    assert_eq!(form.error_code(), (400, 1004));
}

#[test]
fn invalid_device_jwts_are_distinguished() {
    let (mut plex, device) = registered();
    let right = nonce(&mut plex, NOW);
    let claims = device.claims(&right);
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let jwt = device.sign(&claims);
    let stranger = Device { key_id: "attic", ..self::device(2) };
    let forger = self::device(2);
    for (jwt, code) in [
        (jwt.replace('.', ""), (422, 1008)),
        (forger.sign(&claims), (422, 1008)),
        (stranger.sign(&claims), (422, 1008)),
        (device.sign(&with("aud", json!("elsewhere"))), (422, 1008)),
        (device.sign(&with("iss", json!("a-radio"))), (401, 1097)),
        (device.sign(&with("exp", json!(NOW))), (498, 1001)),
    ] {
        assert_eq!(exchange(&mut plex, &jwt, NOW).error_code(), code, "{jwt}");
    }
    assert_eq!(post("/auth/token", &json!({})).send(&mut plex).error_code(), (400, 1004));
    assert_eq!(exchange(&mut plex, &jwt, NOW).status(), 200, "a refused JWT used up the nonce");
}

#[test]
fn times_in_jwts_can_be_required() {
    let (mut plex, device) = registered();
    plex.demand_times();
    let nonce = nonce(&mut plex, NOW);
    let mut claims = device.claims(&nonce);
    assert_eq!(exchange(&mut plex, &device.sign(&claims), NOW).error_code(), (422, 1008));
    claims["iat"] = json!(NOW);
    claims["exp"] = json!(NOW + 300);
    assert_eq!(exchange(&mut plex, &device.sign(&claims), NOW).status(), 200);
}

#[test]
fn a_removed_device_loses_its_tokens() {
    let (mut plex, device) = registered();
    let token = token(&device.exchange(&mut plex, NOW));
    plex.remove_device("a-radio");
    assert_eq!(user(&mut plex, &token, NOW).status(), 200);
    plex.remove_device("a-television");
    assert_eq!(user(&mut plex, &token, NOW).error_code(), (401, 1001));
    assert_eq!(device.exchange(&mut plex, NOW).error_code(), (401, 1097));
    assert!(plex.device_keys().all(DeviceKey::is_removed));
}

#[test]
fn media_servers_refuse_device_tokens() {
    let (mut plex, device) = registered();
    let token = token(&device.exchange(&mut plex, NOW));
    let refused = request("POST", "/security/token?type=delegation&scope=all").token(&token);
    let refused = refused.json().send(&mut plex);
    assert_eq!((refused.status(), refused.content_type()), (401, "text/html"));
}

#[test]
fn nonces_and_keys_are_available_as_xml() {
    let (mut plex, _) = registered();
    assert!(request("GET", "/auth/nonce").send(&mut plex).text().contains("<nonce nonce=\""));
    assert!(request("GET", "/auth/keys").send(&mut plex).text().contains("kid=\"plex-key-1\""));
}
