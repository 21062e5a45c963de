//! A login by a PIN that brings the key along.

use std::time::Duration;

use plex_auth_proto::flow::{
    DeviceLogin, DeviceLoginError, DeviceLoginProgress, DeviceTokenRefresher, InvalidSavedState,
};
use plex_auth_proto::{Flow, Step};

use super::harness::{
    Answer, Exchanged, GONE, Key, LINKED, MADE, NONCE, Play, REMOVED, RetryAfter, Silence, WAITING,
    answer, jwt, login, plex_tv,
};

#[test]
fn each_poll_of_a_login_is_signed_anew() {
    let key = Key::new();
    let mut play = login(&key);
    assert!(play.flow.save(play.now).expose().contains("den"), "before the first call");
    play.meets(Answer(201, MADE));
    let DeviceLoginProgress::Waiting { pin, left, .. } = play.flow.progress(play.now) else {
        panic!()
    };
    assert_eq!((pin.short().unwrap().pin().code.expose(), left.as_secs()), ("G7KX", 900));
    play.meet((0..600).map(|_| Answer(200, WAITING))).meets(Answer(200, LINKED));
    assert_eq!(play.ends().unwrap().auth_token.expose(), "eyJh.eyJp.c2ln");
    assert_eq!(key.signed.get(), 601);
    assert!(play.times("/auth/nonce").is_empty());
}

#[test]
fn a_login_whose_answer_may_be_lost_asks_for_a_token_before_it_gives_up() {
    let key = Key::new();
    let mut play = login(&key);
    play.meet([Answer(201, MADE), Silence(true), Answer(404, GONE), Answer(200, NONCE)]);
    assert!(matches!(play.flow.progress(play.now), DeviceLoginProgress::Exchanging));
    // It is not over, so that there is nothing to renew.
    play.flow.renew();
    play.meets(Exchanged(0));
    assert_eq!(play.ends().unwrap().auth_token.expose(), jwt(0));

    let mut play = login(&key);
    play.meet([Answer(201, MADE), Silence(true), Answer(404, GONE)]);
    play.meet([Answer(200, NONCE), Answer(422, "")]);
    assert!(matches!(play.ends(), Err(DeviceLoginError::Expired)));
    play.flow.renew();
    play.meets(Answer(201, MADE));

    // Through trouble, for two minutes.
    for (takes, expected) in [(0, [1, 31, 91]), (29, [1, 60, 120])] {
        let (mut play, began) = exchanging(&key);
        let (id, call) = play.sends().unwrap();
        play.now += Duration::from_secs(takes);
        play.flow.complete(play.now, id, answer(&call, &Answer(503, "")));
        play.meet([Answer(503, ""), Answer(503, "")]);
        assert!(matches!(play.ends(), Err(DeviceLoginError::Expired)));
        let times: Vec<_> = play.times("/auth/nonce").iter().map(|time| time - began).collect();
        assert_eq!(times, expected);
    }

    // Nothing was lost.
    let mut play = login(&key);
    play.meet([Answer(201, MADE), Silence(false), Answer(404, GONE)]);
    assert!(matches!(play.ends(), Err(DeviceLoginError::Expired)));
}

#[test]
fn which_answers_to_a_poll_can_have_been_the_one_with_the_token() {
    for (fate, can) in [
        (Silence(true), true),
        (Answer(502, "<html>"), true),
        (Answer(200, "<html>"), true),
        (Silence(false), false),
        (Answer(503, r#"{"errors":[{"code":1013}]}"#), false),
        (Answer(404, "<html>"), false),
        (Answer(302, ""), false),
        (RetryAfter("1"), false),
    ] {
        let key = Key::new();
        let mut play = login(&key);
        play.meet([Answer(201, MADE), fate.clone(), Answer(404, GONE)]);
        let asks = play.sends().is_some();
        assert_eq!((asks, play.outcome.is_none()), (can, can), "{fate:?}");
    }
}

#[test]
fn silence_without_end_ends_a_login_also_where_it_asks_for_a_token_at_last() {
    let key = Key::new();
    let mut play = login(&key);
    play.meet([Answer(201, MADE), Silence(true), Answer(404, GONE)]);
    let gone = play.passed();
    for _ in 0..100 {
        if play.sends().is_none() {
            break;
        }
    }
    assert!(matches!(play.outcome, Some(Err(DeviceLoginError::Expired))), "{:?}", play.outcome);
    assert_eq!(play.gaps("/auth/nonce"), [60]);
    assert_eq!(play.passed() - gone, 1 + 2 * 60);

    let mut play = login(&key);
    play.meets(Answer(201, MADE));
    for _ in 0..100 {
        if play.sends().is_none() {
            break;
        }
    }
    let Some(Err(DeviceLoginError::Failed(error))) = &play.outcome else { panic!() };
    assert!(error.as_transport().is_some() && play.passed() < 1300, "{} s", play.passed());
    assert_eq!(play.times("/pins").len(), 1, "the key is brought along once");
}

#[test]
fn a_late_answer_to_a_poll_is_none_to_the_exchange_that_follows_and_its_token_is_taken() {
    let key = Key::new();
    for (fate, token) in [
        (Answer(422, ""), jwt(0)),
        (Silence(true), jwt(0)),
        (Answer(200, WAITING), jwt(0)),
        (Answer(200, LINKED), "eyJh.eyJp.c2ln".to_owned()),
    ] {
        let mut play = login(&key);
        play.meets(Answer(201, MADE));
        let (late, poll) = play.sends().unwrap();
        play.meet([Answer(404, GONE), Answer(200, NONCE)]);
        let (id, exchange) = play.sends().unwrap();
        assert_eq!(play.last().1, "/auth/token");
        play.flow.complete(play.now, late, answer(&poll, &fate));
        play.flow.complete(play.now, id, answer(&exchange, &Exchanged(0)));
        assert_eq!(play.ends().unwrap().auth_token.expose(), token, "{fate:?}");
    }

    // Nor is the token lost that the exchange itself brings late.
    let (mut play, _) = exchanging(&key);
    play.meets(Answer(200, NONCE));
    let (late, exchange) = play.sends().unwrap();
    let (nonce, call) = play.sends().unwrap();
    play.flow.complete(play.now, late, answer(&exchange, &Exchanged(0)));
    play.flow.complete(play.now, nonce, answer(&call, &Answer(200, NONCE)));
    assert_eq!(play.ends().unwrap().auth_token.expose(), jwt(0));
}

#[test]
fn a_login_that_asks_for_its_token_at_last_is_kept_and_makes_no_second_pin() {
    let key = Key::new();
    let restore = |saved: &str, now| {
        let mut play = Play::with(DeviceLogin::restore(plex_tv("id"), &key, saved, now).unwrap());
        play.now = now;
        play
    };
    let (play, _) = exchanging(&key);
    let mut again = restore(play.flow.save(play.now).expose(), play.now);
    assert!(matches!(again.flow.progress(again.now), DeviceLoginProgress::Exchanging));
    again.meet([Answer(200, NONCE), Exchanged(0)]);
    assert_eq!(again.ends().unwrap().auth_token.expose(), jwt(0));

    // It is not known.
    let mut again = restore(play.flow.save(play.now).expose(), play.now);
    again.meet([Answer(200, NONCE), Answer(422, "")]);
    assert!(matches!(again.ends(), Err(DeviceLoginError::Expired)));
    again.flow.renew();
    again.meets(Answer(201, MADE));
}

/// One that asks for its token at last, and when it began to.
fn exchanging(key: &Key) -> (Play<DeviceLogin<&Key>>, u64) {
    let mut play = login(key);
    play.meet([Answer(201, MADE), Silence(true), Answer(404, GONE)]);
    let began = play.passed();
    (play, began)
}

#[test]
fn a_key_that_cannot_sign_for_its_token_at_last_has_two_minutes_to_be_unlocked() {
    let key = Key::new();
    let (mut play, _) = exchanging(&key);
    play.meets(Answer(200, NONCE));
    let shown = format!("{:?}", play.flow);
    assert!(shown.ends_with(r#"key_id: "den", state: finished, exchanging: true }"#), "{shown}");
    key.locked.set(true);
    assert!(matches!(play.flow.poll(play.now), Step::Wait(_)));
    assert!(matches!(play.flow.progress(play.now), DeviceLoginProgress::Exchanging));
    key.locked.set(false);
    play.meets(Exchanged(0));
    play.ends().unwrap();

    let (mut play, began) = exchanging(&key);
    let (id, call) = play.sends().unwrap();
    play.now += Duration::from_secs(29);
    play.flow.complete(play.now, id, answer(&call, &Answer(200, NONCE)));
    key.locked.set(true);
    assert!(matches!(play.ends(), Err(DeviceLoginError::CannotSign(_))));
    assert_eq!(play.passed() - began, 120);
}

#[test]
fn what_is_lost_within_the_two_minutes_is_asked_for_once_more() {
    let key = Key::new();
    let (mut play, began) = exchanging(&key);
    let (id, call) = play.sends().unwrap();
    play.now += Duration::from_secs(59);
    play.flow.complete(play.now, id, answer(&call, &Answer(200, NONCE)));
    let sent: Vec<_> = (0..2).map(|_| play.sends().map(|_| play.last().0 - began)).collect();
    assert_eq!(sent, [Some(60), Some(120)]);
    assert!(matches!(play.ends(), Err(DeviceLoginError::Expired)));
    assert_eq!(play.passed() - began, 180);
}

#[test]
fn a_login_whose_key_plex_knows_already_needs_no_pin() {
    let key = Key::new();
    let mut play = login(&key);
    play.meet([Answer(422, ""), Answer(200, NONCE), Exchanged(0)]);
    play.ends().unwrap();
    for (fate, wants_new) in [(Answer(401, REMOVED), true), (Answer(422, ""), false)] {
        let mut play = login(&key);
        play.meet([Answer(422, ""), Answer(200, NONCE), fate]);
        let Err(DeviceLoginError::Failed(error)) = play.ends() else { panic!() };
        assert_eq!(error.needs_new_device_key(), wants_new);
    }
}

#[test]
fn a_login_whose_key_cannot_sign_says_so_and_goes_on() {
    let key = Key::new();
    let mut play = login(&key);
    play.meets(Answer(201, MADE));
    key.locked.set(true);
    play.now += Duration::from_secs(1);
    assert!(matches!(play.flow.poll(play.now), Step::Wait(_)));
    let DeviceLoginProgress::Waiting { sign_error, .. } = play.flow.progress(play.now) else {
        panic!()
    };
    assert_eq!(sign_error.unwrap().reason(), "the TPM is locked");
    key.locked.set(false);
    play.meets(Answer(200, LINKED));
    play.ends().unwrap();

    let mut play = login(&key);
    play.meets(Answer(201, MADE));
    key.locked.set(true);
    assert!(matches!(play.ends(), Err(DeviceLoginError::CannotSign(_))));
    assert!((930..960).contains(&play.passed()), "{}", play.passed());
}

#[test]
fn a_login_is_kept_and_gone_on_with() {
    let key = Key::new();
    let mut play = login(&key);
    play.meet([Answer(201, MADE), Answer(200, WAITING)]);
    let saved = play.flow.save(play.now);
    assert!(!format!("{:?}", play.flow).contains("G7KX"));
    let restore = |identifier: &str| {
        DeviceLogin::restore(plex_tv(identifier), &key, saved.expose(), play.now)
    };
    assert_eq!(restore("other").map(|_| ()).unwrap_err(), InvalidSavedState::OtherIdentifier);
    let mut again = Play::with(restore("id").unwrap());
    again.now = play.now;
    again.meets(Answer(200, LINKED));
    assert_eq!(again.last(), (1, "/pins/2147483650"));
    again.ends().unwrap();
    // The too, where it was linked.
    let mut again =
        Play::with(DeviceTokenRefresher::restore(plex_tv("id"), &key, saved.expose()).unwrap());
    again.meets(Answer(200, NONCE)).meets(Exchanged(0));
}
