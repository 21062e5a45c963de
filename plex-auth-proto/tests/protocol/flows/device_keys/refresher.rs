//! When a refresher renews, how long it waits, and what ends it.

use std::time::{Duration, SystemTime};

use plex_auth_proto::flow::{DeviceTokenEnd, DeviceTokenRefresher, RefreshError};
use plex_auth_proto::{Flow, Step, Token};

use super::harness::{
    Answer, DAY, Exchanged, HOUR, Key, NONCE, NonceAt, Play, REMOVED, RetryAfter, Silence, base64,
    decoded, first, jwt, last_error, plex_tv, refresher,
};

#[test]
fn a_token_is_renewed_a_day_before_it_ends_for_ever() {
    let key = Key::new();
    let mut play = refresher(&key);
    for renewal in 1..=10 {
        play.meets(Answer(200, NONCE));
        assert_eq!(play.passed(), renewal * 6 * DAY);
        play.meets(Exchanged(renewal * 6 * DAY));
        assert_eq!(play.flow.renewals(), renewal);
        assert_eq!(play.flow.token().unwrap().expose(), jwt(renewal * 6 * DAY));
    }
    assert_eq!(key.signed.get(), 10);
}

#[test]
fn jitter_brings_a_renewal_forward_by_a_day_at_the_most_and_less_than_doubles_a_wait() {
    for (jitter, earlier, again) in [(0, 0, 30), (1234, 1234, 30 + 1234 % 30), (9 * DAY, DAY, 30)] {
        let key = Key::new();
        let token = Token::new(jwt(0)).unwrap();
        let refresher = plex_tv("id").device_token_refresher(&key, token);
        let mut play = Play::with(refresher.jitter(Duration::from_secs(jitter)));
        play.meet([Answer(503, ""), Answer(503, "")]);
        assert_eq!(play.times("/auth/nonce"), [6 * DAY - earlier, 6 * DAY - earlier + again]);
    }
}

#[test]
fn a_device_without_a_good_token_waits_for_five_minutes_at_the_most() {
    let key = Key::new();
    let mut play = first(&key);
    play.meet((0..8).map(|_| Silence(false)));
    assert_eq!(play.gaps("/auth/nonce"), [30, 60, 120, 240, 300, 300, 300]);
    // The same for a device whose token Plex has declared invalid.
    let mut play = refresher(&key);
    play.flow.renew_now();
    play.meet((0..4).map(|_| Answer(503, "")));
    assert_eq!(play.gaps("/auth/nonce"), [30, 60, 120]);
}

#[test]
fn jitter_never_brings_a_token_that_lives_for_an_hour_forward_by_more_than_a_quarter_of_it() {
    let key = Key::new();
    let claims = base64(r#"{"iat":1700000000,"exp":1700003600}"#);
    let token = Token::new(format!("{}.{claims}.c2ln", base64(r#"{"alg":"EdDSA"}"#))).unwrap();
    let refresher = plex_tv("id").device_token_refresher(&key, token);
    let mut play = Play::with(refresher.jitter(Duration::from_secs(DAY)));
    play.meets(Answer(200, NONCE));
    assert_eq!(play.passed(), 900);
}

#[test]
fn an_outage_is_sat_out_at_a_pace_and_a_token_that_expired_meanwhile_is_renewed() {
    let key = Key::new();
    let mut play = refresher(&key);
    while play.passed() < 9 * DAY {
        play.meets(if play.sent.len() % 2 == 0 { Silence(true) } else { Answer(302, "") });
    }
    // Soon at first, then with less hurry the longer the token is still good.
    let (mut left, gaps) = (DAY, play.gaps("/auth/nonce"));
    for (number, gap) in gaps.into_iter().enumerate() {
        let wait = if number == 0 { 30 } else { (left / 8).max(300.min(30 << number.min(8))) };
        assert!(gap.abs_diff(wait) <= 1, "{gap} s, where the token is good for {left} s");
        left = left.saturating_sub(gap);
    }
    assert_eq!(left, 0);
    assert_eq!(play.flow.token().unwrap().expose(), jwt(0), "nothing is lost");
    assert!(matches!(last_error(&play), Some(RefreshError::Request(_))));
    play.meets(Answer(200, NONCE)).meets(Exchanged(9 * DAY));
    assert!(last_error(&play).is_none());
}

#[test]
fn rate_limits_are_kept_and_without_a_figure_it_is_asked_each_minute() {
    let key = Key::new();
    let mut play = first(&key);
    play.meets(RetryAfter("90")).meets(RetryAfter("7200")).meets(RetryAfter("99999999999"));
    play.meet((0..6).map(|_| Answer(429, r#"{"errors":[{"code":1003}]}"#)));
    play.meets(Answer(200, NONCE));
    assert_eq!(play.gaps("/auth/nonce"), [90, 7200, DAY, 60, 60, 60, 60, 60, 60]);
}

#[test]
fn a_nonce_is_used_once_whatever_comes_of_the_exchange() {
    let key = Key::new();
    let mut play = first(&key);
    for fate in [Answer(498, ""), Silence(true), Answer(502, "<html>"), Answer(200, "{}")] {
        play.meets(Answer(200, NONCE)).meets(fate);
        assert_eq!(play.last().1, "/auth/token");
    }
    play.meets(Answer(200, NONCE)).meets(Exchanged(0));
    let places: Vec<_> = play.sent.iter().map(|(_, place)| place.as_str()).collect();
    assert_eq!(places, ["/auth/nonce", "/auth/token"].repeat(5));
    assert_eq!(play.times("/auth/nonce")[..2], [0, 30]);
}

#[test]
fn what_plex_does_not_take_is_tried_eight_times_and_then_it_says_so() {
    let key = Key::new();
    let mut play = refresher(&key);
    play.meet((0..8).flat_map(|_| [Answer(200, NONCE), Answer(422, "")]));
    let end = play.ends();
    assert!(matches!(end, DeviceTokenEnd::KeyRefused(_)), "{end}");
    assert!(end.to_string().contains("was this key registered?"));
    assert!(play.passed() - 6 * DAY > HOUR);
    assert_eq!(play.flow.token().unwrap().expose(), jwt(0), "which is good for some hours");
}

#[test]
fn a_removed_device_ends_at_once_and_is_told_what_helps() {
    let key = Key::new();
    for fates in [vec![Answer(401, REMOVED)], vec![Answer(200, NONCE), Answer(422, REMOVED)]] {
        let mut play = refresher(&key);
        play.meet(fates);
        let end = play.ends();
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
    let mut play = first(&key);
    // Plex's clock is ten minutes and one second ahead.
    play.meets(NonceAt("Tue, 14 Nov 2023 22:23:21 GMT"));
    play.meets(Exchanged(601));
    let claims = decoded(play.body.split('.').nth(1).unwrap());
    assert!(claims.contains(r#""iat":1700000601"#), "{claims}");
    // And when to renew is found by it, too.
    play.meets(Answer(200, NONCE));
    assert_eq!(play.passed(), 6 * DAY);
}

#[test]
fn a_device_without_a_clock_asks_plex_first_and_knows_the_time_then() {
    let key = Key::new();
    let saved = refresher(&key).flow.save();
    let flow = DeviceTokenRefresher::restore(plex_tv("id"), &key, saved.expose()).unwrap();
    let mut play = Play::with(flow);
    play.now = SystemTime::UNIX_EPOCH;
    play.meets(NonceAt("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_eq!(play.now, SystemTime::UNIX_EPOCH);
    // The token is good, and that nonce too old by the time that one is wanted.
    play.meets(Answer(200, NONCE)).meets(Exchanged(6 * DAY));
    assert_eq!(play.now, SystemTime::UNIX_EPOCH + Duration::from_secs(6 * DAY));
}

#[test]
fn a_device_without_a_clock_is_not_put_off_for_years_by_a_network_that_is_not_there_yet() {
    let key = Key::new();
    let mut play = refresher(&key);
    play.now = SystemTime::UNIX_EPOCH;
    play.meet((0..4).map(|_| Silence(false)));
    let waits = [30, 60, 120].map(Duration::from_secs);
    assert_eq!(play.now, SystemTime::UNIX_EPOCH + waits.iter().sum::<Duration>());
    play.meets(NonceAt("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert!(matches!(play.flow.poll(play.now), Step::Wait(_)), "the token is good");
}

#[test]
fn a_date_that_cannot_be_plexs_is_not_believed_and_puts_no_renewal_off() {
    // Of a clock that was never set, and of one that is years behind.
    for (date, believed) in
        [("Thu, 01 Jan 1970 00:00:00 GMT", false), ("Fri, 01 Jan 2021 00:00:00 GMT", true)]
    {
        let key = Key::new();
        let mut play = first(&key);
        play.meets(NonceAt(date)).meets(Exchanged(0));
        let claims = decoded(play.body.split('.').nth(1).unwrap());
        assert_eq!(!claims.contains(r#""iat":1700000000"#), believed, "{claims}");
        play.meets(NonceAt(date)).meets(Exchanged(6 * DAY));
        assert_eq!(play.passed(), 6 * DAY);
    }
    // Nor does a device need to know the time at all.
    let key = Key::new();
    let mut play = first(&key);
    play.now = SystemTime::UNIX_EPOCH;
    play.meet([Answer(200, NONCE), Exchanged(0), Answer(200, NONCE)]);
    assert_eq!(play.now, SystemTime::UNIX_EPOCH + Duration::from_secs(6 * DAY));
}

#[test]
fn a_clock_that_is_set_back_puts_no_renewal_off() {
    let key = Key::new();
    let mut play = first(&key);
    play.meets(NonceAt("Tue, 14 Nov 2023 22:13:20 GMT")).meets(Exchanged(0));
    assert!(matches!(play.flow.poll(play.now), Step::Wait(_)));
    play.now -= Duration::from_secs(300 * DAY);
    let back = play.now;
    let _ = play.sends().unwrap();
    assert_eq!(play.now, back + Duration::from_secs(6 * DAY));
}

#[test]
fn a_key_that_cannot_sign_is_told_and_tried_again_and_costs_no_nonce() {
    let key = Key::new();
    let mut play = refresher(&key);
    play.meets(Answer(200, NONCE));
    key.locked.set(true);
    let Step::Wait(wait) = play.flow.poll(play.now) else { panic!() };
    assert_eq!(wait.as_secs(), 30);
    let error = last_error(&play).unwrap();
    assert_eq!(error.to_string(), "the device's key cannot sign: the TPM is locked");
    play.now += wait;
    let Step::Wait(wait) = play.flow.poll(play.now) else { panic!() };
    assert_eq!(wait.as_secs(), 60);
    key.locked.set(false);
    play.meets(Exchanged(6 * DAY));
    assert_eq!((play.times("/auth/nonce").len(), play.flow.renewals()), (1, 1));
    assert!(last_error(&play).is_none());

    // For so long that the nonce is too old.
    play.meets(Answer(200, NONCE));
    key.locked.set(true);
    for _ in 0..4 {
        let Step::Wait(wait) = play.flow.poll(play.now) else { panic!() };
        play.now += wait;
    }
    key.locked.set(false);
    play.meets(Answer(200, NONCE)).meets(Exchanged(12 * DAY));
    assert_eq!(play.flow.renewals(), 2);
}

#[test]
fn a_token_that_says_nothing_of_its_end_or_ends_soon_starts_no_storm() {
    let key = Key::new();
    let mut play = first(&key);
    play.meets(Answer(200, NONCE)).meets(Answer(200, r#"{"auth_token":"opaque"}"#));
    play.meets(Answer(200, NONCE));
    assert_eq!(play.passed(), 6 * DAY);
    // One that ended long ago, by what it says.
    play.meets(Exchanged(0)).meets(Answer(200, NONCE));
    assert!(play.gaps("/auth/nonce")[1] > 0);
    play.meets(Exchanged(0)).meets(Answer(200, NONCE));
    assert!(play.gaps("/auth/nonce")[2] >= 600, "{:?}", play.sent);
}

#[test]
fn a_token_in_any_dress_is_held_and_renewed_by_what_it_says() {
    let claiming =
        |claims: &str| format!("{}.{}.c2ln", base64(r#"{"alg":"EdDSA"}"#), base64(claims));
    let (two_parts, padded) = (jwt(0), jwt(0));
    let two_parts = two_parts.rsplit_once('.').unwrap().0;
    let unsigned = jwt(0).replace(&base64(r#"{"alg":"EdDSA"}"#), &base64(r#"{"alg":"none"}"#));
    for (token, renewed) in [
        // It ended long ago, by what it says: no sooner than any token.
        (claiming(r#"{"exp":0}"#), 600),
        (claiming(r#"{"exp":1700003600,"iat":1700000000}"#), 1800),
        // Whatever it is for, its time is its time.
        (claiming(r#"{"exp":1700604800,"iat":1700000000,"aud":["another"]}"#), 6 * DAY),
        // These say nothing that can be read.
        (two_parts.to_owned(), 6 * DAY),
        (format!("{padded}=="), 6 * DAY),
        (unsigned, 6 * DAY),
    ] {
        let key = Key::new();
        let mut play = first(&key);
        let body = format!(r#"{{"auth_token":"{token}"}}"#);
        play.meet([Answer(200, NONCE), Answer(200, body.leak())]);
        assert_eq!(play.flow.token().unwrap().expose(), token);
        play.meets(Answer(200, NONCE));
        assert_eq!(play.passed(), renewed, "{token}");
    }

    // One of 2200 is good, and looked at now and then.
    let key = Key::new();
    let mut play = first(&key);
    let body = format!(r#"{{"auth_token":"{}"}}"#, claiming(r#"{"exp":7258118400,"iat":1}"#));
    play.meet([Answer(200, NONCE), Answer(200, body.leak())]);
    while play.passed() < 366 * DAY {
        let Step::Wait(wait) = play.flow.poll(play.now) else { panic!("{}", play.passed()) };
        assert!(!wait.is_zero() && wait.as_secs() <= HOUR, "{wait:?}");
        play.now += wait;
    }
}

#[test]
fn a_token_that_plex_declared_dead_is_renewed_when_asked_for() {
    let key = Key::new();
    let mut play = refresher(&key);
    assert!(matches!(play.flow.poll(play.now), Step::Wait(_)));
    play.flow.renew_now();
    play.meets(Answer(200, NONCE)).meets(Exchanged(5));
    assert_eq!(play.passed(), 0);
    play.flow.renew_now();
    play.meets(Answer(200, NONCE));
    assert_eq!(play.passed(), 600);

    // Until then it could wait for hours.
    let mut play = refresher(&key);
    play.meet([Answer(503, ""), Answer(503, "")]);
    let since = play.passed();
    let before = play.now;
    assert!(matches!(play.flow.poll(before), Step::Wait(_)));
    play.flow.renew_now();
    play.meets(Answer(200, NONCE));
    assert_eq!(play.passed(), since + 60);
}
