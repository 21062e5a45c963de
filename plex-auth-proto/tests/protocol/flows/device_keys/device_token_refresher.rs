//! Renewal times, backoff, and the conditions under which a refresher ends.

use std::time::Duration;

use plex_auth_proto::flow::{
    Completion, DeviceTokenEnd, DeviceTokenProgress, DeviceTokenRefresher, RefreshError,
};
use plex_auth_proto::jwt::{ExternalKey, Jwk};
use plex_auth_proto::token_source::Refresher;
use plex_auth_proto::{Flow, Token};

use super::{
    DAY, HOUR, Key, NO_TOKEN, NONCE, REMOVED, base64, claims, exchanged, jwt, jwt_with, nonce_at,
    refresher, without_token,
};
use crate::flows::harness::{Answer, Driven, RetryAfter, cut_off, plex_tv};

#[test]
fn token_is_renewed_a_day_before_it_expires() {
    let key = Key::new();
    let mut driven = refresher(&key);
    for renewal in 1..=10 {
        driven.respond(Answer(200, NONCE));
        assert_eq!(driven.elapsed(), renewal * 6 * DAY);
        driven.respond(exchanged(renewal * 6 * DAY));
        assert_eq!(driven.flow.renewals(), renewal);
        assert_eq!(driven.flow.token().unwrap().expose(), jwt(renewal * 6 * DAY));
        let DeviceTokenProgress::Active { next_request, .. } = driven.progress() else { panic!() };
        assert_eq!(next_request.as_secs(), 6 * DAY);
    }
    assert_eq!(key.signed.get(), 10);
}

#[test]
fn token_source_gets_no_expired_token() {
    let key = Key::new();
    let driven = refresher(&key);
    let left = |seconds| {
        let held = driven.flow.current(driven.now + Duration::from_secs(seconds))?;
        held.left().map(|left| left.as_secs())
    };
    assert_eq!((left(0), left(7 * DAY - 1), left(7 * DAY)), (Some(7 * DAY), Some(1), None));
}

#[test]
fn jitter_is_at_most_a_day() {
    for (jitter, earlier, again) in [(0, 0, 30), (1234, 1234, 30 + 1234 % 30), (9 * DAY, DAY, 30)] {
        let key = Key::new();
        let token = Token::new(jwt(0)).unwrap();
        let refresher = plex_tv("id").device_token_refresher(&key, token);
        let mut driven = Driven::new(refresher.jitter(Duration::from_secs(jitter)));
        driven.respond_all([Answer(503, ""), Answer(503, "")]);
        assert_eq!(driven.times_of("/auth/nonce"), [6 * DAY - earlier, 6 * DAY - earlier + again]);
    }
}

#[test]
fn backoff_without_a_valid_token_is_5_minutes() {
    let key = Key::new();
    let mut driven = without_token(&key);
    driven.respond_all((0..8).map(|_| cut_off(false)));
    assert_eq!(driven.gaps_of("/auth/nonce"), [30, 60, 120, 240, 300, 300, 300]);
    // The same applies after `renew_now`, which treats the token as invalid.
    let mut driven = refresher(&key);
    driven.flow.renew_now();
    driven.respond_all((0..4).map(|_| Answer(503, "")));
    assert_eq!(driven.gaps_of("/auth/nonce"), [30, 60, 120]);
}

#[test]
fn jitter_is_at_most_a_quarter_of_the_lifetime() {
    let key = Key::new();
    let token = Token::new(jwt_with(r#"{"iat":1700000000,"exp":1700003600}"#)).unwrap();
    let refresher = plex_tv("id").device_token_refresher(&key, token);
    let mut driven = Driven::new(refresher.jitter(Duration::from_secs(DAY)));
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), 900);
}

#[test]
fn outage_is_retried_and_expired_token_renewed() {
    let key = Key::new();
    let mut driven = refresher(&key);
    while driven.elapsed() < 9 * DAY {
        driven.respond(if driven.sent.len() % 2 == 0 { cut_off(true) } else { Answer(302, "") });
    }
    // The first retry follows soon. After that, the longer the token remains valid, the longer the
    // wait.
    let (mut left, gaps) = (DAY, driven.gaps_of("/auth/nonce"));
    for (number, gap) in gaps.into_iter().enumerate() {
        let wait = if number == 0 { 30 } else { (left / 8).max(300.min(30 << number.min(8))) };
        assert!(gap.abs_diff(wait) <= 1, "{gap} s, with {left} s until the token expires");
        left = left.saturating_sub(gap);
    }
    assert_eq!(left, 0);
    assert_eq!(driven.flow.token().unwrap().expose(), jwt(0), "the token was not kept");
    assert!(matches!(driven.last_error(), Some(RefreshError::Request(_))));
    driven.respond(Answer(200, NONCE)).respond(exchanged(9 * DAY));
    assert!(driven.last_error().is_none());
}

#[test]
fn rate_limit_without_a_time_waits_a_minute() {
    let key = Key::new();
    let mut driven = without_token(&key);
    driven
        .respond(RetryAfter(429, "90"))
        .respond(RetryAfter(429, "7200"))
        .respond(RetryAfter(429, "99999999999"));
    driven.respond_all((0..6).map(|_| Answer(429, r#"{"errors":[{"code":1003}]}"#)));
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.gaps_of("/auth/nonce"), [90, 7200, DAY, 60, 60, 60, 60, 60, 60]);
}

#[test]
fn nonce_is_used_once() {
    let key = Key::new();
    let mut driven = without_token(&key);
    for response in [Answer(498, ""), cut_off(true), Answer(502, "<html>"), Answer(200, "{}")] {
        driven.respond(Answer(200, NONCE)).respond(response);
        assert_eq!(driven.last().path, "/auth/token");
    }
    driven.respond(Answer(200, NONCE)).respond(exchanged(0));
    let places: Vec<_> = driven.sent.iter().map(|sent| sent.path.as_str()).collect();
    assert_eq!(places, ["/auth/nonce", "/auth/token"].repeat(5));
    assert_eq!(driven.times_of("/auth/nonce")[..2], [0, 30]);
}

#[test]
fn refused_key_ends_after_eight_exchanges() {
    let key = Key::new();
    let mut driven = refresher(&key);
    let nonce = || nonce_at("Mon, 20 Nov 2023 22:13:20 GMT");
    driven.respond_all((0..8).flat_map(|_| [nonce(), Answer(422, "")]));
    let end = driven.finish();
    assert!(matches!(end, DeviceTokenEnd::KeyRefused(_)), "{end}");
    assert!(end.to_string().contains("register the key again"));
    assert!(driven.elapsed() - 6 * DAY > HOUR);
    assert_eq!(driven.flow.token().unwrap().expose(), jwt(0), "the valid token was not kept");

    // A refused nonce is not a refused signature.
    let mut driven = without_token(&key);
    driven.respond_all((0..10).flat_map(|_| [nonce(), Answer(503, ""), Answer(400, "<html>")]));
    assert!(driven.send().is_some(), "{:?}", driven.outcome);
}

#[test]
fn late_token_is_accepted() {
    let key = Key::new();
    let mut driven = without_token(&key);
    driven.respond(Answer(200, NONCE));
    let late = driven.send().unwrap();
    let next = driven.send().unwrap();
    assert_eq!(driven.last().path, "/auth/nonce");
    driven.complete(&late, &exchanged(0));
    driven.complete(&next, &Answer(200, NONCE));
    driven.complete(&late, &exchanged(1));
    assert_eq!(driven.flow.token().unwrap().expose(), jwt(0));
    assert_eq!((driven.flow.renewals(), driven.is_waiting()), (1, true));
}

#[test]
fn cancelled_requests_are_sent_again() {
    let key = Key::new();
    let mut driven = without_token(&key);
    for _ in 0..5 {
        let request = driven.send().unwrap();
        driven.cancel(&request);
    }
    driven.respond(Answer(200, NONCE));
    let exchange = driven.send().unwrap();
    driven.cancel(&exchange);
    // The cancelled exchange may have used up the nonce, so the next exchange needs another one.
    driven.respond_all([Answer(200, NONCE), exchanged(0)]);
    assert_eq!(driven.gaps(), [1, 1, 1, 1, 1, 0, 1, 0]);
    assert!(driven.last_error().is_none());
}

#[test]
fn external_key_renews_through_the_driver() {
    let jwk = Jwk::new([7; 32], "den").unwrap();
    let flow =
        DeviceTokenRefresher::restore(plex_tv("id"), ExternalKey::new(jwk), NO_TOKEN).unwrap();
    let mut driven = Driven::new(flow);
    driven.respond(Answer(200, NONCE));
    driven.settle();
    // The driver is dropped while the user is being prompted. The same nonce is then signed again.
    let (id, _) = driven.signatures.pop().unwrap();
    driven.flow.complete(driven.now, id, Completion::Cancelled);
    driven.advance(Duration::from_secs(1));
    let (id, request) = driven.signatures.pop().unwrap();
    assert!(claims(&format!("{}.x", String::from_utf8_lossy(request.message()))).contains("b7d0"));
    driven.flow.complete(driven.now, id, Completion::Signed(Ok([1; 64])));
    driven.respond(exchanged(0));
    assert_eq!(driven.flow.renewals(), 1);

    // A signature that arrives after the nonce has expired is useless, so another nonce is
    // requested.
    driven.flow.renew_now();
    driven.respond(Answer(200, NONCE));
    driven.settle();
    let (late, _) = driven.signatures.pop().unwrap();
    driven.now += Duration::from_secs(5 * 60);
    driven.respond(Answer(200, NONCE));
    driven.flow.complete(driven.now, late, Completion::Signed(Ok([1; 64])));
    driven.settle();
    assert_eq!((driven.signatures.len(), driven.in_flight.len()), (1, 0));
    let (late, _) = driven.signatures.pop().unwrap();
    driven.now += Duration::from_secs(60 * 60);
    driven.flow.complete(driven.now, late, Completion::Signed(Ok([1; 64])));
    let DeviceTokenProgress::Active { last_error: Some(error), .. } = driven.progress() else {
        panic!()
    };
    assert!(error.to_string().contains("in time"), "{error}");
    driven.send().unwrap();
    assert_eq!(driven.last().path, "/auth/nonce");
}

#[test]
fn removed_device_ends_with_advice() {
    let key = Key::new();
    for fates in [vec![Answer(401, REMOVED)], vec![Answer(200, NONCE), Answer(422, REMOVED)]] {
        let mut driven = refresher(&key);
        driven.respond_all(fates);
        let end = driven.finish();
        assert!(
            matches!(&end, DeviceTokenEnd::DeviceRemoved(error) if error.needs_new_device_key())
        );
        assert_eq!(
            end.to_string(),
            "plex.tv does not recognize this device or its key; sign in again with a new client identifier and a new key"
        );
    }
}

#[test]
fn locked_key_is_retried_with_the_same_nonce() {
    let key = Key::new();
    let mut driven = refresher(&key);
    driven.respond(Answer(200, NONCE));
    key.locked.set(true);
    let wait = driven.wait();
    assert_eq!(wait.as_secs(), 30);
    let error = driven.last_error().unwrap();
    assert_eq!(error.to_string(), "the device key cannot sign: the TPM is locked");
    driven.now += wait;
    let wait = driven.wait();
    assert_eq!(wait.as_secs(), 60);
    key.locked.set(false);
    driven.respond(exchanged(6 * DAY));
    assert_eq!((driven.times_of("/auth/nonce").len(), driven.flow.renewals()), (1, 1));
    assert!(driven.last_error().is_none());

    // Once the nonce is too old, another one is requested.
    driven.respond(Answer(200, NONCE));
    key.locked.set(true);
    driven.now += Duration::from_secs(4 * 60);
    key.locked.set(false);
    driven.respond(Answer(200, NONCE)).respond(exchanged(12 * DAY));
    assert_eq!(driven.flow.renewals(), 2);
}

#[test]
fn unknown_or_past_expiry_starts_no_loop() {
    let key = Key::new();
    let mut driven = without_token(&key);
    driven.respond(Answer(200, NONCE)).respond(Answer(200, r#"{"auth_token":"opaque"}"#));
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), 6 * DAY);
    // According to its claims, this token is already due for renewal.
    driven.respond(exchanged(0)).respond(Answer(200, NONCE));
    assert!(driven.gaps_of("/auth/nonce")[1] > 0);
    driven.respond(exchanged(0)).respond(Answer(200, NONCE));
    assert!(driven.gaps_of("/auth/nonce")[2] >= 600, "{:?}", driven.times());
}

#[test]
fn any_token_is_kept_and_renewed_by_its_claims() {
    let (two_parts, padded) = (jwt(0), jwt(0));
    let two_parts = two_parts.rsplit_once('.').unwrap().0;
    let unsigned = jwt(0).replace(&base64(r#"{"alg":"EdDSA"}"#), &base64(r#"{"alg":"none"}"#));
    for (token, renewed) in [
        // According to its claims, this token expired long ago, but a new token is kept for at
        // least ten minutes.
        (jwt_with(r#"{"exp":0}"#), 600),
        (jwt_with(r#"{"exp":1700003600,"iat":1700000000}"#), 1800),
        // The audience does not matter.
        (jwt_with(r#"{"exp":1700604800,"iat":1700000000,"aud":["another"]}"#), 6 * DAY),
        // These are not valid JWTs, so their claims are not used.
        (two_parts.to_owned(), 6 * DAY),
        (format!("{padded}=="), 6 * DAY),
        (unsigned, 6 * DAY),
    ] {
        let key = Key::new();
        let mut driven = without_token(&key);
        let body = format!(r#"{{"auth_token":"{token}"}}"#);
        driven.respond_all([Answer(200, NONCE), Answer(200, body.leak())]);
        assert_eq!(driven.flow.token().unwrap().expose(), token);
        driven.respond(Answer(200, NONCE));
        assert_eq!(driven.elapsed(), renewed, "{token}");
    }

    // A token that expires in the year 2200 is valid, and the clock is still read every minute.
    let key = Key::new();
    let mut driven = without_token(&key);
    let body = format!(r#"{{"auth_token":"{}"}}"#, jwt_with(r#"{"exp":7258118400,"iat":1}"#));
    driven.respond_all([Answer(200, NONCE), Answer(200, body.leak())]);
    while driven.elapsed() < 30 * DAY {
        let wait = driven.wait();
        assert!(!wait.is_zero() && wait.as_secs() <= 60, "{wait:?}");
        driven.now += wait;
    }
}

#[test]
fn renew_now_replaces_an_invalid_token() {
    let key = Key::new();
    let mut driven = refresher(&key);
    driven.flow.rejected(&Token::new("an-earlier-token").unwrap());
    assert!(driven.is_waiting());
    driven.flow.renew_now();
    driven.respond(Answer(200, NONCE)).respond(exchanged(5));
    assert_eq!(driven.elapsed(), 0);
    driven.flow.renew_now();
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), 600);

    // Without `renew_now`, the wait could be hours.
    let mut driven = refresher(&key);
    driven.respond_all([Answer(503, ""), Answer(503, "")]);
    let since = driven.elapsed();
    assert!(driven.is_waiting());
    driven.flow.renew_now();
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), since + 60);
}
