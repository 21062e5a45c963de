//! A signed token: either its expiry and issuer match the values that `serde_json` reads, or the
//! token is rejected. Only a valid signature is accepted.
#![no_main]

use std::sync::LazyLock;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::{json, me};
use plex_auth_proto::jwt::{DeviceKey, Ed25519Key, InvalidPlexJwt, PlexJwt, PlexKeys, VerifyError};
use plex_auth_proto::{Token, UnixSeconds};
use serde_json::Value;

/// The last second of the year 9999.
const LATEST: i64 = 253_402_300_799;

static KEY: LazyLock<Ed25519Key> = LazyLock::new(|| Ed25519Key::from_seed(&[7; 32]));

/// Plex's keys: the same key twice, with and without an ID.
static KEYS: LazyLock<PlexKeys> = LazyLock::new(|| {
    let key = KEY.jwk().to_json();
    let nameless = key.replace("\"kid\"", "\"other\"");
    let keys = format!(r#"{{"keys":[{key},{nameless}]}}"#);
    serde_json::from_str(&keys).expect("the keys are keys")
});

// The input is either a complete token or a line with the header, followed by the claims.
fuzz_target!(|data: &[u8]| {
    if let Ok(token) = Token::new(String::from_utf8_lossy(data)) {
        check_raw(&token);
    }
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (header, claims) = data.split_at(end);
    check_signed(header, claims.trim_ascii_start());
});

fn check_raw(token: &Token) {
    match PlexJwt::unverified(token) {
        Ok(jwt) => {
            assert_eq!(token.expose().split('.').count(), 3);
            check_times(&jwt);
        }
        Err(InvalidPlexJwt::NotJwt) => assert_ne!(token.expose().split('.').count(), 3),
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
    assert!(
        KEYS.verify(token, &me(), SystemTime::UNIX_EPOCH).is_err(),
        "a token without a valid signature was verified"
    );
}

fn check_times(jwt: &PlexJwt) {
    let (UnixSeconds(end), UnixSeconds(renewed)) = (jwt.expires_at, jwt.renew_at());
    assert!((0..=LATEST).contains(&end) && renewed <= end);
    if let Some(UnixSeconds(start)) = jwt.issued_at {
        assert!((0..=LATEST).contains(&start));
        assert!(start > end || renewed >= start || renewed >= end - 86_400);
    }
    let ends = SystemTime::try_from(jwt.expires_at).expect("every moment taken is one");
    assert!(!jwt.is_expired(ends) && !jwt.is_expired(SystemTime::UNIX_EPOCH));
}

fn check_signed(header: &[u8], claims: &[u8]) {
    let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
    let signature = KEY.sign(message.as_bytes()).expect("the key is in memory");
    let Ok(token) = Token::new(format!("{message}.{}", BASE64.encode(signature))) else {
        return; // The token is too long.
    };
    let read = PlexJwt::unverified(&token);
    if let Ok(jwt) = &read {
        check_times(jwt);
    }
    if let Some(claims) = json(claims).filter(Value::is_object) {
        check_claims(&read, &claims);
    }
    match KEYS.verify(&token, &me(), SystemTime::UNIX_EPOCH) {
        Ok(jwt) => {
            assert_eq!(jwt.issuer.as_deref(), Some("plex.tv"));
            assert!(jwt.is_for(&me()));
        }
        Err(VerifyError::Invalid(error)) => assert_eq!(read.unwrap_err(), error),
        Err(
            VerifyError::UnknownAlgorithm | VerifyError::WrongIssuer | VerifyError::WrongAudience,
        ) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Checks the expiry if it is an integer, and the issuer if it is a string.
fn check_claims(read: &Result<PlexJwt, InvalidPlexJwt>, claims: &Value) {
    let ends = claims.get("exp").and_then(Value::as_i64);
    match (read, ends) {
        (Ok(jwt), Some(ends)) => assert_eq!(jwt.expires_at, UnixSeconds(ends)),
        (Err(InvalidPlexJwt::ExpiryOutOfRange), Some(ends)) => {
            assert!(!(0..=LATEST).contains(&ends));
        }
        (Err(InvalidPlexJwt::NoExpiry), Some(ends)) => panic!("the expiry {ends} was ignored"),
        _ => {}
    }
    if let (Ok(jwt), Some(Value::String(issuer))) = (read, claims.get("iss")) {
        assert_eq!(jwt.issuer.as_deref().unwrap_or_default(), issuer);
    }
}
