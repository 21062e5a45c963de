//! Signing in with a PIN and registering a key.

use std::time::Duration;

use plex_auth_proto::flow::{
    Completion, DeviceLogin, DeviceLoginError, DeviceLoginProgress, DeviceTokenRefresher,
    InvalidSavedState, LinkedDevice,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::jwt::{ExternalKey, Jwk, SignError};
use plex_auth_proto::{Body, Flow};

use super::{
    CREATED, GONE, Key, LINKED, NONCE, REMOVED, WAITING, claims, exchanged, login, registered,
};
use crate::flows::harness::{Answer, Dated, Driven, cut_off, edited, plex_tv};

#[test]
fn signature_is_used_for_three_minutes() {
    let key = Key::new();
    let mut driven = login(&key);
    assert!(
        driven.flow.save(driven.now).expose().contains("den"),
        "the first saved state has no key ID"
    );
    driven.respond(Answer(201, CREATED));
    let DeviceLoginProgress::Waiting { pin, left, .. } = driven.progress() else { panic!() };
    assert_eq!((pin.pin().code.expose(), left.as_secs()), ("G7KX", 900));
    while driven.elapsed() < 600 {
        driven.respond(Answer(200, WAITING));
    }
    driven.respond(Answer(200, LINKED));
    assert_eq!(registered(driven.finish()), "eyJh.eyJp.c2ln");
    assert_eq!(key.signed.get() as u64, driven.elapsed().div_ceil(180));
    assert!(driven.times_of("/auth/nonce").is_empty());

    // A signature that is approved late is used until four minutes after it was requested.
    for (takes, lasts) in [(0, 180), (170, 240)] {
        let mut driven = external();
        let requested = driven.elapsed();
        let (id, _) = driven.signatures.pop().unwrap();
        driven.now += Duration::from_secs(takes);
        driven.flow.complete(driven.now, id, Completion::Signed(Ok([1; 64])));
        while driven.signatures.is_empty() {
            driven.advance(Duration::from_secs(1));
            if let Some(poll) = driven.in_flight.pop() {
                driven.complete(&poll, &Answer(200, WAITING));
            }
        }
        let lasted = driven.elapsed() - requested;
        assert!((lasts..lasts + 6).contains(&lasted), "{lasted}");
    }
}

#[test]
fn old_style_token_is_recognized() {
    let key = Key::new();
    let mut driven = login(&key);
    driven.respond_all([
        Answer(201, CREATED),
        Answer(200, r#"{"id":2147483650,"authToken":"xyz-Abc_0123456789ab"}"#),
    ]);
    let LinkedDevice::NotRegistered(linked) = driven.finish().unwrap() else { panic!() };
    assert_eq!(linked.auth_token.expose(), "xyz-Abc_0123456789ab");
}

#[test]
fn external_key_signs_through_the_driver() {
    let jwk = Jwk::new([7; 32], "den").unwrap();
    let login = plex_tv("id").device_link_code_login(ExternalKey::new(jwk));
    let mut driven = Driven::new(login);
    driven.respond(Answer(201, CREATED));
    driven.now += Duration::from_secs(1);
    driven.settle();
    let (id, request) = driven.signatures.pop().expect("a request for a signature");
    assert_eq!(request.key_id(), "den");
    assert!(!request.message().is_empty() && !format!("{request:?}").contains("eyJ"));
    // The user takes two minutes to approve the signature, and no poll is sent in the meantime.
    driven.advance(Duration::from_secs(120));
    assert!(driven.in_flight.is_empty() && driven.signatures.is_empty());
    // A completion of another kind changes nothing.
    driven.flow.complete(driven.now, id, Completion::Response(Response::new(Body::empty())));
    driven.flow.complete(driven.now, id, Completion::Signed(Ok([1; 64])));
    driven.respond(Answer(200, WAITING)).respond(Answer(200, LINKED));
    assert_eq!(registered(driven.finish()), "eyJh.eyJp.c2ln");

    // A driver that cannot sign and a locked key are both reported and retried.
    for (completion, reason) in [
        (Completion::Unsupported, "the driver does not support signing"),
        (Completion::Signed(Err(SignError::new("locked"))), "locked"),
    ] {
        let jwk = Jwk::new([7; 32], "den").unwrap();
        let mut driven = Driven::new(plex_tv("id").device_link_code_login(ExternalKey::new(jwk)));
        driven.respond(Answer(201, CREATED)).advance(Duration::from_secs(1));
        let (id, _) = driven.signatures.pop().unwrap();
        driven.flow.complete(driven.now, id, completion);
        let DeviceLoginProgress::Waiting { sign_error, .. } = driven.progress() else { panic!() };
        assert_eq!(sign_error.unwrap().reason(), reason);
        driven.advance(Duration::from_secs(2));
        assert_eq!(driven.signatures.len(), 1);
    }
}

/// Returns a login that has a PIN and has requested a signature from its driver.
fn external() -> Driven<DeviceLogin<ExternalKey>> {
    let jwk = Jwk::new([7; 32], "den").unwrap();
    let mut driven = Driven::new(plex_tv("id").device_link_code_login(ExternalKey::new(jwk)));
    driven.respond(Answer(201, CREATED)).advance(Duration::from_secs(1));
    driven
}

#[test]
fn poll_has_no_expired_signature() {
    // The user takes almost three minutes to approve the signature, or ten.
    for takes in [170, 600] {
        let mut driven = external();
        driven.now += Duration::from_secs(takes);
        let (id, _) = driven.signatures.pop().unwrap();
        driven.flow.complete(driven.now, id, Completion::Signed(Ok([1; 64])));
        while driven.elapsed() < takes + 200 {
            driven.advance(Duration::from_secs(1));
            let Some(poll) = driven.in_flight.pop() else { continue };
            let is_valid = expiry(&poll.url()) > 1_700_000_000 + driven.elapsed();
            assert!(
                is_valid,
                "the signature took {takes} s, the poll is {} s old",
                driven.elapsed()
            );
            driven.complete(&poll, &Answer(200, WAITING));
        }
    }
    // Every approval takes too long.
    let mut driven = external();
    while driven.outcome.is_none() {
        driven.now += Duration::from_secs(300);
        while let Some((id, _)) = driven.signatures.pop() {
            driven.flow.complete(driven.now, id, Completion::Signed(Ok([1; 64])));
        }
        driven.settle();
        assert!(driven.elapsed() < 2_000, "the login has not ended");
    }
    assert!(matches!(driven.finish(), Err(DeviceLoginError::CannotSign(_))));
    // The computer sleeps between two polls.
    let key = Key::new();
    let mut driven = login(&key);
    driven.respond(Dated("Tue, 14 Nov 2023 22:13:20 GMT", CREATED));
    driven.respond(Dated("Tue, 14 Nov 2023 22:13:21 GMT", WAITING));
    driven.set_wall(600);
    driven.send().unwrap();
    assert!(expiry(&driven.last().url) > 1_700_000_602);
}

/// Returns the expiry of the JWT in the URL of a poll, in Unix seconds.
fn expiry(url: &str) -> u64 {
    let claims = claims(url.split("deviceJWT=").last().unwrap());
    let (_, expiry) = claims.split_once(r#""exp":"#).unwrap();
    expiry.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[test]
fn cancelled_signature_is_requested_again_after_a_second() {
    let mut driven = external();
    let (id, _) = driven.signatures.pop().unwrap();
    driven.flow.complete(driven.now, id, Completion::Cancelled);
    driven.settle();
    assert!(driven.signatures.is_empty(), "requested again at once");
    driven.advance(Duration::from_secs(1));
    assert_eq!(driven.signatures.len(), 1);
}

#[test]
fn signature_that_never_arrives_ends_the_login() {
    let mut driven = external();
    while driven.outcome.is_none() {
        driven.advance(Duration::from_secs(1));
        if let Some((id, _)) = driven.signatures.pop() {
            driven.flow.complete(driven.now, id, Completion::Cancelled);
        }
        assert!(driven.elapsed() < 900 + 60, "the login has not ended");
    }
    assert!(matches!(driven.finish(), Err(DeviceLoginError::Expired)));

    let mut driven = external();
    while driven.outcome.is_none() {
        driven.advance(Duration::from_secs(10));
        assert!(driven.elapsed() < 900 + 240, "the login has not ended");
    }
    assert!(driven.signatures.len() > 1, "the signature was not requested again");
    assert!(matches!(driven.finish(), Err(DeviceLoginError::CannotSign(_))));

    // The exchange that follows a lost poll ends, too.
    let mut driven = external();
    for response in [cut_off(true), Answer(404, GONE)] {
        driven.advance(Duration::from_secs(2));
        let (id, _) = driven.signatures.pop().unwrap();
        driven.flow.complete(driven.now, id, Completion::Signed(Ok([1; 64])));
        driven.respond(response);
    }
    let began = driven.elapsed();
    while driven.outcome.is_none() {
        driven.advance(Duration::from_secs(10));
        while let Some(request) = driven.in_flight.pop() {
            driven.complete(&request, &Answer(200, NONCE));
        }
        assert!(driven.elapsed() - began < 120 + 300, "the exchange exceeded its time limit");
    }
    assert!(matches!(driven.finish(), Err(DeviceLoginError::Expired)));
}

#[test]
fn known_key_needs_no_pin() {
    let key = Key::new();
    let mut driven = login(&key);
    driven.respond_all([Answer(422, ""), Answer(200, NONCE), exchanged(0)]);
    registered(driven.finish());
    for (response, wants_new) in [(Answer(401, REMOVED), true), (Answer(422, ""), false)] {
        let mut driven = login(&key);
        driven.respond_all([Answer(422, ""), Answer(200, NONCE), response]);
        let Err(DeviceLoginError::Failed(error)) = driven.finish() else { panic!() };
        assert_eq!(error.needs_new_device_key(), wants_new);
    }
}

#[test]
fn locked_key_is_reported_and_polling_resumes() {
    let key = Key::new();
    let mut driven = login(&key);
    driven.respond(Answer(201, CREATED));
    key.locked.set(true);
    driven.now += Duration::from_secs(1);
    assert!(driven.is_waiting());
    let DeviceLoginProgress::Waiting { sign_error, .. } = driven.progress() else { panic!() };
    assert_eq!(sign_error.unwrap().reason(), "the TPM is locked");
    key.locked.set(false);
    driven.respond(Answer(200, LINKED));
    registered(driven.finish());

    let mut driven = login(&key);
    driven.respond(Answer(201, CREATED));
    key.locked.set(true);
    assert!(matches!(driven.finish(), Err(DeviceLoginError::CannotSign(_))));
    assert!((930..960).contains(&driven.elapsed()), "{}", driven.elapsed());
}

#[test]
fn saved_login_is_restored() {
    let key = Key::new();
    let mut driven = login(&key);
    driven.respond_all([Answer(201, CREATED), Answer(200, WAITING)]);
    let saved = driven.flow.save(driven.now);
    assert!(!format!("{:?}", driven.flow).contains("G7KX"));
    let restore = |identifier: &str| {
        DeviceLogin::restore(plex_tv(identifier), &key, &edited(&saved), driven.now)
    };
    assert_eq!(restore("other").map(|_| ()).unwrap_err(), InvalidSavedState::OtherIdentifier);
    let mut again = Driven::at(driven.now, restore("id").unwrap());
    again.respond(Answer(200, LINKED));
    assert_eq!((again.last().at, &*again.last().path), (1, "/pins/2147483650"));
    registered(again.finish());
    // If the PIN was linked, a refresher can also be restored from the same state.
    let mut again =
        Driven::new(DeviceTokenRefresher::restore(plex_tv("id"), &key, saved.expose()).unwrap());
    again.respond(Answer(200, NONCE)).respond(exchanged(0));
}
