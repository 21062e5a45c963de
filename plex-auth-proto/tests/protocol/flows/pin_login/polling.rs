//! How a login goes on: its pace, what it bears, and what it is kept as.

use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{InvalidSavedState, PinLogin, PinProgress};
use plex_auth_proto::pin::ShortPin;
use plex_auth_proto::{Flow, Step};

use super::harness::{Answer, GONE, LINKED, MADE, Play, RetryAfter, Silence, WAITING, plex_tv};

#[test]
fn it_polls_once_a_second_until_somebody_has_linked_the_pin() {
    let mut play = Play::new();
    assert!(matches!(play.login.progress(play.now), PinProgress::Creating));
    play.meets(Answer(201, MADE));
    assert_eq!(play.left(), 900);
    for body in [WAITING, r#"{"id":2147483650,"authToken":""}"#, r#"{"id":2147483650}"#] {
        play.meets(Answer(200, body));
    }
    assert_eq!(play.left(), 897);
    play.meets(Answer(200, LINKED));
    assert_eq!(play.ends().unwrap().auth_token.expose(), "xyz-Abc_0123456789ab");
    assert_eq!(play.gaps(), [1, 1, 1, 1]);
    assert!(matches!(play.login.poll(play.now), Step::Wait(Duration::MAX)), "that is said once");
}

#[test]
fn trouble_slows_it_down_and_ends_nothing() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    for fate in [
        Answer(200, "<html>Sign in to the network</html>"),
        Answer(502, "<html>Bad Gateway</html>"),
        Silence(TransportErrorKind::NameNotFound),
        Silence(TransportErrorKind::TimedOut(Duration::from_secs(30))),
        Answer(302, ""),
        Answer(404, "<html>no such page</html>"),
        Answer(200, r#"{"id":1,"authToken":"somebody-elses"}"#),
    ] {
        play.meets(fate);
    }
    play.meets(RetryAfter("90"))
        .meets(RetryAfter("abc"))
        .meets(Answer(200, WAITING))
        .meets(Answer(200, LINKED));
    play.ends().unwrap();
    assert_eq!(play.gaps(), [1, 2, 4, 8, 16, 16, 16, 16, 90, 16, 1]);
}

#[test]
fn no_trouble_keeps_it_from_asking_in_the_last_seconds_of_a_pin() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE)).meets(RetryAfter("3600"));
    assert_eq!(play.left(), 899);
    play.meets(RetryAfter("3600"));
    assert_eq!(play.gaps(), [1, 879]);
    for _ in 0..5 {
        play.meets(RetryAfter("3600"));
    }
    assert_eq!(play.gaps(), [1, 879, 2, 2, 2, 2, 2]);
    play.meets(Answer(200, LINKED));
    play.ends().unwrap();
}

#[test]
fn a_poll_is_not_waited_for_as_long_as_another_call() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    let (_, call) = play.sends().unwrap();
    assert_eq!(call.reply().deadline(), Some(Duration::from_secs(10)));
}

#[test]
fn a_clock_that_jumps_and_a_machine_that_sleeps_do_no_harm() {
    // Forward by a day: it asks once more, and Plex says that the PIN lives.
    let mut play = Play::new();
    play.meets(Answer(201, MADE)).meets(Answer(200, WAITING));
    play.now += Duration::from_secs(86_400);
    play.meets(Answer(200, r#"{"id":2147483650,"authToken":null,"expiresIn":890}"#));
    assert_eq!(play.left(), 890);
    // Back by a day: nothing waits for a day to come a second time.
    play.now -= Duration::from_secs(86_400);
    let before = play.now;
    play.meets(Answer(200, LINKED));
    assert!(play.now.duration_since(before).unwrap() < Duration::from_secs(3));
    play.ends().unwrap();
}

#[test]
fn a_clock_that_is_set_while_the_pin_is_made_makes_no_silence_of_its_answer() {
    let years = Duration::from_secs(56 * 365 * 86_400);
    let mut play = Play::new();
    let (id, call) = play.sends().unwrap();
    play.now += years;
    for _ in 0..3 {
        let Step::Wait(wait) = play.login.poll(play.now) else { panic!() };
        play.now += wait;
    }
    play.login.complete(play.now, id, Answer(201, MADE).of(&call));
    assert_eq!(play.left(), 900);
    play.meets(Answer(200, LINKED));
    play.ends().unwrap();

    // Where it never comes, that is told ten seconds later.
    let mut play = Play::new();
    let _ = play.sends().unwrap();
    play.now += years;
    let set_at = play.now;
    play.ends().unwrap_err();
    assert_eq!(play.now.duration_since(set_at).unwrap().as_secs(), 10);
}

#[test]
fn a_clock_that_is_set_forward_and_a_poll_that_fails_end_nothing() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE)).meets(Answer(200, WAITING));
    play.now += Duration::from_secs(56 * 365 * 86_400);
    play.meets(Answer(502, "<html>"));
    play.meets(Answer(200, r#"{"id":2147483650,"authToken":null,"expiresIn":890}"#));
    assert_eq!(play.left(), 890);
    play.meets(Answer(200, LINKED));
    play.ends().unwrap();
}

#[test]
fn a_token_that_comes_when_nothing_was_waited_for_any_more_is_taken() {
    // The clock was set forward while it was on its way, and the next poll is under way or has found nothing.
    for next in [None, Some(Answer(200, WAITING)), Some(Answer(404, GONE))] {
        let mut play = Play::new();
        play.meets(Answer(201, MADE));
        let (late, call) = play.sends().unwrap();
        play.now += Duration::from_secs(3600);
        match next {
            None => assert!(play.sends().is_some()),
            Some(fate) => assert_eq!(play.meets(fate).sent.len(), 3),
        }
        play.login.complete(play.now, late, Answer(200, LINKED).of(&call));
        play.ends().unwrap();
        // Nothing is under way that another one would have to wait for.
        play.login.renew();
        let now = play.now;
        play.meets(Answer(201, MADE));
        assert_eq!(play.now, now);
        // Neither is it taken twice, nor for the token of the next PIN.
        play.login.complete(play.now, late, Answer(200, LINKED).of(&call));
        assert_eq!(play.left(), 900);
    }
}

#[test]
fn what_it_shows_of_itself_is_where_it_stands() {
    let mut play = Play::new();
    assert!(format!("{:?}", play.login).ends_with("state: creating }"), "{:?}", play.login);
    play.meets(Answer(201, MADE));
    let shown = format!("{:?}", play.login);
    assert!(shown.contains("state: ShortPin") && !shown.contains("G7KX"), "{shown}");
    play.meets(Answer(200, LINKED));
    assert!(format!("{:?}", play.login).ends_with("state: finished }"), "{:?}", play.login);
}

#[test]
fn it_is_renewed_when_the_caller_asks() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE)).meets(Answer(404, GONE));
    play.login.renew();
    assert!(matches!(play.login.progress(play.now), PinProgress::Finished), "not told yet");
    play.ends().unwrap_err();
    play.login.renew();
    play.meets(Answer(201, MADE)).meets(Answer(200, LINKED));
    play.ends().unwrap();
}

#[test]
fn it_is_kept_and_gone_on_with() {
    let mut play = Play::new();
    assert!(play.login.save(play.now).is_none());
    play.meets(Answer(201, MADE)).meets(Answer(200, WAITING));
    let saved = play.login.save(play.now).unwrap();
    assert!(!format!("{:?} {saved:?}", play.login).contains("G7KX"));

    let later = play.now + Duration::from_secs(100);
    let login = PinLogin::restore(plex_tv("id"), saved.expose(), later).unwrap();
    let mut play = Play::with(login);
    play.now = later;
    assert_eq!(play.left(), 799);
    let (_, call) = play.sends().unwrap();
    assert!(call.request().uri().path().ends_with("/pins/2147483650"));
    assert_eq!(play.now, later, "at once");

    let restore = |identifier: &str, saved: &str| {
        PinLogin::<ShortPin>::restore(plex_tv(identifier), saved, later).unwrap_err()
    };
    assert_eq!(restore("other", saved.expose()), InvalidSavedState::OtherIdentifier);
    for broken in ["", "{}", "[]", r#"{"id":7,"code":"G7KX","clientIdentifier":"id"}"#] {
        assert_eq!(restore("id", broken), InvalidSavedState::Unreadable, "{broken}");
    }
}
