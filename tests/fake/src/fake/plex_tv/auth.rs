//! `GET {plex.tv}/auth/nonce`, `POST {plex.tv}/auth/jwk`, `POST {plex.tv}/auth/token` and `GET
//! {plex.tv}/auth/keys`: signing in with a device key.

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{Refusal, authenticate};
use crate::fake::ask::Ask;
use crate::fake::device_keys::Refusal as DeviceRefusal;
use crate::fake::devices::NewDevice;
use crate::fake::render::{self, Element};
use crate::fake::{FakePlex, Who};

/// The lifetime of Plex's JWTs, in seconds.
const SECONDS: u64 = 7 * 24 * 60 * 60;

impl From<DeviceRefusal> for Refusal {
    fn from(refusal: DeviceRefusal) -> Self {
        match refusal {
            DeviceRefusal::Malformed => Self::PARAMETER,
            DeviceRefusal::Structure | DeviceRefusal::Nonce => Self::JWT_INVALID,
            DeviceRefusal::Signature => Self::JWT_SIGNATURE,
            DeviceRefusal::Thumbprint => Self::JWT_THUMBPRINT,
            DeviceRefusal::Expired => Self::jwt_expired(),
            DeviceRefusal::Removed => Self::DEVICE_UNKNOWN,
        }
    }
}

pub(crate) fn nonce(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let nonce = plex.device_keys.nonce(ask.now()).ok_or(Refusal::RATE_LIMIT)?;
    Ok(answer(ask, StatusCode::OK, "nonce", json!({ "nonce": nonce })))
}

pub(crate) fn register(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let (token, issued) = authenticate(plex, ask)?;
    let body = ask.json().ok_or(Refusal::PARAMETER)?;
    let jwk = body.get("jwk").ok_or(Refusal::PARAMETER)?;
    let old_token = issued.expires_at.is_none().then_some(token);
    plex.device_keys.register(jwk, ask.identifier(), issued.who, old_token)?;
    Ok(answer(ask, StatusCode::CREATED, "jwk", json!({})))
}

pub(crate) fn exchange(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let body = ask.json().ok_or(Refusal::PARAMETER)?;
    let jwt = body.get("jwt").and_then(Value::as_str).ok_or(Refusal::PARAMETER)?;
    let (key, claims) = plex.device_keys.read(jwt, ask.identifier(), ask.now())?;
    let (who, key_id) = (key.who(), key.key_id().to_owned());
    plex.device_keys.use_nonce(&claims, ask.now())?;
    let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    let token = issue(plex, who, &key_id, NewDevice::asking(ask), scope, ask.now());
    Ok(answer(ask, StatusCode::OK, "token", json!({ "auth_token": token })))
}

pub(crate) fn keys(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let retired = json!({
        "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "plex-key-retired", "n": "vPj2Gk8x", "e": "AQAB",
    });
    let keys = plex.plex_keys.iter().map(|key| key.jwk());
    let keys: Vec<_> = std::iter::once(retired).chain(keys).collect();
    Ok(answer(ask, StatusCode::OK, "keys", json!({ "keys": keys })))
}

/// Registers a PIN's key, and issues the device's first token. Returns `None` if the key cannot be
/// registered.
pub(crate) fn link(
    plex: &mut FakePlex,
    jwk: &Value,
    device: NewDevice<'_>,
    who: Who,
    now: u64,
) -> Option<String> {
    plex.device_keys.register(jwk, device.client_identifier, who, None).ok()?;
    let key_id = jwk["kid"].as_str()?;
    Some(issue(plex, who, key_id, device, "", now))
}

/// Issues a JWT to a device. The first JWT for a key revokes the opaque token that the key was
/// registered with, if any.
fn issue(
    plex: &mut FakePlex,
    who: Who,
    key_id: &str,
    device: NewDevice<'_>,
    scope: &str,
    now: u64,
) -> String {
    let expires_at = now.saturating_add(SECONDS);
    let client_identifier = device.client_identifier;
    let claims = json!({
        "iss": "plex.tv", "aud": ["plex.tv", client_identifier], "iat": now, "exp": expires_at,
        "thumbprint": key_id, "user": user(plex.account(who).body(), scope),
    });
    let token = plex.plex_keys.last().map(|key| key.sign(&claims)).unwrap_or_default();
    plex.tokens.add_signed(&token, who, client_identifier, expires_at);
    plex.devices.signed_in(who, device, &token, now);
    if let Some(old_token) = plex.device_keys.take_old_token(key_id) {
        plex.revoke(&old_token);
    }
    token
}

/// Returns the `user` claim of a token, which always includes the IDs.
fn user(account: &Map<String, Value>, scope: &str) -> Map<String, Value> {
    let always = ["id", "uuid"].map(|key| (key.to_owned(), account[key].clone()));
    let mut user = Map::from_iter(always);
    for scope in scope.split(',') {
        let known = match scope {
            "username" | "email" | "restricted" | "anonymous" | "joinedAt" => scope,
            "friendly_name" => "friendlyName",
            _ => continue,
        };
        let value = account.get(known).cloned().unwrap_or_default();
        user.insert(scope.to_owned(), if value == "" { Value::Null } else { value });
    }
    user
}

fn answer(ask: &Ask<'_>, status: StatusCode, root: &str, body: Value) -> Response<Vec<u8>> {
    if ask.wants_json() {
        return render::json(status, &body);
    }
    let members = body.as_object().cloned().unwrap_or_default();
    render::xml(status, &Element::plex_tv(root, &members))
}
