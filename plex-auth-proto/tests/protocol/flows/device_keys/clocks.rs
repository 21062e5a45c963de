//! Clocks that are wrong, are set, or stop while the computer sleeps.

use std::time::Duration;

use plex_auth_proto::flow::DeviceTokenRefresher;
use plex_auth_proto::token_source::Refresher;

use super::{DAY, Key, NONCE, claims, exchanged, nonce_at, refresher, without_token};
use crate::flows::harness::{Answer, Driven, cut_off, epoch, plex_tv};

#[test]
fn wrong_clock_is_named_and_ends_nothing() {
    // The device's clock is off by ten minutes, and at first no response has a date.
    let key = Key::new();
    let mut driven = refresher(&key);
    driven.set_wall(600);
    for _ in 0..20 {
        driven.respond(Answer(200, NONCE)).respond(Answer(422, ""));
        let error = driven.last_error().unwrap();
        assert!(error.to_string().contains("clock"), "{error}");
    }
    driven.respond_all([nonce_at("Mon, 20 Nov 2023 22:13:20 GMT"), exchanged(6 * DAY)]);
    assert_eq!(driven.flow.renewals(), 1);
}

#[test]
fn sleep_until_expiry_is_noticed_within_a_minute() {
    let key = Key::new();
    let mut driven = without_token(&key);
    driven.respond_all([nonce_at("Tue, 14 Nov 2023 22:13:20 GMT"), exchanged(0)]);
    driven.now += Duration::from_secs(700);
    let awake = driven.elapsed() + driven.wait().as_secs();
    driven.set_wall(7 * DAY as i64);
    let _ = driven.send().unwrap();
    assert!(driven.last().at <= awake && awake - 700 <= 60);
}

#[test]
fn signed_claims_use_the_time_of_plex() {
    let key = Key::new();
    let mut driven = without_token(&key);
    // Plex's clock is ten minutes and one second ahead.
    driven.respond(nonce_at("Tue, 14 Nov 2023 22:23:21 GMT"));
    driven.respond(exchanged(601));
    let claims = claims(&driven.last().body);
    assert!(claims.contains(r#""iat":1700000601"#), "{claims}");
    // The renewal time also follows Plex's clock.
    driven.respond(Answer(200, NONCE));
    assert_eq!(driven.elapsed(), 6 * DAY);
}

#[test]
fn unset_clock_is_set_by_the_first_response() {
    let key = Key::new();
    let saved = refresher(&key).flow.save();
    let flow = DeviceTokenRefresher::restore(plex_tv("id"), &key, saved.expose()).unwrap();
    let mut driven = Driven::at(epoch(), flow);
    driven.respond(nonce_at("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_eq!(driven.now, epoch());
    // According to this date, the token is valid. By the time it is renewed, the nonce is too old,
    // so another one is requested.
    driven.respond(Answer(200, NONCE)).respond(exchanged(6 * DAY));
    assert_eq!(driven.now, epoch() + Duration::from_secs(6 * DAY));
}

#[test]
fn unset_clock_and_no_network_delay_no_renewal() {
    let key = Key::new();
    let mut driven = refresher(&key);
    driven.now = epoch();
    driven.respond_all((0..4).map(|_| cut_off(false)));
    let waits = [30, 60, 120].map(Duration::from_secs);
    assert_eq!(driven.now, epoch() + waits.iter().sum::<Duration>());
    driven.respond(nonce_at("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert!(driven.is_waiting(), "a valid token was renewed");
}

#[test]
fn implausible_date_delays_no_renewal() {
    // The first date is from a clock that was never set, and the second from one that is years
    // behind.
    for (date, accepted) in
        [("Thu, 01 Jan 1970 00:00:00 GMT", false), ("Fri, 01 Jan 2021 00:00:00 GMT", true)]
    {
        let key = Key::new();
        let mut driven = without_token(&key);
        driven.respond(nonce_at(date)).respond(exchanged(0));
        let claims = claims(&driven.last().body);
        assert_eq!(!claims.contains(r#""iat":1700000000"#), accepted, "{claims}");
        driven.respond(nonce_at(date)).respond(exchanged(6 * DAY));
        assert_eq!(driven.elapsed(), 6 * DAY);
    }
    // The device does not need to know the time.
    let key = Key::new();
    let mut driven = without_token(&key);
    driven.now = epoch();
    driven.respond_all([Answer(200, NONCE), exchanged(0), Answer(200, NONCE)]);
    assert_eq!(driven.now, epoch() + Duration::from_secs(6 * DAY));
}

#[test]
fn clock_set_back_delays_no_renewal() {
    let key = Key::new();
    let mut driven = without_token(&key);
    driven.respond(nonce_at("Tue, 14 Nov 2023 22:13:20 GMT")).respond(exchanged(0));
    assert!(driven.is_waiting());
    driven.set_wall(-300 * DAY as i64);
    let _ = driven.send().unwrap();
    assert_eq!(driven.elapsed(), 6 * DAY);
}

#[test]
fn clock_that_is_set_later_invalidates_no_token() {
    let key = Key::new();
    let mut driven = Driven::at(epoch(), without_token(&key).flow);
    driven.respond(nonce_at("Tue, 14 Nov 2023 22:13:20 GMT")).respond(exchanged(0));
    driven.settle();
    assert!(driven.flow.current(driven.now).is_some());
    driven.now += Duration::from_secs(30);
    driven.set_wall(1_700_000_000);
    assert!(driven.flow.current(driven.now).is_some());
    driven.respond(Answer(200, NONCE));
    assert!(driven.now.elapsed() > Duration::from_secs(5 * DAY), "{:?}", driven.now);
}
