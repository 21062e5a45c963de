//! Signing in with a device's key, call by call.

use std::time::{Duration, SystemTime};

use plex_auth_fake::{FakePlex, Which, Who};
use plex_auth_proto::jwt::{
    DeviceClaims, DeviceJwt, DeviceKey, Ed25519Key, JwtScope, PlexJwt, PlexKeys, VerifyError,
};
use plex_auth_proto::pin::{DevicePin, PinId, PinState};
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{Error, Token};
use plex_auth_tests::every_operation::IDENTIFIER;

use crate::harness::{Harness, identity, over_every_carrier, unix_now, variant};

/// Slightly longer than the lifetime of a signed request.
const FIVE_MINUTES: Duration = Duration::from_secs(301);

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

fn key() -> Ed25519Key {
    Ed25519Key::from_seed(&[3; 32])
}

fn other_key() -> Ed25519Key {
    Ed25519Key::from_seed(&[4; 32])
}

fn now() -> SystemTime {
    SystemTime::now()
}

/// Returns a signed request for a token, with a new nonce.
fn signed(harness: &Harness, key: &dyn DeviceKey, at: SystemTime) -> DeviceJwt {
    let nonce = harness.send(harness.plex_tv().nonce()).unwrap();
    DeviceClaims::for_exchange(&identity(), nonce, at).sign(key).unwrap()
}

fn exchange_jwt(harness: &Harness, jwt: &DeviceJwt) -> Result<Token, Error> {
    harness.send(harness.plex_tv().exchange_device_jwt(jwt))
}

fn exchange(harness: &Harness, key: &dyn DeviceKey) -> Result<Token, Error> {
    exchange_jwt(harness, &signed(harness, key, now()))
}

/// Registers a key for Rosa's account, and returns it.
fn registered(harness: &Harness) -> Ed25519Key {
    let key = key();
    let token = harness.token(Who::PlexPass);
    harness.send(harness.plex_tv().register_device_key(&token, key.jwk())).unwrap();
    key
}

fn plex_keys(harness: &Harness) -> PlexKeys {
    harness.send(harness.plex_tv().plex_keys()).unwrap()
}

#[test]
fn registered_key_gets_a_signed_token() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let token = exchange(harness, &key).unwrap();
        let account = harness.token_details(&token).unwrap();
        assert_eq!(account.username.as_deref(), Some("rosa"));
        assert_eq!(account.auth_token.unwrap().expose(), token.expose());

        let jwt = plex_keys(harness).verify(&token, &identity(), now()).unwrap();
        assert_eq!(jwt.thumbprint.as_deref(), Some(key.jwk().key_id()));
        let user = jwt.user.as_ref().unwrap();
        assert_eq!((user.id, user.username.as_deref()), (account.id, Some("rosa")));
        assert_eq!(
            (user.uuid.as_deref(), user.email.as_deref()),
            (account.uuid.as_deref(), Some("rosa@example.org"))
        );
        assert_eq!(jwt.expires_at.0 - jwt.issued_at.unwrap().0, 604_800);
        assert_eq!(jwt.expires_at.0 - jwt.renew_at().0, 86_400);

        // The first signed token revokes the old token. Later ones do not revoke any.
        let old = harness.token_details(&harness.token(Who::PlexPass));
        assert!(old.unwrap_err().is_token_invalid());
        let renewed = exchange(harness, &key).unwrap();
        for token in [&token, &renewed] {
            harness.token_details(token).unwrap();
        }
    });
}

#[test]
fn scopes_choose_the_claims_of_the_token() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let nonce = harness.send(harness.plex_tv().nonce()).unwrap();
        let claims = DeviceClaims::for_exchange(&identity(), nonce, now());
        let jwt = claims.scopes([JwtScope::FriendlyName]).sign(&key).unwrap();
        let token = exchange_jwt(harness, &jwt).unwrap();
        let user = PlexJwt::unverified(&token).unwrap().user.unwrap();
        assert_eq!(user.friendly_name.as_deref(), Some("Rosa Ayala"));
        assert!(user.username.is_none() && user.email.is_none() && user.id.is_some());
    });
}

#[test]
fn key_is_registered_once_with_a_valid_token() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let again = harness.plex_tv().register_device_key(&harness.token(Who::Free), key.jwk());
        let error = harness.send(again).unwrap_err();
        assert_eq!(variant(&error), "Rejected");
        assert!(!error.is_token_invalid() && !error.is_retryable(), "{error}");

        let invalid = Token::new("invalid").unwrap();
        let call = harness.plex_tv().register_device_key(&invalid, key.jwk());
        let error = harness.send(call).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
        assert_eq!(harness.fake(|fake| fake.device_keys().count()), 1);
    });
}

#[test]
fn invalid_signed_requests_are_distinguished() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let unknown = other_key();
        let forged = other_key().with_key_id(key.jwk().key_id()).unwrap();
        let used = signed(harness, &key, now());
        exchange_jwt(harness, &used).unwrap();
        let expired = now() - FIVE_MINUTES;
        for (jwt, status, expected) in [
            (signed(harness, &unknown, now()), 422, "Rejected"),
            (signed(harness, &forged, now()), 422, "Rejected"),
            (used, 422, "Rejected"),
            (signed(harness, &key, expired), 498, "Unauthorized"),
        ] {
            let error = exchange_jwt(harness, &jwt).unwrap_err();
            assert_eq!((error.status().unwrap().as_u16(), &*variant(&error)), (status, expected));
            assert!(!error.is_token_invalid() && !error.needs_new_device_key(), "{error}");
            assert!(!error.is_retryable(), "{error}");
        }
        // The clock of a device may be four minutes ahead.
        for ahead in [Duration::ZERO, Duration::from_secs(240)] {
            let jwt = signed(harness, &key, now() + ahead);
            exchange_jwt(harness, &jwt).unwrap();
        }
    });
}

#[test]
fn signed_request_has_its_times() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        harness.fake(FakePlex::demand_times);
        exchange(harness, &key).unwrap();
    });
}

#[test]
fn too_many_nonces_are_rate_limited() {
    over_every_carrier(|harness| {
        harness.fake(|fake| fake.limit_nonces(1));
        harness.send(harness.plex_tv().nonce()).unwrap();
        let error = harness.send(harness.plex_tv().nonce()).unwrap_err();
        assert_eq!(variant(&error), "RateLimited");
        assert!(error.is_retryable() && error.to_string().contains("code 1003"), "{error}");
    });
}

#[test]
fn removed_device_needs_a_new_key() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let token = exchange(harness, &key).unwrap();
        harness.fake(|fake| fake.remove_device(IDENTIFIER));
        let error = exchange(harness, &key).unwrap_err();
        assert!(error.needs_new_device_key() && !error.is_token_invalid(), "{error}");
        let error = harness.token_details(&token).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
    });
}

#[test]
fn expired_token_is_invalid_and_exchanged() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let jwt = signed(harness, &key, now() - WEEK);
        // The fake's clock is a week behind, too.
        let request = harness.plex_tv().exchange_device_jwt(&jwt).into_parts().0.map(Vec::from);
        let past = unix_now() - WEEK.as_secs();
        let response = harness.fake(|fake| fake.answer(&request, past));
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        let token = Token::new(body["auth_token"].as_str().unwrap()).unwrap();

        let error = harness.token_details(&token).unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 498);
        assert!(error.is_token_invalid(), "{error}");
        let keys = plex_keys(harness);
        let later = now() + Duration::from_secs(61);
        assert_eq!(keys.verify(&token, &identity(), later).unwrap_err(), VerifyError::Expired);
        exchange(harness, &key).unwrap();
    });
}

#[test]
fn media_server_refuses_a_signed_token() {
    over_every_carrier(|harness| {
        let token = exchange(harness, &registered(harness)).unwrap();
        let server = harness.media_server_with(Which::Claimed, token);
        let call = server.transient_token(TokenType::Delegation, Scope::All);
        let error = harness.send(call).unwrap_err();
        assert_eq!(variant(&error), "Unauthorized");
        assert!(!error.is_token_invalid(), "the account's token is not affected: {error}");
    });
}

#[test]
fn changed_plex_key_is_unknown_until_fetched() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let (old_keys, old) = (plex_keys(harness), exchange(harness, &key).unwrap());
        harness.fake(FakePlex::change_key);
        let new = exchange(harness, &key).unwrap();
        let me = identity();
        assert_eq!(old_keys.verify(&new, &me, now()).unwrap_err(), VerifyError::UnknownKey);
        let new_keys = plex_keys(harness);
        for token in [&old, &new] {
            new_keys.verify(token, &me, now()).unwrap();
        }
        let usable = new_keys.keys.iter().filter(|key| key.public_key().is_some());
        assert_eq!((new_keys.keys.len(), usable.count()), (3, 2), "one is an RSA key");
    });
}

fn poll(harness: &Harness, pin: &DevicePin, key: &dyn DeviceKey) -> Result<Option<Token>, Error> {
    let jwt = DeviceClaims::for_poll(&identity(), now()).sign(key).unwrap();
    Ok(match harness.send(harness.plex_tv().poll_device_pin(pin, &jwt))? {
        PinState::Linked { auth_token, .. } => Some(auth_token),
        _ => None,
    })
}

#[test]
fn linked_pin_returns_a_signed_token() {
    over_every_carrier(|harness| {
        let (key, other) = (key(), other_key());
        let short = harness.send(harness.plex_tv().create_short_device_pin(key.jwk())).unwrap();
        assert_eq!(short.short().unwrap().pin().code.expose().len(), 4);
        let strong = harness.send(harness.plex_tv().create_strong_device_pin(other.jwk())).unwrap();
        assert_eq!(strong.strong().unwrap().pin().code.expose().len(), 25);

        for (pin, code, key) in [
            (&short, &short.short().unwrap().pin().code, &key),
            (&strong, &strong.strong().unwrap().pin().code, &other),
        ] {
            assert!(poll(harness, pin, key).unwrap().is_none());
            let link = harness.plex_tv().link_pin(&harness.token(Who::PlexPass), code);
            harness.send(link).unwrap();
            // After a restart, only the ID is known.
            let restored = DevicePin::restored(PinId::new(pin.id().expose()));
            let token = poll(harness, &restored, key).unwrap().unwrap();
            let jwt = plex_keys(harness).verify(&token, &identity(), now()).unwrap();
            assert_eq!(jwt.thumbprint.as_deref(), Some(key.jwk().key_id()));
            exchange(harness, key).unwrap();
        }
    });
}

#[test]
fn poll_signed_by_another_key_is_refused() {
    over_every_carrier(|harness| {
        let (key, other) = (key(), other_key());
        let pin = harness.send(harness.plex_tv().create_short_device_pin(key.jwk())).unwrap();
        let error = poll(harness, &pin, &other).unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 422);
        assert!(!error.is_pin_gone(), "{error}");

        let unsigned = harness.send(harness.plex_tv().poll_pin(pin.id())).unwrap_err();
        assert_eq!(variant(&unsigned), "BadRequest");

        let expired = DeviceClaims::for_poll(&identity(), now() - FIVE_MINUTES).sign(&key).unwrap();
        let error = harness.send(harness.plex_tv().poll_device_pin(&pin, &expired)).unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 498);
        assert!(poll(harness, &pin, &key).unwrap().is_none());

        harness.fake(|fake| fake.pin_mut(pin.id().expose()).unwrap().age(901));
        assert!(poll(harness, &pin, &key).unwrap_err().is_pin_gone());
    });
}

#[test]
fn taken_key_creates_no_pin() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let error = harness.send(harness.plex_tv().create_short_device_pin(key.jwk())).unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 422);
        assert_eq!(harness.fake(|fake| fake.pins().count()), 0);
    });
}
