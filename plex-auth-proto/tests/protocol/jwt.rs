//! Properties: signed tokens are verified and read, and modified tokens are refused.

use std::time::{Duration, SystemTime};

use crate::config;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plex_auth_proto::jwt::{
    DeviceClaims, DeviceKey, Ed25519Key, JwtScope, Nonce, PlexJwt, PlexKeys, VerifyError,
};
use plex_auth_proto::{ClientIdentity, Token, UnixSeconds};
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

/// Returns a Plex key, and the list of keys that contains it.
fn plex(seed: &[u8; 32]) -> (Ed25519Key, PlexKeys) {
    let key = Ed25519Key::from_seed(seed);
    let keys = format!(r#"{{"keys":[{}]}}"#, key.jwk().to_json());
    (key, serde_json::from_str(&keys).unwrap())
}

fn signed(key: &Ed25519Key, claims: &Value) -> Token {
    let header = json!({ "alg": "EdDSA", "kid": key.jwk().key_id() });
    let [header, claims] = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()).unwrap());
    Token::new(format!("{message}.{signature}")).unwrap()
}

fn at(seconds: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into())
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn signed_token_is_verified_and_read(
        seed in any::<[u8; 32]>(), name in "\\PC{0,40}", end in 100_u32..2_000_000_000, id in any::<u64>(),
    ) {
        let (key, keys) = plex(&seed);
        let me = ClientIdentity::builder("a-television").build().unwrap();
        let claims = json!({
            "iss": "plex.tv", "aud": "a-television", "exp": end, "user": { "id": id, "username": name },
        });
        let token = signed(&key, &claims);
        let jwt = keys.verify(&token, &me, at(end)).unwrap();
        prop_assert_eq!(jwt.expires_at, UnixSeconds(end.into()));
        let user = jwt.user.unwrap();
        prop_assert_eq!(user.id, Some(id));
        prop_assert_eq!(user.username.unwrap_or_default(), name);
        prop_assert_eq!(keys.verify(&token, &me, at(end + 60)).unwrap_err(), VerifyError::Expired);
    }

    #[test]
    fn changed_token_is_never_verified(
        seed in any::<[u8; 32]>(), place in any::<prop::sample::Index>(), other in "[A-Za-z0-9_.=-]",
    ) {
        let (key, keys) = plex(&seed);
        let me = ClientIdentity::builder("a-television").build().unwrap();
        let claims = json!({ "iss": "plex.tv", "aud": "plex.tv", "exp": 1_000 });
        let mut text = signed(&key, &claims).expose().to_owned();
        let place = place.index(text.len());
        let is_other = text.get(place..=place) != Some(&other);
        text.replace_range(place..=place, &other);
        let verified = keys.verify(&Token::new(&text).unwrap(), &me, at(0));
        prop_assert_eq!(verified.is_err(), is_other, "{}", text);
    }

    #[test]
    fn device_jwt_has_its_claims_and_a_signature(
        seed in any::<[u8; 32]>(), nonce in "[!-~]{1,64}", now in any::<u32>(),
        scopes in prop::sample::subsequence(JwtScope::ALL.to_vec(), 0..=6),
    ) {
        let key = Ed25519Key::from_seed(&seed);
        let me = ClientIdentity::builder("a \"television\"").build().unwrap();
        let nonce_sent: Nonce = serde_json::from_value(json!({ "nonce": nonce })).unwrap();
        let claims = DeviceClaims::for_exchange(&me, nonce_sent, at(now)).scopes(scopes.clone());
        let jwt = claims.sign(&key).unwrap();

        let (message, signature) = jwt.expose().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let public_key = ed25519_dalek::VerifyingKey::from_bytes(key.jwk().public_key()).unwrap();
        let signature = ed25519_dalek::Signature::from_slice(&signature).unwrap();
        prop_assert!(public_key.verify_strict(message.as_bytes(), &signature).is_ok());

        let (_, claims) = message.split_once('.').unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        prop_assert_eq!(&claims["nonce"], &json!(nonce));
        prop_assert_eq!(&claims["iss"], "a \"television\"");
        prop_assert_eq!(claims["exp"].as_u64(), Some(u64::from(now) + 300));
        let listed = claims["scope"].as_str().unwrap_or_default().split(',').filter(|it| !it.is_empty());
        prop_assert_eq!(listed.count(), scopes.len());
    }

    #[test]
    fn any_text_is_parsed_without_a_panic(text in "[!-~]{0,20}(\\.[!-~]{0,60}){0,3}") {
        if let Ok(token) = Token::new(&text) {
            let read = PlexJwt::unverified(&token);
            prop_assert!(read.is_err() || text.split('.').count() == 3);
        }
    }
}
