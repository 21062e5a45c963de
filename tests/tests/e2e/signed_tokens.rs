//! What Plex signs and with which keys, in every dress, over every carrier.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plex_auth_fake::Misbehaviour;
use plex_auth_proto::Token;
use plex_auth_proto::jwt::VerifyError::{
    self, Expired, Invalid, NoUsableKey, UnknownKey, WrongAudience,
};
use plex_auth_proto::jwt::{DeviceClaims, DeviceKey, Ed25519Key, InvalidPlexJwt, JwtPart};

use crate::harness::{Harness, over_every_carrier};

const RSA: &str = r#"{"kty":"RSA","kid":"rsa","n":"AQAB","e":"AQAB"}"#;

/// The key of a Plex that this test plays.
fn key() -> Ed25519Key {
    Ed25519Key::from_seed(&[9; 32]).with_key_id("plex").unwrap()
}

fn signed(header: &str, claims: &str) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    let message = format!("{header}.{claims}");
    let signature = key().sign(message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claiming(claims: &str) -> String {
    signed(r#"{"alg":"EdDSA","kid":"plex"}"#, &format!(r#"{{"iss":"plex.tv",{claims}}}"#))
}

/// The token that an exchange brings where Plex answers with this one.
fn exchanged(harness: &Harness, token: &str) -> Token {
    let body = format!(r#"{{"auth_token":"{token}"}}"#);
    let answer = Misbehaviour::answer(200, "application/json", body).times(1);
    harness.fake(|fake| fake.misbehave("/auth/token", answer));
    let nonce = harness.send(harness.plex_tv().nonce()).unwrap();
    let claims = DeviceClaims::for_exchange(&harness.identity(), nonce, SystemTime::now());
    let jwt = claims.sign(&Ed25519Key::from_seed(&[3; 32])).unwrap();
    harness.send(harness.plex_tv().exchange_device_jwt(&jwt)).unwrap()
}

/// What a look at a token says, in 2023.
fn verified(harness: &Harness, keys: &[&str], token: &Token) -> Result<(), VerifyError> {
    let body = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
    let answer = Misbehaviour::answer(200, "application/json", body).times(1);
    harness.fake(|fake| fake.misbehave("/auth/keys", answer));
    let keys = harness.send(harness.plex_tv().plex_keys()).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    keys.verify(token, &harness.identity(), now).map(|_| ())
}

#[test]
fn whatever_token_comes_is_handed_out_and_verified_for_what_it_is() {
    over_every_carrier(|harness| {
        let right = claiming(r#""aud":["another","plex.tv"],"exp":1700604800"#);
        let (two_parts, _) = right.rsplit_once('.').unwrap();
        let unsigned = signed(r#"{"alg":"none","kid":"plex"}"#, r#"{"exp":1700604800}"#);
        for (token, expected) in [
            (right.clone(), Ok(())),
            (claiming(r#""aud":"plex.tv","exp":7258118400"#), Ok(())),
            (claiming(r#""aud":"plex.tv","exp":0"#), Err(Expired)),
            (claiming(r#""aud":"another","exp":1700604800"#), Err(WrongAudience)),
            (claiming(r#""aud":["another"],"exp":1700604800"#), Err(WrongAudience)),
            (two_parts.to_owned(), Err(Invalid(InvalidPlexJwt::NotJwt))),
            (format!("{right}=="), Err(Invalid(InvalidPlexJwt::Padded(JwtPart::Signature)))),
            (unsigned, Err(Invalid(InvalidPlexJwt::NotSigned))),
        ] {
            let held = exchanged(harness, &token);
            assert_eq!(held.expose(), token);
            assert_eq!(verified(harness, &[key().jwk().to_json().as_str()], &held), expected);
        }
    });
}

#[test]
fn of_plexs_keys_the_usable_ones_are_tried_and_where_there_is_none_it_says_so() {
    over_every_carrier(|harness| {
        let token = exchanged(harness, &claiming(r#""aud":"plex.tv","exp":1700604800"#));
        let own = key().jwk().to_json();
        let old = Ed25519Key::from_seed(&[8; 32]).jwk().to_json();
        let nameless = own.replace(r#""kid""#, r#""name""#);
        for (keys, expected) in [
            (vec![&*old, &*own], Ok(())),
            (vec![RSA, &*own], Ok(())),
            (vec!["7", RSA, &*nameless], Ok(())),
            (vec![&*old, RSA], Err(UnknownKey)),
            (vec![RSA], Err(NoUsableKey)),
            (vec![], Err(NoUsableKey)),
        ] {
            assert_eq!(verified(harness, &keys, &token), expected, "{keys:?}");
        }
    });
}
