//! The flows for a device that has a key.

mod clocks;
mod device_login;
mod device_token_refresher;
mod login_exchange;
mod properties;
mod registration;

use std::cell::Cell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plex_auth_proto::Token;
use plex_auth_proto::flow::{
    DeviceLogin, DeviceLoginError, DeviceTokenProgress, DeviceTokenRefresher, LinkedDevice,
    RefreshError,
};
use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};

use super::harness::{Built, Dated, Driven, Scripted, plex_tv};

const CREATED: &str = r#"{"id":2147483650,"code":"G7KX","expiresIn":900}"#;
const WAITING: &str = r#"{"id":2147483650,"authToken":null}"#;
const LINKED: &str = r#"{"id":2147483650,"authToken":"eyJh.eyJp.c2ln"}"#;
const GONE: &str = r#"{"errors":[{"code":1020}]}"#;
const NONCE: &str = r#"{"nonce":"b7d0-41c9"}"#;
const REMOVED: &str = r#"{"errors":[{"code":1097}]}"#;
/// The saved state of a refresher without a token.
const NO_TOKEN: &str = r#"{"format":1,"kind":"device-token","service":"https://plex.tv/api/v2","clientIdentifier":"id","keyId":"den"}"#;
const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// Returns a response with a nonce and plex.tv's time.
fn nonce_at(date: &'static str) -> Scripted {
    Dated(date, NONCE)
}

/// Returns a response with a token that was issued this many seconds after the start.
fn exchanged(issued: u64) -> Scripted {
    Built(format!(r#"{{"auth_token":"{}"}}"#, jwt(issued)))
}

/// A key that can be locked.
struct Key {
    jwk: Jwk,
    locked: Cell<bool>,
    signed: Cell<usize>,
}

impl Key {
    fn new() -> Self {
        let jwk = Jwk::new([7; 32], "den").unwrap();
        Self { jwk, locked: Cell::new(false), signed: Cell::new(0) }
    }
}

impl DeviceKey for Key {
    fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        if self.locked.get() {
            return Err(SignError::new("the TPM is locked"));
        }
        self.signed.set(self.signed.get() + 1);
        Ok([1; 64])
    }
}

/// Returns a Plex JWT that was issued this many seconds after the start and is valid for a week.
fn jwt(issued: u64) -> String {
    let issued = 1_700_000_000 + issued;
    jwt_with(&format!(r#"{{"iat":{issued},"exp":{}}}"#, issued + 7 * DAY))
}

fn jwt_with(claims: &str) -> String {
    format!("{}.{}.c2ln", base64(r#"{"alg":"EdDSA"}"#), base64(claims))
}

fn base64(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Returns the claims of a signed token.
fn claims(jwt: &str) -> String {
    let claims = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap();
    String::from_utf8(claims).unwrap()
}

fn refresher(key: &Key) -> Driven<DeviceTokenRefresher<&Key>> {
    let token = Token::new(jwt(0)).unwrap();
    Driven::new(plex_tv("id").device_token_refresher(key, token))
}

/// Creates a refresher that has no token yet.
fn without_token(key: &Key) -> Driven<DeviceTokenRefresher<&Key>> {
    Driven::new(DeviceTokenRefresher::restore(plex_tv("id"), key, NO_TOKEN).unwrap())
}

fn login(key: &Key) -> Driven<DeviceLogin<&Key>> {
    Driven::new(plex_tv("id").device_link_code_login(key))
}

/// Returns the token of a login that has registered the key.
fn registered(outcome: Result<LinkedDevice, DeviceLoginError>) -> String {
    match outcome.unwrap() {
        LinkedDevice::Registered(linked) => linked.auth_token.expose().to_owned(),
        LinkedDevice::NotRegistered(linked) => panic!("{linked:?}"),
    }
}

impl Driven<DeviceTokenRefresher<&Key>> {
    fn last_error(&self) -> Option<RefreshError> {
        match self.progress() {
            DeviceTokenProgress::Active { last_error, .. }
            | DeviceTokenProgress::Requesting { last_error, .. }
            | DeviceTokenProgress::Registering { last_error, .. } => last_error,
            progress => panic!("{progress:?}"),
        }
    }
}
