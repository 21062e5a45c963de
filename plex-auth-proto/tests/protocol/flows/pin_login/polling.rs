//! Polling: the interval, the reaction to errors and clock changes, and the login's saved state.

use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{InvalidSavedState, Now, PinLogin, PinLoginError, PinProgress};
use plex_auth_proto::http::StatusCode;

use super::{CREATED, GONE, LINKED, WAITING, login};
use crate::flows::harness::{
    Answer, Dated, Driven, RetryAfter, TransportError, edited, plex_tv, shifted, start,
};

#[test]
fn polls_once_a_second_until_linked() {
    let mut driven = login();
    assert!(matches!(driven.progress(), PinProgress::Creating { .. }));
    driven.respond(Answer(201, CREATED));
    assert_eq!(driven.left(), 900);
    for body in [WAITING, r#"{"id":2147483650,"authToken":""}"#, r#"{"id":2147483650}"#] {
        driven.respond(Answer(200, body));
    }
    assert_eq!(driven.left(), 897);
    driven.respond(Answer(200, LINKED));
    assert_eq!(driven.finish().unwrap().auth_token.expose(), "xyz-Abc_0123456789ab");
    assert_eq!(driven.gaps(), [1, 1, 1, 1]);
}

#[test]
fn errors_slow_polling_and_do_not_end_it() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    for response in [
        Answer(200, "<html>Sign in to the network</html>"),
        Answer(502, "<html>Bad Gateway</html>"),
        TransportError(TransportErrorKind::NameNotFound, true),
        TransportError(TransportErrorKind::TimedOut(Duration::from_secs(30)), true),
        Answer(302, ""),
        Answer(404, "<html>no such page</html>"),
        Answer(200, r#"{"id":1,"authToken":"another-token"}"#),
    ] {
        driven.respond(response);
    }
    driven
        .respond(RetryAfter(429, "90"))
        .respond(RetryAfter(429, "abc"))
        .respond(Answer(200, WAITING))
        // After a success, the backoff starts over.
        .respond(Answer(502, "<html>"))
        .respond(Answer(200, LINKED));
    driven.finish().unwrap();
    assert_eq!(driven.gaps(), [1, 2, 4, 8, 16, 16, 16, 16, 90, 16, 4, 2]);
}

#[test]
fn progress_has_the_last_error_and_the_wait() {
    let progress = |driven: &Driven<PinLogin>| match driven.progress() {
        PinProgress::Creating { last_error, next_request, .. }
        | PinProgress::Waiting { last_error, next_request, .. } => {
            (last_error.and_then(|error| error.status()), next_request.as_secs())
        }
        progress => panic!("{progress:?}"),
    };
    let failed = Some(StatusCode::BAD_GATEWAY);
    let mut driven = login();
    driven.respond_all([Answer(502, ""), Answer(502, "")]);
    assert_eq!(progress(&driven), (failed, 4));
    let created = driven.send().unwrap();
    assert_eq!(progress(&driven), (failed, 0));
    driven.complete(&created, &Answer(201, CREATED));
    assert_eq!(progress(&driven), (None, 1));
    driven.respond(Answer(502, ""));
    assert_eq!(progress(&driven), (failed, 2));
    driven.respond(Answer(200, WAITING));
    assert_eq!(progress(&driven), (None, 1));
    driven.respond_all([Answer(502, ""), Answer(404, GONE)]);
    driven.finish().unwrap_err();
    driven.flow.renew();
    assert_eq!(progress(&driven).0, None);
}

#[test]
fn poll_now_waits_as_long_as_plex_asked() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED)).respond(RetryAfter(429, "30"));
    driven.flow.poll_now();
    driven.respond(Answer(502, "<html>"));
    driven.flow.poll_now();
    driven.respond(Answer(200, LINKED));
    driven.finish().unwrap();
    assert_eq!(driven.gaps(), [1, 30, 1]);
}

#[test]
fn rate_limit_leaves_polls_in_the_last_seconds() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED)).respond(RetryAfter(429, "3600"));
    assert_eq!(driven.left(), 899);
    driven.respond(RetryAfter(429, "3600"));
    assert_eq!(driven.gaps(), [1, 879]);
    for _ in 0..5 {
        driven.respond(RetryAfter(429, "3600"));
    }
    assert_eq!(driven.gaps(), [1, 879, 2, 2, 2, 2, 2]);
    driven.respond(Answer(200, LINKED));
    driven.finish().unwrap();
}

#[test]
fn poll_has_a_deadline_of_ten_seconds() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    let request = driven.send().unwrap();
    assert_eq!(request.outgoing.deadline(), Some(Duration::from_secs(10)));
}

#[test]
fn polls_slow_down_to_every_five_seconds() {
    let mut driven = login();
    driven.respond(Answer(201, r#"{"id":2147483650,"code":"G7KX","expiresIn":1800}"#));
    while driven.outcome.is_none() {
        let Some(poll) = driven.send() else { break };
        driven.complete(&poll, &Answer(200, WAITING));
    }
    let gaps = driven.gaps();
    assert!(gaps[..59].iter().all(|gap| *gap == 1) && gaps[250..].iter().all(|gap| *gap == 5));
    assert_eq!((gaps.len(), driven.last().at), (437, 1800));

    // A program with many logins can choose a longer interval for each.
    let relaxed = |login: PinLogin| login.poll_interval(Duration::from_secs(30), Duration::ZERO);
    let mut driven = Driven::new(relaxed(plex_tv("id").hosted_page_login()));
    driven.respond(Answer(201, CREATED)).respond(Answer(200, WAITING));
    driven.now += Duration::from_millis(500);
    driven.flow.poll_now();
    driven.respond(Answer(200, WAITING)).respond(Answer(200, LINKED));
    assert_eq!(driven.gaps(), [30, 1, 30]);

    // Plex may have answered the poll in flight before the user linked the PIN.
    let mut driven = Driven::new(relaxed(plex_tv("id").hosted_page_login()));
    driven.respond(Answer(201, CREATED));
    for response in [Answer(200, WAITING), Answer(502, "<html>")] {
        let poll = driven.send().unwrap();
        driven.flow.poll_now();
        assert!(driven.is_waiting(), "a second poll is sent while one is in flight");
        driven.complete(&poll, &response);
    }
    driven.respond(Answer(200, WAITING)).respond(Answer(200, LINKED));
    assert_eq!(driven.gaps(), [30, 1, 1, 30]);
}

#[test]
fn lifetime_is_shortened_but_never_extended() {
    let mut driven = login();
    driven.respond(Answer(201, r#"{"id":2147483650,"code":"G7KX","expiresIn":28}"#));
    driven.respond(Answer(200, r#"{"id":2147483650,"expiresIn":900}"#));
    assert_eq!(driven.left(), 27);
    driven.respond(Answer(200, r#"{"id":2147483650,"expiresIn":6}"#));
    assert_eq!(driven.left(), 6);
    while let Some(poll) = driven.send() {
        driven.complete(&poll, &Answer(200, r#"{"id":2147483650,"expiresIn":6}"#));
    }
    assert!(matches!(driven.outcome, Some(Err(PinLoginError::Expired))));
    assert_eq!(driven.elapsed(), 8);
}

#[test]
fn wall_clock_jumps_do_no_harm() {
    for seconds in [86_400, 56 * 365 * 86_400, -86_400] {
        // The clock jumps while the PIN is being created.
        let mut driven = login();
        let created = driven.send().unwrap();
        driven.set_wall(seconds);
        driven.complete(&created, &Answer(201, CREATED));
        assert_eq!(driven.left(), 900);
        // The clock jumps while polling. This causes at most one additional poll, even if that poll
        // fails.
        driven.respond(Answer(200, WAITING));
        driven.set_wall(seconds);
        driven.respond(Answer(502, "<html>"));
        driven.respond(Answer(200, r#"{"id":2147483650,"authToken":null,"expiresIn":890}"#));
        assert_eq!(driven.left(), 890);
        driven.respond(Answer(200, LINKED));
        driven.finish().unwrap();
        assert_eq!(driven.gaps(), [1, 1, 2, 1]);
    }
}

#[test]
fn sleep_beyond_the_end_costs_one_poll() {
    let asleep = || {
        let mut driven = Driven::new(plex_tv("id").link_code_login())
            .with(|login| login.poll_interval(Duration::from_secs(30), Duration::ZERO));
        driven.respond(Dated("Tue, 14 Nov 2023 22:13:20 GMT", CREATED));
        // Elapsed time stops while the computer sleeps.
        driven.set_wall(1_000);
        driven.now += Duration::from_secs(1);
        driven
    };
    let mut driven = asleep();
    driven.respond(Answer(404, GONE));
    assert!(matches!(driven.finish(), Err(PinLoginError::Expired)));
    assert_eq!(driven.gaps(), [1], "the last poll was not sent at once");

    // The date of a late response, which was in a buffer meanwhile, does not set the clock back.
    let mut driven = Driven::new(plex_tv("id").link_code_login())
        .with(|login| login.poll_interval(Duration::from_secs(30), Duration::ZERO));
    driven.respond(Dated("Tue, 14 Nov 2023 22:13:20 GMT", CREATED));
    let late = driven.send().unwrap();
    driven.respond(Dated("Tue, 14 Nov 2023 22:14:35 GMT", WAITING));
    driven.set_wall(1_000);
    driven.now += Duration::from_secs(1);
    driven.complete(&late, &Dated("Tue, 14 Nov 2023 22:13:50 GMT", WAITING));
    driven.respond(Answer(404, GONE));
    assert!(driven.gaps().ends_with(&[1]), "{:?}", driven.gaps());

    // The wall clock was wrong: the response's date corrects it, and the login continues.
    let mut driven = asleep();
    driven.respond(Dated("Tue, 14 Nov 2023 22:13:21 GMT", WAITING));
    driven.respond(Answer(200, LINKED));
    driven.finish().unwrap();
    assert_eq!(driven.gaps(), [1, 30]);

    // The wall clock still shows a time after the PIN's expiry, and the response has no date.
    let mut driven = asleep();
    driven.respond(Answer(200, WAITING));
    assert!(matches!(driven.finish(), Err(PinLoginError::Expired)));

    // The clock jumps while a poll is in flight, so that poll does not count.
    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    let poll = driven.send().unwrap();
    driven.set_wall(86_400);
    driven.complete(&poll, &Answer(200, WAITING));
    driven.respond(Answer(200, LINKED));
    driven.finish().unwrap();
}

#[test]
fn late_token_is_accepted() {
    // A driver took longer than the request's deadline, and the next poll is in flight or returned
    // no token.
    for next in [None, Some(Answer(200, WAITING)), Some(Answer(404, GONE))] {
        let mut driven = login();
        driven.respond(Answer(201, CREATED));
        let late = driven.send().unwrap();
        match next {
            None => assert!(driven.send().is_some()),
            Some(response) => assert_eq!(driven.respond(response).sent.len(), 3),
        }
        driven.complete(&late, &Answer(200, LINKED));
        driven.finish().unwrap();
        // No request is left in flight that would delay the next one.
        driven.flow.renew();
        let before = driven.elapsed();
        driven.respond(Answer(201, CREATED));
        assert!(driven.elapsed() <= before + 1);
        // The late response is accepted neither twice nor for the next PIN.
        driven.complete(&late, &Answer(200, LINKED));
        assert_eq!(driven.left(), 900);
    }
}

#[test]
fn poll_after_a_mismatch_has_its_own_connection() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    let late = driven.send().unwrap();
    let poll = driven.send().unwrap();
    assert!(!poll.outgoing.wants_own_connection());
    driven.complete(&poll, &Answer(200, r#"{"id":1,"authToken":"another-token"}"#));
    driven.complete(&late, &Answer(200, WAITING));
    let poll = driven.send().unwrap();
    assert!(poll.outgoing.wants_own_connection());
    driven.complete(&poll, &Answer(200, WAITING));
    assert!(!driven.send().unwrap().outgoing.wants_own_connection());
}

#[test]
fn cancelled_requests_are_sent_again() {
    let mut driven = login();
    let creation = driven.send().unwrap();
    driven.cancel(&creation);
    driven.respond(Answer(201, CREATED));
    // The driver is dropped repeatedly, each time before the response arrives.
    for _ in 0..5 {
        let poll = driven.send().unwrap();
        driven.cancel(&poll);
    }
    driven.respond(Answer(200, LINKED));
    driven.finish().unwrap();
    assert_eq!(driven.gaps(), [2, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn restored_without_a_clock_has_full_lifetime() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    driven.now += Duration::from_secs(100);
    let saved = driven.flow.save(driven.now).unwrap();
    let tv = Now::without_wall_clock(Duration::ZERO);
    let login = PinLogin::restore(plex_tv("id"), saved.expose(), tv).unwrap();
    assert_eq!(Driven::at(tv, login).left(), 900);
    // A login that was saved without a wall clock also gets its full lifetime.
    let mut driven = Driven::at(tv, plex_tv("id").link_code_login());
    driven.respond(Answer(201, CREATED));
    let saved = driven.flow.save(driven.now).unwrap();
    let login = PinLogin::restore(plex_tv("id"), saved.expose(), start()).unwrap();
    assert_eq!(Driven::new(login).left(), 900);
}

#[test]
fn debug_shows_the_state_but_no_code() {
    let mut driven = login();
    assert!(format!("{:?}", driven.flow).ends_with("state: creating }"), "{:?}", driven.flow);
    driven.respond(Answer(201, CREATED));
    let shown = format!("{:?}", driven.flow);
    assert!(shown.contains("state: Code(ShortPin") && !shown.contains("G7KX"), "{shown}");
    driven.respond(Answer(200, LINKED));
    assert!(format!("{:?}", driven.flow).ends_with("state: finished }"), "{:?}", driven.flow);
}

#[test]
fn renew_creates_another_pin() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    let late = driven.send().unwrap();
    driven.respond(Answer(404, GONE));
    driven.flow.renew();
    assert!(
        matches!(driven.progress(), PinProgress::Finished),
        "renewed before the outcome was reported"
    );
    driven.finish().unwrap_err();
    driven.flow.renew();
    driven.respond(Answer(201, CREATED));
    // A late token of the earlier PIN is ignored.
    driven.complete(&late, &Answer(200, LINKED));
    assert_eq!(driven.left(), 900);
    driven.respond(Answer(200, LINKED));
    driven.finish().unwrap();
}

#[test]
fn saved_login_is_restored() {
    let mut driven = login();
    assert!(driven.flow.save(driven.now).is_none());
    driven.respond(Answer(201, CREATED)).respond(Answer(200, WAITING));
    let saved = driven.flow.save(driven.now).unwrap();
    assert!(!format!("{:?} {saved:?}", driven.flow).contains("G7KX"));

    let later = driven.now + Duration::from_secs(100);
    let login = PinLogin::restore(plex_tv("id"), &edited(&saved), later).unwrap();
    let mut driven = Driven::at(later, login);
    assert_eq!(driven.left(), 799);
    let request = driven.send().unwrap();
    assert!(request.outgoing.request().uri().path().ends_with("/pins/2147483650"));
    assert_eq!(driven.now, later, "the first poll was not sent at once");

    // The clock is twenty minutes fast, which the saved expiry, by Plex's clock, does not show.
    let mut driven = Driven::at(shifted(start(), 1_200), plex_tv("id").link_code_login());
    driven.respond(Dated("Tue, 14 Nov 2023 22:13:20 GMT", CREATED));
    let (saved, now) = (driven.flow.save(driven.now).unwrap(), driven.now);
    let login = PinLogin::restore(plex_tv("id"), saved.expose(), now).unwrap();
    let mut driven = Driven::at(now, login);
    // The expiry that is saved again is the one that was restored.
    assert_eq!(driven.flow.save(driven.now).unwrap().expose(), saved.expose());
    // A failed poll shows the time, too.
    driven.respond(Dated("Tue, 14 Nov 2023 22:13:30 GMT", "<html>"));
    assert_eq!(driven.left(), 890);
    driven.respond(Answer(200, LINKED));
    driven.finish().unwrap();

    // A saved expiry that is years ahead gives the PIN at most a day.
    let far = saved.expose().replace("\"endsAt\":1700000900", "\"endsAt\":2700000900");
    let login = PinLogin::restore(plex_tv("id"), &far, start()).unwrap();
    let mut driven = Driven::at(start(), login);
    assert_eq!(driven.left(), 86_400);
    driven.respond(Dated("Tue, 14 Nov 2023 22:13:30 GMT", WAITING));
    assert_eq!(driven.left(), 86_400);

    let restore = |identifier: &str, saved: &str| {
        PinLogin::restore(plex_tv(identifier), saved, later).unwrap_err()
    };
    assert_eq!(restore("other", saved.expose()), InvalidSavedState::OtherIdentifier);
}
