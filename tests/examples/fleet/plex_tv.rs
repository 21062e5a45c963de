//! A simplified plex.tv for a million devices. It answers like the fake, but does not search
//! through a list for each request.
//!
//! It checks everything that decides a device's next action, except signatures. Before a large
//! fleet is simulated, a small fleet is simulated twice, with this service and with the fake, to
//! verify that both answer in the same way.

use std::collections::{HashSet, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use plex_auth_proto::http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::network::{Service, plain};

/// The lifetime of a nonce, in seconds.
const NONCE_LIFE: u64 = 5 * 60;
/// The lifetime of a token, in seconds.
const TOKEN_LIFE: u64 = 7 * 24 * 60 * 60;

/// The device key endpoints of plex.tv.
#[derive(Debug)]
pub(crate) struct DeviceTokens {
    devices: Vec<Known>,
    /// The issued nonces with their expiry times, oldest first. `unused` contains those that have
    /// not been used.
    handed_out: VecDeque<(u64, u64)>,
    unused: HashSet<u64>,
    made: u64,
    most_nonces: usize,
    /// The parts before and after the claims, which are the same in every token.
    frame: [String; 2],
}

/// A device's state on plex.tv.
#[derive(Clone, Debug, Default)]
struct Known {
    key_id: Option<Box<str>>,
    is_old_token_invalid: bool,
}

impl DeviceTokens {
    pub(crate) fn new(devices: u32, most_nonces: usize) -> Self {
        let header = BASE64.encode(r#"{"alg":"EdDSA","kid":"plex-key-1","typ":"JWT"}"#);
        Self {
            devices: vec![Known::default(); devices as usize],
            handed_out: VecDeque::new(),
            unused: HashSet::new(),
            made: 0,
            most_nonces,
            frame: [header, BASE64.encode([1; 64])],
        }
    }

    pub(crate) fn old_token(device: u32) -> String {
        format!("old-token-of-{device:07}")
    }

    fn nonce(&mut self, now: u64) -> Response<Vec<u8>> {
        while let Some(&(number, _)) = self.handed_out.front().filter(|(_, ends)| *ends <= now) {
            self.handed_out.pop_front();
            self.unused.remove(&number);
        }
        if self.unused.len() >= self.most_nonces {
            return refusal(429, 1003);
        }
        self.made += 1;
        self.unused.insert(self.made);
        self.handed_out.push_back((self.made, now + NONCE_LIFE));
        let nonce = format!(r#"{{"nonce":"nonce-{:014}"}}"#, self.made);
        plain(StatusCode::OK, nonce.into_bytes())
    }

    fn register(&mut self, device: u32, token: &str, body: &Value) -> Response<Vec<u8>> {
        let known = &mut self.devices[device as usize];
        if known.is_old_token_invalid || token != Self::old_token(device) {
            return refusal(401, 1001);
        }
        if known.key_id.is_some() {
            return refusal(422, 1008);
        }
        known.key_id = body["jwk"]["kid"].as_str().map(Box::from);
        plain(StatusCode::CREATED, b"{}".to_vec())
    }

    fn exchange(&mut self, device: u32, body: &Value, now: u64) -> Response<Vec<u8>> {
        let part = |part: Option<&str>| -> Option<Value> {
            serde_json::from_slice(&BASE64.decode(part?).ok()?).ok()
        };
        let mut parts = body["jwt"].as_str().unwrap_or_default().split('.');
        let (Some(header), Some(claims)) = (part(parts.next()), part(parts.next())) else {
            return refusal(422, 1008);
        };
        let known = &mut self.devices[device as usize];
        if known.key_id.is_none() || header["kid"].as_str() != known.key_id.as_deref() {
            return refusal(422, 1008);
        }
        let is_own = claims["iss"].as_str() == Some(&identifier(device));
        if claims["aud"] != "plex.tv" || claims["iat"].as_u64().is_none() || !is_own {
            return refusal(422, 1008);
        }
        if claims["exp"].as_u64().is_none_or(|end| end <= now) {
            return refusal(498, 1001);
        }
        let nonce = claims["nonce"].as_str().and_then(|nonce| nonce.strip_prefix("nonce-"));
        let number = nonce.and_then(|number| number.parse().ok());
        // Expired nonces are removed when the next one is requested, so they may still be present.
        let oldest = self.handed_out.partition_point(|(_, ends)| *ends <= now);
        let is_good =
            |number: &u64| self.handed_out.get(oldest).is_some_and(|(oldest, _)| oldest <= number);
        if !number.filter(is_good).is_some_and(|number| self.unused.remove(&number)) {
            return refusal(422, 1008);
        }
        known.is_old_token_invalid = true;
        let token = self.token(device, now);
        plain(StatusCode::OK, format!(r#"{{"auth_token":"{token}"}}"#).into_bytes())
    }

    /// Creates a token that is about as long as one issued by Plex.
    fn token(&self, device: u32, now: u64) -> String {
        let claims = format!(
            r#"{{"iss":"plex.tv","aud":["plex.tv","{id}"],"iat":{now},"exp":{end},"thumbprint":"{id:->43}","user":{{"id":31415926,"uuid":"0123456789abcdef","username":"rosa.kjelvik","email":"rosa.kjelvik@example.org","friendly_name":"Rosa"}}}}"#,
            id = identifier(device),
            end = now + TOKEN_LIFE,
        );
        let [header, signature] = &self.frame;
        format!("{header}.{}.{signature}", BASE64.encode(claims))
    }
}

impl Service for DeviceTokens {
    fn answer(&mut self, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>> {
        let header = |name: &str| {
            let value = request.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default()
        };
        let device = header("x-plex-client-identifier").strip_prefix("device-");
        let device = device.and_then(|number| number.parse::<u32>().ok()).expect("a device");
        let body = || serde_json::from_slice(request.body()).unwrap_or(json!({}));
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/api/v2/auth/nonce") => self.nonce(now),
            (&Method::POST, "/api/v2/auth/jwk") => {
                self.register(device, header("x-plex-token"), &body())
            }
            (&Method::POST, "/api/v2/auth/token") => self.exchange(device, &body(), now),
            _ => refusal(404, 1002),
        }
    }
}

/// Returns the client identifier of a device.
pub(crate) fn identifier(device: u32) -> String {
    format!("device-{device:07}")
}

pub(crate) fn refusal(status: u16, code: u32) -> Response<Vec<u8>> {
    let status = StatusCode::from_u16(status).expect("a status");
    plain(status, json!({ "errors": [{ "code": code }] }).to_string().into_bytes())
}
