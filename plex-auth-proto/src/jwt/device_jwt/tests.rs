use super::{BASE64, DeviceClaims, DeviceJwt, DeviceKey, Jwk, JwtScope, SignError};
use crate::ClientIdentity;
use crate::jwt::Nonce;
use base64::Engine;
use std::time::{Duration, SystemTime};

struct Key(Jwk, Result<[u8; 64], SignError>);

impl DeviceKey for Key {
    fn jwk(&self) -> &Jwk {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        self.1
    }
}

fn key(signed: Result<[u8; 64], SignError>) -> Key {
    Key(Jwk::new([7; 32], "den \"1\"").unwrap(), signed)
}

fn me() -> ClientIdentity {
    ClientIdentity::builder("a-television").build().unwrap()
}

fn nonce() -> Nonce {
    serde_json::from_str(r#"{"nonce":"b7d0"}"#).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn parts(jwt: &DeviceJwt) -> [String; 2] {
    let mut parts = jwt.expose().split('.').map(|part| BASE64.decode(part).unwrap());
    [parts.next().unwrap(), parts.next().unwrap()].map(|part| String::from_utf8(part).unwrap())
}

#[test]
fn exchange_jwt_has_its_claims() {
    let claims = DeviceClaims::for_exchange(&me(), nonce(), at(1_700_000_000));
    let jwt = claims.sign(&key(Ok([1; 64]))).unwrap();
    assert_eq!(
        parts(&jwt),
        [
            r#"{"alg":"EdDSA","kid":"den \"1\"","typ":"JWT"}"#,
            concat!(
                r#"{"aud":"plex.tv","exp":1700000300,"iat":1700000000,"iss":"a-television","nonce":"b7d0","#,
                r#""scope":"username,email,friendly_name,restricted,anonymous,joinedAt"}"#
            )
        ]
    );
    assert!(jwt.expose().ends_with(&format!(".{}", BASE64.encode([1; 64]))));
}

#[test]
fn poll_jwt_has_only_the_identity() {
    let jwt = DeviceClaims::for_poll(&me(), at(1)).sign(&key(Ok([1; 64]))).unwrap();
    let claims = r#"{"aud":"plex.tv","exp":301,"iat":1,"iss":"a-television"}"#;
    assert_eq!(parts(&jwt)[1], claims);
}

#[test]
fn scopes_are_a_set() {
    let claims = DeviceClaims::for_exchange(&me(), nonce(), at(1));
    let scopes = [JwtScope::JoinedAt, JwtScope::Email, JwtScope::JoinedAt];
    let jwt = claims.clone().scopes(scopes).sign(&key(Ok([1; 64]))).unwrap();
    assert!(parts(&jwt)[1].contains(r#""scope":"email,joinedAt""#));
    let jwt = claims.scopes([]).sign(&key(Ok([1; 64]))).unwrap();
    assert!(!parts(&jwt)[1].contains("scope"));
}

#[test]
fn signing_failure_has_its_reason() {
    let locked = SignError::new("the TPM is locked");
    let error = DeviceClaims::for_poll(&me(), at(1)).sign(&key(Err(locked))).unwrap_err();
    assert_eq!(error.to_string(), "the device key cannot sign: the TPM is locked");
}

#[test]
fn debug_redacts_everything() {
    let claims = DeviceClaims::for_exchange(&me(), nonce(), at(1));
    let unsigned = claims.unsigned(&key(Ok([1; 64])).0);
    let shown = format!("{claims:?} {unsigned:?}");
    assert!(!shown.contains("b7d0") && !shown.contains("ey"), "{shown}");
    assert_eq!(format!("{:?}", unsigned.signed(&[1; 64])), "***");
}

#[test]
fn extreme_clocks_are_accepted() {
    for now in [SystemTime::UNIX_EPOCH - Duration::from_secs(1), at(1 << 40)] {
        DeviceClaims::for_poll(&me(), now).sign(&key(Ok([1; 64]))).unwrap();
    }
}
