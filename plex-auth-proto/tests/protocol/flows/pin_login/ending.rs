//! What ends a login, and when.

use std::time::Duration;

use plex_auth_proto::Flow;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::PinLoginError;

use super::harness::{Answer, GONE, LINKED, MADE, Play, RetryAfter, Silence, WAITING, start};

#[test]
fn a_pin_that_is_gone_ends_it() {
    for fate in [Answer(404, GONE), Answer(410, "")] {
        let mut play = Play::new();
        play.meets(Answer(201, MADE)).meets(Answer(200, WAITING)).meets(fate);
        assert!(matches!(play.ends(), Err(PinLoginError::Expired)));
    }
}

#[test]
fn a_transport_that_cannot_start_ends_it_at_once() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE))
        .meets(Silence(TransportErrorKind::NotStarted("no runtime is here")));
    let Err(PinLoginError::Failed(error)) = play.ends() else { panic!() };
    assert_eq!(error.operation(), "getOAuthPin");
    assert_eq!(play.gaps(), [1]);
}

#[test]
fn its_time_ends_with_one_more_poll() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    for _ in 0..899 {
        play.meets(Answer(200, WAITING));
    }
    play.meets(Answer(200, WAITING));
    assert!(matches!(play.ends(), Err(PinLoginError::Expired)));
    assert_eq!(*play.sent.last().unwrap(), start() + Duration::from_secs(900));

    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    for _ in 0..899 {
        play.meets(Answer(200, WAITING));
    }
    play.meets(Answer(200, LINKED));
    assert!(play.ends().is_ok(), "linked in the last second");
}

#[test]
fn a_last_poll_that_nobody_answers_is_tried_again_for_a_while_and_not_called_an_expiry() {
    let mut play = Play::new();
    play.meets(Answer(201, r#"{"id":7,"code":"G7KX","expiresIn":2}"#));
    while play.sends().is_some_and(|(id, call)| {
        let error = call.reply().transport_error(TransportErrorKind::Unreachable, false);
        play.login.complete(play.now, id, Err(error));
        true
    }) {}
    let Some(Err(PinLoginError::Failed(error))) = play.outcome else {
        panic!("{:?}", play.outcome)
    };
    assert_eq!(error.as_transport().unwrap().kind(), TransportErrorKind::Unreachable);
    let over = play.now.duration_since(start()).unwrap().as_secs();
    assert!((32..80).contains(&over), "{over}");
}

#[test]
fn where_plex_wants_to_be_left_alone_at_the_end_it_is_asked_twice_more_within_a_minute() {
    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    play.now += Duration::from_secs(900);
    for _ in 0..3 {
        play.meets(RetryAfter("3600"));
    }
    assert!(matches!(play.ends(), Err(PinLoginError::Failed(_))));
    assert_eq!(play.gaps(), [900, 30, 30]);
}

#[test]
fn silence_without_end_ends_it_and_makes_no_second_pin() {
    let lost = TransportErrorKind::TimedOut(Duration::from_secs(60));
    let mut play = Play::new();
    let _ = play.sends().unwrap();
    let Err(PinLoginError::Failed(error)) = play.ends() else { panic!() };
    let expected =
        "createOAuthPin at https://plex.tv: no whole answer within 60s (outcome unknown)";
    assert_eq!(error.to_string(), expected);
    assert_eq!(play.sent.len(), 1);

    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    for _ in 0..100 {
        if play.sends().is_none() {
            break;
        }
    }
    let Some(Err(PinLoginError::Failed(error))) = &play.outcome else { panic!() };
    assert_eq!(error.as_transport().unwrap().kind(), lost);
    let over = play.now.duration_since(start()).unwrap().as_secs();
    assert!((930..1020).contains(&over), "{over}");
    // Slower and slower, and once more when its time is over.
    assert_eq!(play.gaps()[..6], [1, 62, 64, 68, 76, 76]);
    assert!(play.sent.iter().any(|sent| *sent >= start() + Duration::from_secs(900)));

    // An answer that is late does no harm, and the next one that is in time is heard.
    let mut play = Play::new();
    play.meets(Answer(201, MADE));
    let (late, call) = play.sends().unwrap();
    play.meets(Answer(200, WAITING));
    play.login.complete(play.now, late, Answer(404, GONE).of(&call));
    play.meets(Answer(200, LINKED));
    play.ends().unwrap();
}

#[test]
fn one_that_cannot_be_made_says_why() {
    let mut play = Play::new();
    play.meets(Answer(400, r#"{"errors":[{"code":1000}]}"#));
    let Err(PinLoginError::Failed(error)) = play.ends() else { panic!() };
    assert_eq!(error.operation(), "createOAuthPin");

    let mut play = Play::new();
    play.meets(Answer(503, r#"{"errors":[{"code":1013}]}"#))
        .meets(RetryAfter("7"))
        .meets(Answer(201, MADE));
    assert_eq!(play.gaps(), [2, 7]);

    let mut play = Play::new();
    play.meets(RetryAfter("60")).meets(Answer(201, MADE));
    assert_eq!(play.gaps(), [60], "a minute is waited for");
    for longer in ["61", "3600"] {
        let mut play = Play::new();
        play.meets(RetryAfter(longer));
        assert!(matches!(play.ends(), Err(PinLoginError::Failed(_))), "{longer} s are not");
        assert_eq!(play.now, start());
    }
}

#[test]
fn a_pin_without_number_or_code_is_told_at_its_making() {
    for body in [r#"{"code":"G7KX"}"#, r#"{"id":7}"#, r#"{"id":{},"code":""}"#, "{}", "[]", "null"]
    {
        let mut play = Play::new();
        play.meets(Answer(201, body));
        let Err(PinLoginError::Failed(error)) = play.ends() else { panic!("{body}") };
        assert_eq!((error.operation(), play.sent.len()), ("createOAuthPin", 1), "{body}");
        assert!(!error.is_retryable(), "{error}");
    }
}

#[test]
fn a_life_that_cannot_be_is_taken_for_the_usual_one_and_none_is_longer_than_a_day() {
    for (said, life) in [
        ("", 900),
        (r#","expiresIn":0"#, 900),
        (r#","expiresIn":-5"#, 900),
        (r#","expiresIn":"soon""#, 900),
        (r#","expiresIn":"20""#, 20),
        (r#","expiresIn":1000000000000"#, 86_400),
    ] {
        let body = format!(r#"{{"id":2147483650,"code":"G7KX"{said}}}"#);
        let mut play = Play::new();
        play.meets(Answer(201, body.leak()));
        assert_eq!(play.left(), life, "{said}");
        // Asleep, up to a moment before.
        play.now += Duration::from_secs(life - 1);
        play.meets(Answer(200, WAITING)).meets(Answer(200, WAITING));
        assert!(matches!(play.ends(), Err(PinLoginError::Expired)), "{said}");
        assert_eq!(*play.sent.last().unwrap(), start() + Duration::from_secs(life), "{said}");
    }
}
