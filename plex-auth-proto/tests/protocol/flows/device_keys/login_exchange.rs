//! The exchange that follows a device login whose token may have been lost.

use std::time::Duration;

use plex_auth_proto::flow::{Completion, DeviceLogin, DeviceLoginError, DeviceLoginProgress};
use plex_auth_proto::{Flow, Step};

use super::{CREATED, GONE, Key, LINKED, NONCE, WAITING, exchanged, jwt, login, registered};
use crate::flows::harness::{Answer, Driven, RetryAfter, Scripted, cut_off, plex_tv};

#[test]
fn lost_token_is_requested_by_an_exchange() {
    let key = Key::new();
    let mut driven = login(&key);
    driven.respond_all([
        Answer(201, CREATED),
        cut_off(true),
        Answer(404, GONE),
        Answer(200, NONCE),
    ]);
    assert!(matches!(driven.progress(), DeviceLoginProgress::Exchanging));
    // The login has not ended, so `renew` has no effect.
    driven.flow.renew();
    driven.respond(exchanged(0));
    assert_eq!(registered(driven.finish()), jwt(0));

    let mut driven = login(&key);
    driven.respond_all([Answer(201, CREATED), cut_off(true), Answer(404, GONE)]);
    driven.respond_all([Answer(200, NONCE), Answer(422, "")]);
    assert!(matches!(driven.finish(), Err(DeviceLoginError::Expired)));
    driven.flow.renew();
    driven.respond(Answer(201, CREATED));

    // A page instead of a nonce does not mean that the key is unknown.
    let (mut driven, _) = exchanging(&key);
    driven.respond_all([Answer(400, "<html>"), Answer(200, NONCE), exchanged(0)]);
    assert_eq!(registered(driven.finish()), jwt(0));

    // Errors are retried for two minutes.
    for (takes, expected) in [(0, [1, 31, 91]), (29, [1, 60, 120])] {
        let (mut driven, began) = exchanging(&key);
        let request = driven.send().unwrap();
        driven.now += Duration::from_secs(takes);
        driven.complete(&request, &Answer(503, ""));
        driven.respond_all([Answer(503, ""), Answer(503, "")]);
        assert!(matches!(driven.finish(), Err(DeviceLoginError::Expired)));
        let times: Vec<_> =
            driven.times_of("/auth/nonce").iter().map(|time| time - began).collect();
        assert_eq!(times, expected);
    }

    // The poll was never sent, so no token can be lost.
    let mut driven = login(&key);
    driven.respond_all([Answer(201, CREATED), cut_off(false), Answer(404, GONE)]);
    assert!(matches!(driven.finish(), Err(DeviceLoginError::Expired)));
}

#[test]
fn exchange_follows_only_if_a_token_may_be_lost() {
    for (response, can) in [
        (cut_off(true), true),
        (Answer(502, "<html>"), true),
        (Answer(200, "<html>"), true),
        (cut_off(false), false),
        (Answer(503, r#"{"errors":[{"code":1013}]}"#), false),
        (Answer(404, "<html>"), false),
        (Answer(302, ""), false),
        (RetryAfter(429, "1"), false),
    ] {
        let key = Key::new();
        let mut driven = login(&key);
        driven.respond_all([Answer(201, CREATED), response.clone(), Answer(404, GONE)]);
        let exchanges = driven.send().is_some();
        assert_eq!((exchanges, driven.outcome.is_none()), (can, can), "{response:?}");
    }
}

#[test]
fn missing_responses_end_the_login() {
    let key = Key::new();
    let mut driven = login(&key);
    driven.respond_all([Answer(201, CREATED), cut_off(true), Answer(404, GONE)]);
    let gone = driven.elapsed();
    for _ in 0..100 {
        if driven.send().is_none() {
            break;
        }
    }
    assert!(matches!(driven.outcome, Some(Err(DeviceLoginError::Expired))), "{:?}", driven.outcome);
    assert_eq!(driven.gaps_of("/auth/nonce"), [60]);
    assert_eq!(driven.elapsed() - gone, 1 + 2 * 60);

    let mut driven = login(&key);
    driven.respond(Answer(201, CREATED));
    for _ in 0..100 {
        if driven.send().is_none() {
            break;
        }
    }
    let Some(Err(DeviceLoginError::Failed(error))) = &driven.outcome else { panic!() };
    assert!(error.as_transport().is_some() && driven.elapsed() < 1300, "{} s", driven.elapsed());
    assert_eq!(driven.times_of("/pins").len(), 1, "more than one PIN was created");
}

#[test]
fn late_poll_response_does_not_end_the_exchange() {
    let key = Key::new();
    for (response, token) in [
        (Answer(422, ""), jwt(0)),
        (cut_off(true), jwt(0)),
        (Answer(200, WAITING), jwt(0)),
        (Answer(200, LINKED), "eyJh.eyJp.c2ln".to_owned()),
    ] {
        let mut driven = login(&key);
        driven.respond(Answer(201, CREATED));
        let late = driven.send().unwrap();
        driven.respond_all([Answer(404, GONE), Answer(200, NONCE)]);
        let exchange = driven.send().unwrap();
        assert_eq!(driven.last().path, "/auth/token");
        driven.complete(&late, &response);
        driven.complete(&exchange, &exchanged(0));
        assert_eq!(registered(driven.finish()), token, "{response:?}");
    }

    // A token that the exchange returns late is not lost either.
    let (mut driven, _) = exchanging(&key);
    driven.respond(Answer(200, NONCE));
    let late = driven.send().unwrap();
    let nonce = driven.send().unwrap();
    driven.complete(&late, &exchanged(0));
    driven.complete(&nonce, &Answer(200, NONCE));
    assert_eq!(registered(driven.finish()), jwt(0));
}

#[test]
fn late_token_replaces_a_failure() {
    const NEVER: Scripted = RetryAfter(429, "99999999999");
    let key = Key::new();
    // The PIN expires without a response to a poll.
    let mut driven = login(&key);
    driven.respond(Answer(201, CREATED));
    let (mut late, mut nonce) = (driven.send().unwrap(), driven.send().unwrap());
    while driven.last().path != "/auth/nonce" {
        (late, nonce) = (nonce, driven.send().unwrap());
    }
    driven.complete(&late, &Answer(200, LINKED));
    assert_eq!(registered(driven.finish()), "eyJh.eyJp.c2ln");
    driven.complete(&nonce, &Answer(200, NONCE));
    assert!(matches!(driven.flow.poll(driven.now), Step::Finished));

    // The login has failed but has not returned its outcome yet. In the first case a poll returns
    // the late token; in the second, an exchange does.
    for (before, response, token) in [
        (vec![], Answer(200, LINKED), "eyJh.eyJp.c2ln".to_owned()),
        (vec![Answer(404, GONE), Answer(200, NONCE)], exchanged(0), jwt(0)),
    ] {
        let mut driven = login(&key);
        driven.respond_all([Answer(201, CREATED), cut_off(true)]).respond_all(before.clone());
        let late = driven.send().unwrap();
        if before.is_empty() {
            driven.respond(Answer(404, GONE));
        }
        driven.respond(NEVER);
        assert!(matches!(driven.progress(), DeviceLoginProgress::Finished));
        assert!(!driven.flow.save(driven.now).expose().contains("exchanging"));
        driven.complete(&late, &response);
        driven.complete(&late, &response);
        assert_eq!(registered(driven.finish()), token);
    }
}

#[test]
fn late_token_after_the_end_is_ignored() {
    let key = Key::new();
    // In the first case, an earlier poll is cut off. In the second, only the late poll is lost.
    for before in [vec![cut_off(true)], vec![]] {
        let mut driven = login(&key);
        driven.respond(Answer(201, CREATED)).respond_all(before);
        let late = driven.send().unwrap();
        driven.respond(Answer(404, GONE));
        if driven.flow.save(driven.now).expose().contains("exchanging") {
            driven.respond_all([Answer(200, NONCE), Answer(422, "")]);
        }
        assert!(matches!(driven.finish(), Err(DeviceLoginError::Expired)));
        driven.complete(&late, &Answer(200, LINKED));
        assert!(matches!(driven.flow.poll(driven.now), Step::Finished));
    }
}

#[test]
fn restored_exchange_creates_no_second_pin() {
    let key = Key::new();
    let restore = |saved: &str, now| {
        Driven::at(now, DeviceLogin::restore(plex_tv("id"), &key, saved, now).unwrap())
    };
    let (driven, _) = exchanging(&key);
    let mut again = restore(driven.flow.save(driven.now).expose(), driven.now);
    assert!(matches!(again.progress(), DeviceLoginProgress::Exchanging));
    again.respond_all([Answer(200, NONCE), exchanged(0)]);
    assert_eq!(registered(again.finish()), jwt(0));

    // Plex does not know the key.
    let mut again = restore(driven.flow.save(driven.now).expose(), driven.now);
    again.respond_all([Answer(200, NONCE), Answer(422, "")]);
    assert!(matches!(again.finish(), Err(DeviceLoginError::Expired)));
    again.flow.renew();
    again.respond(Answer(201, CREATED));
}

/// Returns a login that has started the exchange, and the time at which the exchange started.
fn exchanging(key: &Key) -> (Driven<DeviceLogin<&Key>>, u64) {
    let mut driven = login(key);
    driven.respond_all([Answer(201, CREATED), cut_off(true), Answer(404, GONE)]);
    let began = driven.elapsed();
    (driven, began)
}

#[test]
fn exchange_waits_two_minutes_for_a_locked_key() {
    let key = Key::new();
    let (mut driven, _) = exchanging(&key);
    driven.respond(Answer(200, NONCE));
    let shown = format!("{:?}", driven.flow);
    assert!(shown.ends_with(r#"key_id: "den", state: finished, exchanging: true }"#), "{shown}");
    key.locked.set(true);
    assert!(driven.is_waiting());
    assert!(matches!(driven.progress(), DeviceLoginProgress::Exchanging));
    key.locked.set(false);
    driven.respond(exchanged(0));
    registered(driven.finish());

    let (mut driven, began) = exchanging(&key);
    let request = driven.send().unwrap();
    driven.now += Duration::from_secs(29);
    driven.complete(&request, &Answer(200, NONCE));
    key.locked.set(true);
    assert!(matches!(driven.finish(), Err(DeviceLoginError::CannotSign(_))));
    assert_eq!(driven.elapsed() - began, 120);
}

#[test]
fn request_lost_in_the_exchange_is_retried_once() {
    let key = Key::new();
    let (mut driven, began) = exchanging(&key);
    let request = driven.send().unwrap();
    driven.now += Duration::from_secs(59);
    driven.complete(&request, &Answer(200, NONCE));
    let sent: Vec<_> = (0..2).map(|_| driven.send().map(|_| driven.last().at - began)).collect();
    assert_eq!(sent, [Some(60), Some(120)]);
    assert!(matches!(driven.finish(), Err(DeviceLoginError::Expired)));
    assert_eq!(driven.elapsed() - began, 180);
}

#[test]
fn cancelled_requests_end_the_exchange_in_time() {
    let key = Key::new();
    let (mut driven, began) = exchanging(&key);
    while let Some(request) = driven.send() {
        driven.flow.complete(driven.now, request.id, Completion::Cancelled);
        assert!(driven.elapsed() - began <= 120, "the exchange has no end");
    }
    assert!(matches!(driven.outcome, Some(Err(DeviceLoginError::Expired))));
    assert_eq!(driven.elapsed() - began, 120);
}
