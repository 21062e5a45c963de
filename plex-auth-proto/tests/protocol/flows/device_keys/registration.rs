//! Registering a key, and the saved state of a device.

use plex_auth_proto::flow::{DeviceTokenEnd, DeviceTokenRefresher, InvalidSavedState};
use plex_auth_proto::jwt::Jwk;
use plex_auth_proto::{ClientIdentity, PlexTv, Token};

use super::{DAY, Key, NONCE, REMOVED, exchanged, jwt, refresher};
use crate::flows::harness::{Answer, Driven, RetryAfter, cut_off, edited, plex_tv};

#[test]
fn key_is_registered_once() {
    let key = Key::new();
    let old = || Token::new("xyz-Abc_0123456789ab").unwrap();
    for response in [
        Answer(201, ""),
        cut_off(true),
        Answer(502, "<html>"),
        Answer(400, "<html>"),
        Answer(408, "<html>"),
        Answer(422, ""),
        Answer(200, "<html>captive</html>"),
    ] {
        let mut driven = Driven::new(plex_tv("id").register_device(&key, old()));
        let saved = driven.flow.save();
        assert_eq!(saved.expose(), super::NO_TOKEN);
        driven.respond_all([
            response,
            Answer(200, NONCE),
            Answer(503, ""),
            Answer(200, NONCE),
            exchanged(0),
        ]);
        assert_eq!(driven.times_of("/auth/jwk").len(), 1);
        assert_eq!(driven.flow.renewals(), 1);
    }
    // No response arrives in time.
    let mut driven = Driven::new(plex_tv("id").register_device(&key, old()));
    driven.send().unwrap();
    driven.respond(Answer(200, NONCE));
    assert!(driven.last_error().is_some());
    driven.respond(exchanged(60));
    assert_eq!(driven.times_of("/auth/jwk").len(), 1);
    // The request had no effect, so the key is registered later.
    let mut driven = Driven::new(plex_tv("id").register_device(&key, old()));
    driven.respond_all([
        cut_off(false),
        RetryAfter(429, "90"),
        Answer(201, ""),
        Answer(200, NONCE),
    ]);
    assert_eq!(driven.gaps_of("/auth/jwk"), [30, 90]);
    // An intermediary responded, and Plex received nothing.
    let mut driven = Driven::new(plex_tv("id").register_device(&key, old()));
    let in_between = [302, 401, 403, 404, 407].map(|status| Answer(status, "<html>portal</html>"));
    driven.respond_all(in_between).respond_all([Answer(201, ""), Answer(200, NONCE)]);
    assert_eq!(driven.gaps_of("/auth/jwk"), [30, 60, 120, 240, 300]);

    let mut driven = Driven::new(plex_tv("id").register_device(&key, old()));
    driven.respond(Answer(401, r#"{"errors":[{"code":1001}]}"#));
    let DeviceTokenEnd::NotRegistered(error) = driven.finish() else { panic!() };
    assert!(error.is_token_invalid());

    let mut driven = Driven::new(plex_tv("id").register_device(&key, old()));
    driven.respond(Answer(403, r#"{"errors":[{"code":1009}]}"#));
    assert!(matches!(driven.finish(), DeviceTokenEnd::NotRegistered(_)));

    // Code 1097 means that Plex does not recognize the device, regardless of the status.
    for status in [401, 403, 404, 429] {
        let mut driven = Driven::new(plex_tv("id").register_device(&key, old()));
        driven.respond(Answer(status, REMOVED));
        assert!(matches!(driven.finish(), DeviceTokenEnd::DeviceRemoved(_)), "{status}");
    }
}

#[test]
fn saved_state_needs_its_identifier_and_key() {
    let key = Key::new();
    let saved = refresher(&key).flow.save();
    assert!(!format!("{saved:?} {:?}", refresher(&key).flow).contains("eyJ"));
    let restore = |identifier: &str, key: &Key, saved: &str| {
        DeviceTokenRefresher::restore(plex_tv(identifier), key, saved).map(|_| ()).unwrap_err()
    };
    assert_eq!(restore("other", &key, saved.expose()), InvalidSavedState::OtherIdentifier);
    let other = Key { jwk: Jwk::new([8; 32], "attic").unwrap(), ..Key::new() };
    assert_eq!(restore("id", &other, saved.expose()), InvalidSavedState::OtherKey);
    let again = DeviceTokenRefresher::restore(plex_tv("id"), &key, &edited(&saved)).unwrap();
    assert_eq!(again.save().expose(), saved.expose());
    let mut driven = Driven::new(again);
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), 6 * DAY);
}

#[test]
fn state_takes_less_than_two_kilobytes() {
    let key = Key::new();
    let identity = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build().unwrap();
    // The token is as long as one of Plex's.
    let token = jwt(0) + &"x".repeat(536 - jwt(0).len());
    let saved = format!(
        r#"{{"format":1,"kind":"device-token","service":"https://plex.tv/api/v2",
            "clientIdentifier":"{}","keyId":"den","token":"{token}"}}"#,
        identity.identifier()
    );
    let plex_tv = PlexTv::new(identity);
    let mut refresher = None;
    let heap = allocation_counter::measure(|| {
        let plex_tv = plex_tv.clone();
        refresher = DeviceTokenRefresher::restore(plex_tv, &key, &saved).ok();
    });
    let size = size_of::<DeviceTokenRefresher<&Key>>();
    let heap = usize::try_from(heap.bytes_current).unwrap();
    println!("{size} bytes, and {heap} on the heap");
    assert!(refresher.is_some_and(|refresher| refresher.token().is_some()) && size + heap < 2048);
}
