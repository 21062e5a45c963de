//! How a login goes on: its pace, what it bears, and what it is kept as.

use std::time::Duration;

use plex_auth_proto::{
    Conversation, InvalidKeptLogin, NoAnswerReason, PinLogin, PinProgress, ShortPin, Step,
};

use super::stage::{Answer, GONE, LINKED, MADE, Play, RetryAfter, Silence, WAITING, plex_tv};

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
    assert!(matches!(play.login.next(play.now), Step::Wait(Duration::MAX)), "that is said once");
}

#[test]
fn trouble_slows_it_down_and_ends_nothing() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    for fate in [
        Answer(200, "<html>Sign in to the network</html>"),
        Answer(502, "<html>Bad Gateway</html>"),
        Silence(NoAnswerReason::NameNotFound),
        Silence(NoAnswerReason::TimedOut(Duration::from_secs(30))),
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
fn what_it_shows_of_itself_is_where_it_stands() {
    let mut play = Play::new();
    assert!(format!("{:?}", play.login).ends_with("state: creating }"), "{:?}", play.login);
    play.meets(Answer(201, MADE));
    let shown = format!("{:?}", play.login);
    assert!(shown.contains("state: ShortPin") && !shown.contains("G7KX"), "{shown}");
    play.meets(Answer(200, LINKED));
    assert!(format!("{:?}", play.login).ends_with("state: over }"), "{:?}", play.login);
}

#[test]
fn it_is_renewed_when_the_caller_asks() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE)).meets(Answer(404, GONE));
    play.login.renew();
    assert!(matches!(play.login.progress(play.now), PinProgress::Over), "not told yet");
    play.ends().unwrap_err();
    play.login.renew();
    play.meets(Answer(201, MADE)).meets(Answer(200, LINKED));
    play.ends().unwrap();
}

#[test]
fn it_is_kept_and_gone_on_with() {
    let mut play = Play::new();
    assert!(play.login.keep(play.now).is_none());
    play.meets(Answer(201, MADE)).meets(Answer(200, WAITING));
    let kept = play.login.keep(play.now).unwrap();
    assert!(!format!("{:?} {kept:?}", play.login).contains("G7KX"));

    let later = play.now + Duration::from_secs(100);
    let login = PinLogin::load(plex_tv("id"), kept.expose(), later).unwrap();
    let mut play = Play::with(login);
    play.now = later;
    assert_eq!(play.left(), 799);
    let (_, call) = play.sends().unwrap();
    assert!(call.request().uri().path().ends_with("/pins/2147483650"));
    assert_eq!(play.now, later, "at once");

    let load = |identifier: &str, kept: &str| {
        PinLogin::<ShortPin>::load(plex_tv(identifier), kept, later).unwrap_err()
    };
    assert_eq!(load("other", kept.expose()), InvalidKeptLogin::OtherIdentifier);
    for broken in ["", "{}", "[]", r#"{"id":7,"code":"G7KX","clientIdentifier":"id"}"#] {
        assert_eq!(load("id", broken), InvalidKeptLogin::Unreadable, "{broken}");
    }
}
