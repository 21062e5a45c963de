//! Signing in with the key of a device, call by call, over every carrier.

use std::time::{Duration, SystemTime};

use plex_auth_fake::{Misbehaviour, Which, Who};
use plex_auth_proto::jwt::{
    DeviceClaims, DeviceJwt, DeviceKey, Ed25519Key, JwtScope, PlexJwt, PlexKeys, VerifyError,
};
use plex_auth_proto::pin::{DevicePin, PinId, PinState};
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{Error, ResponseError, Token};

use crate::harness::{Harness, over_every_carrier};
use plex_auth_tests::every_operation::IDENTIFIER;

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

fn key() -> Ed25519Key {
    Ed25519Key::from_seed(&[3; 32])
}

fn now() -> SystemTime {
    SystemTime::now()
}

fn seconds(moment: SystemTime) -> u64 {
    moment.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// What a device signs with a nonce of its own.
fn signed(harness: &Harness, key: &dyn DeviceKey, at: SystemTime) -> DeviceJwt {
    let nonce = harness.send(harness.plex_tv().nonce()).unwrap();
    DeviceClaims::for_exchange(&harness.identity(), nonce, at).sign(key).unwrap()
}

fn exchange(harness: &Harness, key: &dyn DeviceKey) -> Result<Token, Error> {
    let jwt = signed(harness, key, now());
    harness.send(harness.plex_tv().exchange_device_jwt(&jwt))
}

/// A device whose key is known to belong to Rosa.
fn registered(harness: &Harness) -> Ed25519Key {
    let key = key();
    let token = harness.token(Who::PlexPass);
    harness.send(harness.plex_tv().register_device_key(&token, key.jwk())).unwrap();
    key
}

fn plex_keys(harness: &Harness) -> PlexKeys {
    harness.send(harness.plex_tv().plex_keys()).unwrap()
}

fn variant(error: &Error) -> String {
    let shown = format!("{:?}", error.as_response().unwrap());
    shown.split('(').next().unwrap_or_default().to_owned()
}

#[test]
fn a_registered_key_gets_a_token_that_says_whose_it_is_and_until_when() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let token = exchange(harness, &key).unwrap();
        let account = harness.send(harness.plex_tv().token_details(&token)).unwrap();
        assert_eq!(account.username.as_deref(), Some("rosa"));
        assert_eq!(account.auth_token.unwrap().expose(), token.expose());

        let jwt = plex_keys(harness).verify(&token, &harness.identity(), now()).unwrap();
        assert_eq!(jwt.thumbprint.as_deref(), Some(key.jwk().key_id()));
        let user = jwt.user.as_ref().unwrap();
        assert_eq!((user.id, user.username.as_deref()), (account.id, Some("rosa")));
        assert_eq!(
            (user.uuid.as_deref(), user.email.as_deref()),
            (account.uuid.as_deref(), Some("rosa@example.org"))
        );
        assert_eq!(jwt.expires_at.0 - jwt.issued_at.unwrap().0, 604_800);
        assert_eq!(jwt.expires_at.0 - jwt.renew_at().0, 86_400);

        // The old token dies with the first signed one; the next one does not end the last.
        let old = harness.plex_tv().token_details(&harness.token(Who::PlexPass));
        assert!(harness.send(old).unwrap_err().is_token_invalid());
        let renewed = exchange(harness, &key).unwrap();
        for token in [&token, &renewed] {
            harness.send(harness.plex_tv().token_details(token)).unwrap();
        }
    });
}

#[test]
fn scopes_choose_what_the_token_says() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let nonce = harness.send(harness.plex_tv().nonce()).unwrap();
        let claims = DeviceClaims::for_exchange(&harness.identity(), nonce, now());
        let jwt = claims.scopes([JwtScope::FriendlyName]).sign(&key).unwrap();
        let token = harness.send(harness.plex_tv().exchange_device_jwt(&jwt)).unwrap();
        let user = PlexJwt::unverified(&token).unwrap().user.unwrap();
        assert_eq!(user.friendly_name.as_deref(), Some("Rosa Ayala"));
        assert!(user.username.is_none() && user.email.is_none() && user.id.is_some());
    });
}

#[test]
fn a_key_is_registered_once_and_with_a_token_that_lives() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let again = harness.plex_tv().register_device_key(&harness.token(Who::Free), key.jwk());
        let error = harness.send(again).unwrap_err();
        assert_eq!(variant(&error), "Rejected");
        assert!(!error.is_token_invalid() && !error.is_retryable(), "{error}");

        let dead = Token::new("dead").unwrap();
        let error =
            harness.send(harness.plex_tv().register_device_key(&dead, key.jwk())).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
        assert_eq!(harness.fake(|fake| fake.device_keys().count()), 1);
    });
}

#[test]
fn whatever_is_wrong_with_what_was_signed_is_told_apart() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let stranger = Ed25519Key::from_seed(&[4; 32]);
        let forger = Ed25519Key::from_seed(&[4; 32]).with_key_id(key.jwk().key_id()).unwrap();
        let used = signed(harness, &key, now());
        harness.send(harness.plex_tv().exchange_device_jwt(&used)).unwrap();
        let late = now() - Duration::from_secs(301);
        for (jwt, status, expected) in [
            (signed(harness, &stranger, now()), 422, "Rejected"),
            (signed(harness, &forger, now()), 422, "Rejected"),
            (used, 422, "Rejected"),
            (signed(harness, &key, late), 498, "Unauthorized"),
        ] {
            let error = harness.send(harness.plex_tv().exchange_device_jwt(&jwt)).unwrap_err();
            assert_eq!((error.status().unwrap().as_u16(), &*variant(&error)), (status, expected));
            assert!(!error.is_token_invalid() && !error.needs_new_device_key(), "{error}");
            assert!(!error.is_retryable(), "{error}");
        }
        // A device whose clock is behind, and one whose clock is four minutes ahead.
        for ahead in [Duration::ZERO, Duration::from_secs(240)] {
            let jwt = signed(harness, &key, now() + ahead);
            harness.send(harness.plex_tv().exchange_device_jwt(&jwt)).unwrap();
        }
    });
}

#[test]
fn what_is_signed_has_times_also_where_plex_asks_for_them() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        harness.fake(plex_auth_fake::FakePlex::demand_times);
        exchange(harness, &key).unwrap();
    });
}

#[test]
fn too_many_nonces_are_told_and_can_be_asked_for_later() {
    over_every_carrier(|harness| {
        harness.fake(|fake| fake.limit_nonces(1));
        harness.send(harness.plex_tv().nonce()).unwrap();
        let error = harness.send(harness.plex_tv().nonce()).unwrap_err();
        assert_eq!(variant(&error), "RateLimited");
        assert!(error.is_retryable() && error.to_string().contains("code 1003"), "{error}");
    });
}

#[test]
fn a_removed_device_wants_a_new_key_and_a_new_identifier() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let token = exchange(harness, &key).unwrap();
        harness.fake(|fake| fake.remove_device(IDENTIFIER));
        let error = exchange(harness, &key).unwrap_err();
        assert!(error.needs_new_device_key() && !error.is_token_invalid(), "{error}");
        let error = harness.send(harness.plex_tv().token_details(&token)).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
    });
}

#[test]
fn an_expired_token_is_dead_and_a_new_one_can_be_had_all_the_same() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let jwt = signed(harness, &key, now() - WEEK);
        // A week ago, by the fake's clock.
        let request = harness.plex_tv().exchange_device_jwt(&jwt).into_parts().0.map(Vec::from);
        let past = seconds(now() - WEEK);
        let answer = harness.fake(|fake| fake.answer(&request, past));
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        let token = Token::new(body["auth_token"].as_str().unwrap()).unwrap();

        let error = harness.send(harness.plex_tv().token_details(&token)).unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 498);
        assert!(error.is_token_invalid(), "{error}");
        let keys = plex_keys(harness);
        let later = now() + Duration::from_secs(61);
        assert_eq!(
            keys.verify(&token, &harness.identity(), later).unwrap_err(),
            VerifyError::Expired
        );
        exchange(harness, &key).unwrap();
    });
}

#[test]
fn no_media_server_takes_a_signed_token_which_says_nothing_about_the_account() {
    over_every_carrier(|harness| {
        let token = exchange(harness, &registered(harness)).unwrap();
        let server = harness.media_server_with(Which::Claimed, token);
        let error =
            harness.send(server.transient_token(TokenType::Delegation, Scope::All)).unwrap_err();
        assert!(!error.is_token_invalid(), "{error}");
        assert!(error.to_string().contains("does not accept this token"), "{error}");
    });
}

#[test]
fn a_key_that_plex_changed_is_unknown_until_the_keys_are_asked_for_again() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let (old_keys, old) = (plex_keys(harness), exchange(harness, &key).unwrap());
        harness.fake(plex_auth_fake::FakePlex::change_key);
        let new = exchange(harness, &key).unwrap();
        let me = harness.identity();
        assert_eq!(old_keys.verify(&new, &me, now()).unwrap_err(), VerifyError::UnknownKey);
        let new_keys = plex_keys(harness);
        for token in [&old, &new] {
            new_keys.verify(token, &me, now()).unwrap();
        }
        let usable = new_keys.keys.iter().filter(|key| key.public_key().is_some());
        assert_eq!((new_keys.keys.len(), usable.count()), (3, 2), "an RSA key is among them");
    });
}

#[test]
fn plex_without_keys_is_no_error_until_one_is_needed() {
    over_every_carrier(|harness| {
        let token = exchange(harness, &registered(harness)).unwrap();
        let none = || Misbehaviour::answer(200, "application/json", r#"{"keys":[]}"#).times(1);
        harness.fake(|fake| fake.misbehave("/auth/keys", none()));
        let verified = plex_keys(harness).verify(&token, &harness.identity(), now());
        assert_eq!(verified.unwrap_err(), VerifyError::NoUsableKey);
    });
}

fn poll(harness: &Harness, pin: &DevicePin, key: &dyn DeviceKey) -> Result<Option<Token>, Error> {
    let jwt = DeviceClaims::for_poll(&harness.identity(), now()).sign(key).unwrap();
    Ok(match harness.send(harness.plex_tv().poll_device_pin(pin, &jwt))? {
        PinState::Linked { auth_token, .. } => Some(auth_token),
        _ => None,
    })
}

#[test]
fn a_pin_brings_the_key_along_and_a_signed_token_back() {
    over_every_carrier(|harness| {
        let (key, other) = (key(), Ed25519Key::from_seed(&[4; 32]));
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
            // Over a restart, with what was kept.
            let saved = DevicePin::restored(PinId::new(pin.id().expose()));
            let token = poll(harness, &saved, key).unwrap().unwrap();
            let jwt = plex_keys(harness).verify(&token, &harness.identity(), now()).unwrap();
            assert_eq!(jwt.thumbprint.as_deref(), Some(key.jwk().key_id()));
            exchange(harness, key).unwrap();
        }
    });
}

#[test]
fn a_poll_that_another_key_signed_brings_nothing_and_ends_nothing() {
    over_every_carrier(|harness| {
        let (key, other) = (key(), Ed25519Key::from_seed(&[4; 32]));
        let pin = harness.send(harness.plex_tv().create_short_device_pin(key.jwk())).unwrap();
        let error = poll(harness, &pin, &other).unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 422);
        assert!(!error.is_pin_gone(), "{error}");

        let unsigned = harness.send(harness.plex_tv().poll_pin(pin.id())).unwrap_err();
        assert!(matches!(unsigned.as_response(), Some(ResponseError::BadRequest(_))), "{unsigned}");

        let late = DeviceClaims::for_poll(&harness.identity(), now() - Duration::from_secs(301));
        let late = harness.plex_tv().poll_device_pin(&pin, &late.sign(&key).unwrap());
        let error = harness.send(late).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("the device's signed token is not accepted (498, code 1001)"),
            "{error}"
        );
        assert!(poll(harness, &pin, &key).unwrap().is_none());

        harness.fake(|fake| fake.pin_mut(pin.id().expose()).unwrap().age(901));
        assert!(poll(harness, &pin, &key).unwrap_err().is_pin_gone());
    });
}

#[test]
fn a_key_that_is_taken_makes_no_pin() {
    over_every_carrier(|harness| {
        let key = registered(harness);
        let error = harness.send(harness.plex_tv().create_short_device_pin(key.jwk())).unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), 422);
        assert_eq!(harness.fake(|fake| fake.pins().count()), 0);
    });
}
