//! Polling: its interval, its response to errors and clock changes, and its saved state.

use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{InvalidSavedState, PinLogin, PinProgress};
use plex_auth_proto::pin::ShortPin;
use plex_auth_proto::{Flow, Step};

use super::{CREATED, GONE, LINKED, WAITING, login};
use crate::flows::harness::{Answer, Driven, RetryAfter, TransportError, edited, plex_tv};

#[test]
fn polls_once_a_second_until_linked() {
    let mut driven = login();
    assert!(matches!(driven.progress(), PinProgress::Creating));
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
        Answer(200, r#"{"id":1,"authToken":"somebody-elses"}"#),
    ] {
        driven.respond(response);
    }
    driven
        .respond(RetryAfter(429, "90"))
        .respond(RetryAfter(429, "abc"))
        .respond(Answer(200, WAITING))
        .respond(Answer(200, LINKED));
    driven.finish().unwrap();
    assert_eq!(driven.gaps(), [1, 2, 4, 8, 16, 16, 16, 16, 90, 16, 1]);
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
    assert_eq!(request.call.reply().deadline(), Some(Duration::from_secs(10)));
}

#[test]
fn clock_jumps_and_sleep_do_no_harm() {
    // Forward by a day: one more poll, in which Plex reports the PIN as valid.
    let mut driven = login();
    driven.respond(Answer(201, CREATED)).respond(Answer(200, WAITING));
    driven.now += Duration::from_secs(86_400);
    driven.respond(Answer(200, r#"{"id":2147483650,"authToken":null,"expiresIn":890}"#));
    assert_eq!(driven.left(), 890);
    // Back by a day: no wait becomes a day longer.
    driven.now -= Duration::from_secs(86_400);
    let before = driven.now;
    driven.respond(Answer(200, LINKED));
    assert!(driven.now.duration_since(before).unwrap() < Duration::from_secs(3));
    driven.finish().unwrap();
}

#[test]
fn clock_set_during_creation_loses_no_response() {
    let years = Duration::from_secs(56 * 365 * 86_400);
    let mut driven = login();
    let created = driven.send().unwrap();
    driven.now += years;
    for _ in 0..3 {
        let Step::Wait(wait) = driven.flow.poll(driven.now) else { panic!() };
        driven.now += wait;
    }
    driven.complete(&created, &Answer(201, CREATED));
    assert_eq!(driven.left(), 900);
    driven.respond(Answer(200, LINKED));
    driven.finish().unwrap();

    // A missing response is reported ten seconds later.
    let mut driven = login();
    let _ = driven.send().unwrap();
    driven.now += years;
    let set_at = driven.now;
    driven.finish().unwrap_err();
    assert_eq!(driven.now.duration_since(set_at).unwrap().as_secs(), 10);
}

#[test]
fn clock_set_forward_and_failed_poll_end_nothing() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED)).respond(Answer(200, WAITING));
    driven.now += Duration::from_secs(56 * 365 * 86_400);
    driven.respond(Answer(502, "<html>"));
    driven.respond(Answer(200, r#"{"id":2147483650,"authToken":null,"expiresIn":890}"#));
    assert_eq!(driven.left(), 890);
    driven.respond(Answer(200, LINKED));
    driven.finish().unwrap();
}

#[test]
fn late_token_is_accepted() {
    // The clock was set forward meanwhile, and the next poll is in flight or returned no token.
    for next in [None, Some(Answer(200, WAITING)), Some(Answer(404, GONE))] {
        let mut driven = login();
        driven.respond(Answer(201, CREATED));
        let late = driven.send().unwrap();
        driven.now += Duration::from_secs(3600);
        match next {
            None => assert!(driven.send().is_some()),
            Some(response) => assert_eq!(driven.respond(response).sent.len(), 3),
        }
        driven.complete(&late, &Answer(200, LINKED));
        driven.finish().unwrap();
        // No request is in flight that would delay the next one.
        driven.flow.renew();
        let now = driven.now;
        driven.respond(Answer(201, CREATED));
        assert_eq!(driven.now, now);
        // It is accepted neither twice nor for the next PIN.
        driven.complete(&late, &Answer(200, LINKED));
        assert_eq!(driven.left(), 900);
    }
}

#[test]
fn debug_has_the_state_and_no_code() {
    let mut driven = login();
    assert!(format!("{:?}", driven.flow).ends_with("state: creating }"), "{:?}", driven.flow);
    driven.respond(Answer(201, CREATED));
    let shown = format!("{:?}", driven.flow);
    assert!(shown.contains("state: ShortPin") && !shown.contains("G7KX"), "{shown}");
    driven.respond(Answer(200, LINKED));
    assert!(format!("{:?}", driven.flow).ends_with("state: finished }"), "{:?}", driven.flow);
}

#[test]
fn renew_creates_another_pin() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED)).respond(Answer(404, GONE));
    driven.flow.renew();
    assert!(matches!(driven.progress(), PinProgress::Finished), "not reported yet");
    driven.finish().unwrap_err();
    driven.flow.renew();
    driven.respond(Answer(201, CREATED)).respond(Answer(200, LINKED));
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
    assert!(request.call.request().uri().path().ends_with("/pins/2147483650"));
    assert_eq!(driven.now, later, "at once");

    let restore = |identifier: &str, saved: &str| {
        PinLogin::<ShortPin>::restore(plex_tv(identifier), saved, later).unwrap_err()
    };
    assert_eq!(restore("other", saved.expose()), InvalidSavedState::OtherIdentifier);
}
