//! The ways that a login can end.

use std::time::Duration;

use plex_auth_proto::error::{Outcome, TransportErrorKind};
use plex_auth_proto::flow::{PinLogin, PinLoginError};

use super::{CREATED, GONE, LINKED, WAITING, login};
use crate::flows::harness::{Answer, Dated, Driven, RetryAfter, TransportError, cut_off, start};

#[test]
fn pin_that_is_gone_ends_the_login() {
    for response in [Answer(404, GONE), Answer(410, "")] {
        let mut driven = login();
        driven.respond(Answer(201, CREATED)).respond(Answer(200, WAITING)).respond(response);
        assert!(matches!(driven.finish(), Err(PinLoginError::Expired)));
    }
}

#[test]
fn transport_that_cannot_start_ends_the_login() {
    let mut driven = login();
    driven
        .respond(Answer(201, CREATED))
        .respond(TransportError(TransportErrorKind::NotStarted("no runtime is here"), true));
    let Err(PinLoginError::Failed(error)) = driven.finish() else { panic!() };
    assert_eq!(error.operation(), "getOAuthPin");
    assert_eq!(driven.gaps(), [1]);
}

#[test]
fn one_last_poll_when_the_pin_expires() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    while driven.last().at < 900 {
        driven.respond(Answer(200, WAITING));
    }
    assert!(matches!(driven.finish(), Err(PinLoginError::Expired)));
    assert_eq!(driven.last().at, 900);

    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    while driven.last().at < 895 {
        driven.respond(Answer(200, WAITING));
    }
    driven.respond(Answer(200, LINKED));
    assert!(driven.finish().is_ok(), "a PIN linked in its last seconds was lost");

    // The PIN expires while a poll is in flight. Its response says nothing about the last moments.
    let created = Dated("Tue, 14 Nov 2023 22:13:20 GMT", CREATED);
    let almost = r#"{"id":2147483650,"authToken":null,"expiresIn":1}"#;
    for response in
        [Answer(200, WAITING), Answer(200, almost), Dated("Tue, 14 Nov 2023 22:28:19 GMT", almost)]
    {
        let mut driven = login();
        driven.respond(created.clone());
        driven.now += Duration::from_millis(899_500);
        let poll = driven.send().unwrap();
        driven.now += Duration::from_secs(2);
        driven.complete(&poll, &response);
        driven.respond(Answer(200, LINKED));
        assert!(driven.finish().is_ok(), "{response:?}");
    }
}

#[test]
fn failed_last_poll_is_retried() {
    let mut driven = login();
    driven.respond(Answer(201, r#"{"id":7,"code":"G7KX","expiresIn":2}"#));
    while let Some(request) = driven.send() {
        driven.complete(&request, &TransportError(TransportErrorKind::Unreachable, false));
    }
    let Some(Err(PinLoginError::Failed(error))) = &driven.outcome else {
        panic!("{:?}", driven.outcome)
    };
    assert_eq!(error.as_transport().unwrap().kind(), TransportErrorKind::Unreachable);
    let over = driven.elapsed();
    assert!((32..80).contains(&over), "{over}");
}

#[test]
fn rate_limited_last_poll_is_retried_twice() {
    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    driven.now += Duration::from_secs(900);
    for _ in 0..3 {
        driven.respond(RetryAfter(429, "3600"));
    }
    assert!(matches!(driven.finish(), Err(PinLoginError::Failed(_))));
    assert_eq!(driven.gaps(), [900, 30, 30]);
}

#[test]
fn missing_responses_end_the_login() {
    let lost = TransportErrorKind::TimedOut(Duration::from_secs(10));
    let mut driven = login();
    let _ = driven.send().unwrap();
    let Err(PinLoginError::Failed(error)) = driven.finish() else { panic!() };
    let expected =
        "request to plex.tv failed: timed out after 10s (the request may have been carried out)";
    assert_eq!(error.to_string(), expected);
    assert_eq!(driven.sent.len(), 1);

    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    for _ in 0..100 {
        if driven.send().is_none() {
            break;
        }
    }
    let Some(Err(PinLoginError::Failed(error))) = &driven.outcome else { panic!() };
    assert_eq!(error.as_transport().unwrap().kind(), lost);
    let over = driven.elapsed();
    assert!((930..1020).contains(&over), "{over}");
    // Polls are sent at most 31 seconds apart, and at least one is sent when the PIN has expired.
    assert_eq!(driven.gaps()[..6], [1, 17, 19, 23, 31, 31]);
    assert!(driven.times().iter().any(|sent| *sent >= 900));

    // A late response does no harm, and the next one that arrives in time is accepted.
    let mut driven = login();
    driven.respond(Answer(201, CREATED));
    let late = driven.send().unwrap();
    driven.respond(Answer(200, WAITING));
    driven.complete(&late, &Answer(404, GONE));
    driven.respond(Answer(200, LINKED));
    driven.finish().unwrap();
}

#[test]
fn failed_creation_is_reported() {
    let mut driven = login();
    driven.respond(Answer(400, r#"{"errors":[{"code":1000}]}"#));
    let Err(PinLoginError::Failed(error)) = driven.finish() else { panic!() };
    assert_eq!(error.operation(), "createOAuthPin");

    let mut driven = login();
    driven
        .respond(Answer(503, r#"{"errors":[{"code":1013}]}"#))
        .respond(RetryAfter(429, "7"))
        .respond(Answer(201, CREATED))
        // Polling has its own backoff.
        .respond(Answer(502, ""))
        .respond(Answer(200, LINKED));
    assert_eq!(driven.gaps(), [2, 7, 1, 2]);

    for (longer, wait) in [("11", 11), ("3600", 3600), ("99999999", 86_400)] {
        let mut driven = login();
        driven.respond(Answer(502, "")).respond(RetryAfter(429, longer));
        assert!(
            matches!(driven.finish(), Err(PinLoginError::Failed(_))),
            "{longer} s is longer than the time limit"
        );
        assert_eq!(driven.elapsed(), 2);
        // A renewed login waits as long as Plex asked, and its backoff starts over.
        driven.flow.renew();
        driven.respond(Answer(502, "")).respond(Answer(201, CREATED));
        assert_eq!(driven.gaps(), [2, wait, 2]);
    }
    // The program can choose a longer time limit.
    let mut driven = login().with(|login| login.create_timeout(Duration::from_secs(60)));
    driven.respond(RetryAfter(429, "60")).respond(Answer(201, CREATED));
    assert_eq!(driven.gaps(), [60]);
}

#[test]
fn creation_is_retried_up_to_its_time_limit() {
    let portal = Answer(200, "<html>portal</html>");
    for failure in [Answer(502, ""), Answer(403, "<html>"), portal, cut_off(true)] {
        let mut driven = login();
        driven.respond_all([failure.clone(), failure.clone(), failure.clone(), failure]);
        assert_eq!(driven.gaps(), [2, 4, 4]);
        assert!(matches!(driven.finish(), Err(PinLoginError::Failed(_))));
        assert_eq!(driven.sent.len(), 4);
        // A renewed login waits only if Plex asked for that.
        let ended = driven.elapsed();
        driven.flow.renew();
        driven.send().unwrap();
        assert_eq!(driven.elapsed(), ended);
    }
    // A cancelled creation gets a last attempt, too.
    let mut driven = login();
    let creation = driven.send().unwrap();
    driven.now += Duration::from_millis(8_500);
    driven.cancel(&creation);
    driven.respond(Answer(201, CREATED)).respond(Answer(200, LINKED));
    assert!(driven.finish().is_ok());
    // After that, a cancelled creation ends the login.
    let mut driven = login();
    let creation = driven.send().unwrap();
    driven.now += Duration::from_millis(9_500);
    driven.cancel(&creation);
    let Err(PinLoginError::Failed(error)) = driven.finish() else { panic!() };
    assert_eq!(error.as_transport().unwrap().kind(), TransportErrorKind::Cancelled);
    assert_eq!((error.outcome(), driven.sent.len()), (Outcome::Unknown, 1));
    for permanent in [Answer(501, ""), Answer(404, r#"{"errors":[{"code":1002}]}"#)] {
        let mut driven = login();
        driven.respond(permanent);
        assert!(matches!(driven.finish(), Err(PinLoginError::Failed(_))));
        assert_eq!(driven.sent.len(), 1);
    }
}

/// The user of a web page must not be kept waiting indefinitely if the server accepts connections
/// but never responds.
#[test]
fn hanging_creation_ends_in_10_seconds() {
    let mut driven = login();
    let deadline = |driven: &Driven<PinLogin>| driven.sent.last().unwrap().deadline.unwrap();
    let first = driven.send().unwrap();
    assert_eq!(deadline(&driven), Duration::from_secs(10));
    driven.now += Duration::from_secs(4);
    driven.complete(&first, &Answer(503, r#"{"errors":[{"code":1013}]}"#));
    driven.send().unwrap();
    assert_eq!(deadline(&driven), Duration::from_secs(5));

    // A leaked driver reports nothing, but the login still ends.
    assert!(matches!(driven.finish(), Err(PinLoginError::Failed(_))));
    assert!(driven.now.elapsed() - start().elapsed() <= Duration::from_secs(20));
}

#[test]
fn pin_without_id_or_code_fails_at_creation() {
    for body in [r#"{"code":"G7KX"}"#, r#"{"id":7}"#, r#"{"id":{},"code":""}"#, "{}", "[]", "null"]
    {
        let mut driven = login();
        driven.respond(Answer(201, body));
        let Err(PinLoginError::Failed(error)) = driven.finish() else { panic!("{body}") };
        assert_eq!((error.operation(), driven.sent.len()), ("createOAuthPin", 1), "{body}");
        assert!(!error.is_retryable(), "{error}");
    }
}

#[test]
fn implausible_lifetime_becomes_the_default() {
    for (field, life) in [
        ("", 900),
        (r#","expiresIn":0"#, 900),
        (r#","expiresIn":-5"#, 900),
        (r#","expiresIn":"soon""#, 900),
        (r#","expiresIn":"20""#, 20),
        (r#","expiresIn":1000000000000"#, 86_400),
    ] {
        let body = format!(r#"{{"id":2147483650,"code":"G7KX"{field}}}"#);
        let mut driven = login();
        driven.respond(Answer(201, body.leak()));
        assert_eq!(driven.left(), life, "{field}");
        // No poll is sent until just before the PIN expires.
        driven.now += Duration::from_secs(life - 1);
        driven.respond(Answer(200, WAITING)).respond(Answer(200, WAITING));
        assert!(matches!(driven.finish(), Err(PinLoginError::Expired)), "{field}");
        assert_eq!(driven.last().at, life, "{field}");
    }
}
