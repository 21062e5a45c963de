//! When a refresher renews, how long it waits, and what ends it.

use std::time::{Duration, SystemTime};

use plex_auth_proto::flow::{DeviceTokenEnd, DeviceTokenRefresher, RefreshError};
use plex_auth_proto::{Flow, Step, Token};

use super::{
    DAY, HOUR, Key, NONCE, REMOVED, base64, claims, exchanged, jwt, jwt_with, nonce_at, refresher,
    without_token,
};
use crate::flows::harness::{Answer, Driven, RetryAfter, cut_off, plex_tv};

#[test]
fn a_token_is_renewed_a_day_before_it_ends_for_ever() {
    let key = Key::new();
    let mut driven = refresher(&key);
    for renewal in 1..=10 {
        driven.respond(Answer(200, NONCE));
        assert_eq!(driven.elapsed(), renewal * 6 * DAY);
        driven.respond(exchanged(renewal * 6 * DAY));
        assert_eq!(driven.flow.renewals(), renewal);
        assert_eq!(driven.flow.token().unwrap().expose(), jwt(renewal * 6 * DAY));
    }
    assert_eq!(key.signed.get(), 10);
}

#[test]
fn jitter_brings_a_renewal_forward_by_a_day_at_the_most_and_less_than_doubles_a_wait() {
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
fn a_device_without_a_good_token_waits_for_five_minutes_at_the_most() {
    let key = Key::new();
    let mut driven = without_token(&key);
    driven.respond_all((0..8).map(|_| cut_off(false)));
    assert_eq!(driven.gaps_of("/auth/nonce"), [30, 60, 120, 240, 300, 300, 300]);
    // The same for a device whose token Plex has declared invalid.
    let mut driven = refresher(&key);
    driven.flow.renew_now();
    driven.respond_all((0..4).map(|_| Answer(503, "")));
    assert_eq!(driven.gaps_of("/auth/nonce"), [30, 60, 120]);
}

#[test]
fn jitter_never_brings_a_token_that_lives_for_an_hour_forward_by_more_than_a_quarter_of_it() {
    let key = Key::new();
    let token = Token::new(jwt_with(r#"{"iat":1700000000,"exp":1700003600}"#)).unwrap();
    let refresher = plex_tv("id").device_token_refresher(&key, token);
    let mut driven = Driven::new(refresher.jitter(Duration::from_secs(DAY)));
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), 900);
}

#[test]
fn an_outage_is_sat_out_at_a_pace_and_a_token_that_expired_meanwhile_is_renewed() {
    let key = Key::new();
    let mut driven = refresher(&key);
    while driven.elapsed() < 9 * DAY {
        driven.respond(if driven.sent.len() % 2 == 0 { cut_off(true) } else { Answer(302, "") });
    }
    // Soon at first, then with less hurry the longer the token is still good.
    let (mut left, gaps) = (DAY, driven.gaps_of("/auth/nonce"));
    for (number, gap) in gaps.into_iter().enumerate() {
        let wait = if number == 0 { 30 } else { (left / 8).max(300.min(30 << number.min(8))) };
        assert!(gap.abs_diff(wait) <= 1, "{gap} s, where the token is good for {left} s");
        left = left.saturating_sub(gap);
    }
    assert_eq!(left, 0);
    assert_eq!(driven.flow.token().unwrap().expose(), jwt(0), "nothing is lost");
    assert!(matches!(driven.last_error(), Some(RefreshError::Request(_))));
    driven.respond(Answer(200, NONCE)).respond(exchanged(9 * DAY));
    assert!(driven.last_error().is_none());
}

#[test]
fn rate_limits_are_kept_and_without_a_figure_it_is_asked_each_minute() {
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
fn a_nonce_is_used_once_whatever_comes_of_the_exchange() {
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
fn what_plex_does_not_take_is_tried_eight_times_and_then_it_says_so() {
    let key = Key::new();
    let mut driven = refresher(&key);
    driven.respond_all((0..8).flat_map(|_| [Answer(200, NONCE), Answer(422, "")]));
    let end = driven.finish();
    assert!(matches!(end, DeviceTokenEnd::KeyRefused(_)), "{end}");
    assert!(end.to_string().contains("was this key registered?"));
    assert!(driven.elapsed() - 6 * DAY > HOUR);
    assert_eq!(driven.flow.token().unwrap().expose(), jwt(0), "which is good for some hours");
}

#[test]
fn a_removed_device_ends_at_once_and_is_told_what_helps() {
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
            "Plex does not know the device any more; only a new identifier with a new key helps"
        );
    }
}

#[test]
fn what_is_signed_says_plexs_time() {
    let key = Key::new();
    let mut driven = without_token(&key);
    // Plex's clock is ten minutes and one second ahead.
    driven.respond(nonce_at("Tue, 14 Nov 2023 22:23:21 GMT"));
    driven.respond(exchanged(601));
    let claims = claims(&driven.last().body);
    assert!(claims.contains(r#""iat":1700000601"#), "{claims}");
    // And when to renew is found by it, too.
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), 6 * DAY);
}

#[test]
fn a_device_without_a_clock_asks_plex_first_and_knows_the_time_then() {
    let key = Key::new();
    let saved = refresher(&key).flow.save();
    let flow = DeviceTokenRefresher::restore(plex_tv("id"), &key, saved.expose()).unwrap();
    let mut driven = Driven::at(SystemTime::UNIX_EPOCH, flow);
    driven.respond(nonce_at("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_eq!(driven.now, SystemTime::UNIX_EPOCH);
    // The token is good, and that nonce too old by the time that one is wanted.
    driven.respond(Answer(200, NONCE)).respond(exchanged(6 * DAY));
    assert_eq!(driven.now, SystemTime::UNIX_EPOCH + Duration::from_secs(6 * DAY));
}

#[test]
fn a_device_without_a_clock_is_not_put_off_for_years_by_a_network_that_is_not_there_yet() {
    let key = Key::new();
    let mut driven = refresher(&key);
    driven.now = SystemTime::UNIX_EPOCH;
    driven.respond_all((0..4).map(|_| cut_off(false)));
    let waits = [30, 60, 120].map(Duration::from_secs);
    assert_eq!(driven.now, SystemTime::UNIX_EPOCH + waits.iter().sum::<Duration>());
    driven.respond(nonce_at("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert!(matches!(driven.flow.poll(driven.now), Step::Wait(_)), "the token is good");
}

#[test]
fn a_date_that_cannot_be_plexs_is_not_believed_and_puts_no_renewal_off() {
    // Of a clock that was never set, and of one that is years behind.
    for (date, believed) in
        [("Thu, 01 Jan 1970 00:00:00 GMT", false), ("Fri, 01 Jan 2021 00:00:00 GMT", true)]
    {
        let key = Key::new();
        let mut driven = without_token(&key);
        driven.respond(nonce_at(date)).respond(exchanged(0));
        let claims = claims(&driven.last().body);
        assert_eq!(!claims.contains(r#""iat":1700000000"#), believed, "{claims}");
        driven.respond(nonce_at(date)).respond(exchanged(6 * DAY));
        assert_eq!(driven.elapsed(), 6 * DAY);
    }
    // Nor does a device need to know the time at all.
    let key = Key::new();
    let mut driven = without_token(&key);
    driven.now = SystemTime::UNIX_EPOCH;
    driven.respond_all([Answer(200, NONCE), exchanged(0), Answer(200, NONCE)]);
    assert_eq!(driven.now, SystemTime::UNIX_EPOCH + Duration::from_secs(6 * DAY));
}

#[test]
fn a_clock_that_is_set_back_puts_no_renewal_off() {
    let key = Key::new();
    let mut driven = without_token(&key);
    driven.respond(nonce_at("Tue, 14 Nov 2023 22:13:20 GMT")).respond(exchanged(0));
    assert!(matches!(driven.flow.poll(driven.now), Step::Wait(_)));
    driven.now -= Duration::from_secs(300 * DAY);
    let back = driven.now;
    let _ = driven.send().unwrap();
    assert_eq!(driven.now, back + Duration::from_secs(6 * DAY));
}

#[test]
fn a_key_that_cannot_sign_is_told_and_tried_again_and_costs_no_nonce() {
    let key = Key::new();
    let mut driven = refresher(&key);
    driven.respond(Answer(200, NONCE));
    key.locked.set(true);
    let Step::Wait(wait) = driven.flow.poll(driven.now) else { panic!() };
    assert_eq!(wait.as_secs(), 30);
    let error = driven.last_error().unwrap();
    assert_eq!(error.to_string(), "the device's key cannot sign: the TPM is locked");
    driven.now += wait;
    let Step::Wait(wait) = driven.flow.poll(driven.now) else { panic!() };
    assert_eq!(wait.as_secs(), 60);
    key.locked.set(false);
    driven.respond(exchanged(6 * DAY));
    assert_eq!((driven.times_of("/auth/nonce").len(), driven.flow.renewals()), (1, 1));
    assert!(driven.last_error().is_none());

    // For so long that the nonce is too old.
    driven.respond(Answer(200, NONCE));
    key.locked.set(true);
    for _ in 0..4 {
        let Step::Wait(wait) = driven.flow.poll(driven.now) else { panic!() };
        driven.now += wait;
    }
    key.locked.set(false);
    driven.respond(Answer(200, NONCE)).respond(exchanged(12 * DAY));
    assert_eq!(driven.flow.renewals(), 2);
}

#[test]
fn a_token_that_says_nothing_of_its_end_or_ends_soon_starts_no_storm() {
    let key = Key::new();
    let mut driven = without_token(&key);
    driven.respond(Answer(200, NONCE)).respond(Answer(200, r#"{"auth_token":"opaque"}"#));
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), 6 * DAY);
    // One that ended long ago, by what it says.
    driven.respond(exchanged(0)).respond(Answer(200, NONCE));
    assert!(driven.gaps_of("/auth/nonce")[1] > 0);
    driven.respond(exchanged(0)).respond(Answer(200, NONCE));
    assert!(driven.gaps_of("/auth/nonce")[2] >= 600, "{:?}", driven.times());
}

#[test]
fn a_token_in_any_dress_is_held_and_renewed_by_what_it_says() {
    let (two_parts, padded) = (jwt(0), jwt(0));
    let two_parts = two_parts.rsplit_once('.').unwrap().0;
    let unsigned = jwt(0).replace(&base64(r#"{"alg":"EdDSA"}"#), &base64(r#"{"alg":"none"}"#));
    for (token, renewed) in [
        // It ended long ago, by what it says: no sooner than any token.
        (jwt_with(r#"{"exp":0}"#), 600),
        (jwt_with(r#"{"exp":1700003600,"iat":1700000000}"#), 1800),
        // Whatever it is for, its time is its time.
        (jwt_with(r#"{"exp":1700604800,"iat":1700000000,"aud":["another"]}"#), 6 * DAY),
        // These say nothing that can be read.
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

    // One of 2200 is good, and looked at now and then.
    let key = Key::new();
    let mut driven = without_token(&key);
    let body = format!(r#"{{"auth_token":"{}"}}"#, jwt_with(r#"{"exp":7258118400,"iat":1}"#));
    driven.respond_all([Answer(200, NONCE), Answer(200, body.leak())]);
    while driven.elapsed() < 366 * DAY {
        let Step::Wait(wait) = driven.flow.poll(driven.now) else { panic!("{}", driven.elapsed()) };
        assert!(!wait.is_zero() && wait.as_secs() <= HOUR, "{wait:?}");
        driven.now += wait;
    }
}

#[test]
fn a_token_that_plex_declared_dead_is_renewed_when_asked_for() {
    let key = Key::new();
    let mut driven = refresher(&key);
    assert!(matches!(driven.flow.poll(driven.now), Step::Wait(_)));
    driven.flow.renew_now();
    driven.respond(Answer(200, NONCE)).respond(exchanged(5));
    assert_eq!(driven.elapsed(), 0);
    driven.flow.renew_now();
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), 600);

    // Until then it could wait for hours.
    let mut driven = refresher(&key);
    driven.respond_all([Answer(503, ""), Answer(503, "")]);
    let since = driven.elapsed();
    let before = driven.now;
    assert!(matches!(driven.flow.poll(before), Step::Wait(_)));
    driven.flow.renew_now();
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), since + 60);
}
