//! Checking a token and its access to a server.

use std::time::Duration;

use plex_auth_proto::error::{Outcome, TlsErrorKind, TransportErrorKind};
use plex_auth_proto::flow::{
    Access, AccessError, RetryProgress, ServerAccess, TokenCheck, TokenState,
};
use plex_auth_proto::{Flow, Step, Token};
use proptest::prelude::{Strategy, TestCaseError, prop_assert, prop_oneof, proptest};

use super::chaos::{Bounds, Event, chaos, events};
use super::harness::{Answer, Driven, RetryAfter, Scripted, TransportError, plex_tv, start};
use crate::config;

const ACCOUNT: &str = r#"{"id":7,"username":"rosa"}"#;
const SERVERS: &str = r#"[
    {"name":"Rosa's telephone","provides":"player"},
    {"provides":"server","clientIdentifier":"5f0e1c2d","accessToken":"s3rv3r","owned":false}]"#;
const OTHERS: &str = r#"[{"provides":"server","clientIdentifier":"0ther"},
    {"provides":"player","clientIdentifier":"5f0e1c2d"},{"provides":"player"}]"#;

fn token() -> Token {
    Token::new("xyz-Abc_0123456789ab").unwrap()
}

fn check() -> Driven<TokenCheck> {
    Driven::new(plex_tv("id").token_check(&token()))
}

fn access() -> Driven<ServerAccess> {
    Driven::new(plex_tv("id").server_access(&token(), "5f0e1c2d"))
}

#[test]
fn token_state_follows_plex() {
    let TokenState::Valid(account) = check().respond(Answer(200, ACCOUNT)).finish() else {
        panic!()
    };
    assert_eq!(account.username.as_deref(), Some("rosa"));
    assert!(account.auth_token.is_none());
    for invalid in [
        Answer(401, r#"{"errors":[{"code":1001}]}"#),
        Answer(401, ""),
        Answer(498, ""),
        Answer(422, r#"{"errors":[{"message":"Invalid token"}]}"#),
    ] {
        let state = check().respond(Answer(502, "")).respond(invalid.clone()).finish();
        assert!(matches!(state, TokenState::Invalid(_)), "{invalid:?}");
        let access = access().respond(Answer(502, "")).respond(invalid.clone()).finish();
        assert!(matches!(access, Access::TokenInvalid(_)), "{invalid:?}");
    }
}

#[test]
fn errors_are_retried_with_backoff_for_a_minute() {
    let mut driven = check();
    assert!(matches!(driven.progress(), RetryProgress::Requesting));
    for (response, wait) in [
        (Answer(401, "<html>Sign in to the network</html>"), 2),
        (TransportError(TransportErrorKind::NameNotFound, true), 4),
        (Answer(200, "<html>Sign in to the network</html>"), 8),
        (TransportError(TransportErrorKind::TimedOut(Duration::from_secs(30)), true), 16),
    ] {
        driven.respond(response);
        let RetryProgress::Waiting { last_error: why, next_request: left, .. } = driven.progress()
        else {
            panic!()
        };
        assert!(why.is_retryable());
        assert_eq!(left.as_secs(), wait);
    }
    driven.respond(RetryAfter(429, "20"));
    assert_eq!(driven.times(), [0, 2, 6, 14, 30]);
    let request = driven.send().unwrap();
    assert!(matches!(driven.progress(), RetryProgress::Requesting));
    driven.complete(&request, &Answer(200, ACCOUNT));
    assert_eq!(driven.last().at, 50);
    assert!(matches!(driven.finish(), TokenState::Valid(_)));
    assert!(matches!(driven.progress(), RetryProgress::Finished));
}

#[test]
fn unknown_has_the_error_and_when_to_retry() {
    let unknown = |driven: &mut Driven<TokenCheck>| match driven.finish() {
        TokenState::Unknown { error: why, retry_in, .. } => {
            (why, retry_in.map(|time| time.as_secs()))
        }
        state => panic!("{state:?}"),
    };
    // Transport errors are retried for a minute.
    let mut driven = check();
    for _ in 0..5 {
        driven.respond(TransportError(TransportErrorKind::Unreachable, true));
    }
    driven.respond(TransportError(TransportErrorKind::Unreachable, true));
    let (why, retry_in) = unknown(&mut driven);
    assert_eq!(why.as_transport().unwrap().kind(), TransportErrorKind::Unreachable);
    assert_eq!((driven.times(), retry_in), (vec![0, 2, 6, 14, 30, 46], Some(16)));

    // A `Retry-After` beyond the timeout ends the check at once.
    let mut driven = check();
    let (why, retry_in) = unknown(driven.respond(RetryAfter(429, "3600")));
    assert_eq!((why.status().unwrap().as_u16(), retry_in), (429, Some(3600)));
    assert_eq!(driven.now, start());

    // The time until the retry is limited, so that it can safely be added to a clock reading.
    let (_, retry_in) = unknown(check().respond(RetryAfter(429, "18446744073709551615")));
    assert_eq!(retry_in, Some(24 * 3600));

    // Errors that are not retryable end the check at once.
    for response in [
        Answer(400, r#"{"errors":[{"code":1000}]}"#),
        Answer(302, ""),
        Answer(200, "[]"),
        Answer(200, "{}"),
        Answer(200, r#"{"errors":[{"code":1001}]}"#),
        TransportError(TransportErrorKind::Tls(TlsErrorKind::UntrustedIssuer), true),
        TransportError(TransportErrorKind::NotStarted("no runtime is here"), true),
    ] {
        let mut driven = check();
        let (_, retry_in) = unknown(driven.respond(response.clone()));
        assert_eq!((driven.now, retry_in), (start(), None), "{response:?}");
    }
}

#[test]
fn timeout_ends_a_request_in_flight() {
    let mut driven =
        Driven::new(plex_tv("id").token_check(&token()).timeout(Duration::from_secs(5)));
    driven.respond(Answer(502, ""));
    let request = driven.send().unwrap();
    let TokenState::Unknown { error: why, retry_in, .. } = driven.finish() else { panic!() };
    let timed_out = TransportErrorKind::TimedOut(Duration::from_secs(5));
    let why = why.as_transport().unwrap();
    assert_eq!((why.kind(), why.outcome()), (timed_out, Outcome::Unknown));
    assert_eq!(retry_in, Some(Duration::from_secs(4)));
    assert_eq!(driven.now, start() + Duration::from_secs(5));
    // A late response changes nothing.
    driven.complete(&request, &Answer(401, ""));
    assert!(matches!(driven.flow.poll(driven.now), Step::Finished));

    let mut driven =
        Driven::new(plex_tv("id").server_access(&token(), "x").timeout(Duration::ZERO));
    let _ = driven.send().unwrap();
    assert!(matches!(driven.finish(), Access::Unknown { .. }));
    assert_eq!(driven.now, start() + Duration::from_secs(1), "the timeout is not one second");
}

#[test]
fn server_is_found_by_its_identifier() {
    let mut driven = access();
    let request = driven.send().unwrap();
    assert_eq!(request.outgoing.request().headers()["x-plex-token"], "xyz-Abc_0123456789ab");
    assert!(request.outgoing.request().uri().path().ends_with("/resources"));

    let Access::Granted(server) = access().respond(Answer(200, SERVERS)).finish() else { panic!() };
    assert_eq!(server.access_token.unwrap().expose(), "s3rv3r");
    assert_eq!(server.owned, Some(false));
    // Unreadable rows do not matter if the server is found.
    let beside =
        r#"[7,{"provides":["server"]},{"provides":"server","clientIdentifier":"5f0e1c2d"}]"#;
    assert!(matches!(access().respond(Answer(200, beside)).finish(), Access::Granted(_)));
    // Surrounding whitespace, as read from a file, is ignored.
    let mut driven = Driven::new(plex_tv("id").server_access(&token(), " 5f0e1c2d\n"));
    assert!(matches!(driven.respond(Answer(200, SERVERS)).finish(), Access::Granted(_)));
}

#[test]
fn denied_only_if_every_row_is_readable() {
    for none in ["[]", OTHERS, r#"[{"provides":"server","clientIdentifier":"5F0E1C2D"}]"#] {
        assert!(matches!(access().respond(Answer(200, none)).finish(), Access::Denied), "{none}");
    }
    let mut driven = Driven::new(plex_tv("id").server_access(&token(), " "));
    assert!(matches!(driven.respond(Answer(200, SERVERS)).finish(), Access::Denied));

    for (body, expected) in [
        ("[7]", "."),
        ("[null]", "."),
        (r#"["a row",{"provides":"player"}]"#, "."),
        (r#"[{"provides":"server","clientIdentifier":[1]}]"#, "0.clientIdentifier"),
        (r#"[{"provides":"player"},{"provides":"server"}]"#, "1.clientIdentifier"),
        (r#"[{"provides":{},"clientIdentifier":"5f0e1c2d"}]"#, "0.provides"),
        (r#"[{}]"#, "0.clientIdentifier"),
    ] {
        let Access::Unknown { error: why, retry_in, .. } =
            access().respond(Answer(200, body)).finish()
        else {
            panic!("{body}")
        };
        assert_eq!(retry_in, None);
        let text = why.to_string();
        let AccessError::Unreadable { fields, .. } = why else { panic!("{why}") };
        assert_eq!(fields, [expected], "{body}");
        let reason = match expected {
            "." => "some entries in the server list could not be read".to_owned(),
            field => format!("fields in the server list are missing or unreadable: `{field}`"),
        };
        let what = "cannot determine whether the account has access to the server";
        assert_eq!(text, format!("{what}: {reason}"));
    }
    // An error, or a successful response that is not a list, does not deny access.
    let forbidden = r#"{"errors":[{"code":1009}]}"#;
    for response in [Answer(200, "{}"), Answer(403, forbidden), Answer(302, "")] {
        let Access::Unknown { error: AccessError::Failed(_), .. } =
            access().respond(response).finish()
        else {
            panic!()
        };
    }
}

#[test]
fn debug_redacts_tokens() {
    let (mut check, mut access) = (check(), access());
    check.respond(Answer(200, ACCOUNT));
    access.respond(Answer(200, SERVERS));
    let shown = format!("{:?} {:?}", check.flow, access.flow);
    for secret in ["xyz", "s3rv3r"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

fn response() -> impl Strategy<Value = Scripted> + Clone {
    let bodies = [
        ACCOUNT,
        SERVERS,
        OTHERS,
        "[]",
        "{}",
        "",
        "<html>",
        "{",
        "[7]",
        r#"[{"provides":"server"}]"#,
    ];
    let waits = ["0", "5", "99999999999", "x", "Wed, 21 Oct 2015 07:28:00 GMT"];
    let kinds = [
        TransportErrorKind::CutOff,
        TransportErrorKind::NameNotFound,
        TransportErrorKind::TimedOut(Duration::from_secs(30)),
        TransportErrorKind::NotStarted("no"),
    ];
    prop_oneof![
        (0..bodies.len()).prop_map(move |which| Answer(200, bodies[which])),
        (100_u16..600).prop_map(|status| Answer(status, "")),
        (0..waits.len()).prop_map(move |which| RetryAfter(429, waits[which])),
        (0..kinds.len()).prop_map(move |which| TransportError(kinds[which], true)),
    ]
}

/// Drives the flow to its end, and returns the outcome and the last response.
fn outcome<F: Flow>(
    flow: F,
    events: &[Event],
) -> Result<(F::Output, Option<Scripted>), TestCaseError> {
    let bounds = Bounds {
        interval: Duration::from_secs(1),
        timeout: Duration::from_secs(60),
        grace: Duration::ZERO,
        rounds: 10_000,
    };
    let chaos = chaos(flow, events, bounds, |_, _| None).map_err(TestCaseError::fail)?;
    let last = chaos.received.into_iter().next_back().map(|(_, response)| response);
    Ok((chaos.outcome.expect("an outcome"), last))
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn outcome_is_that_of_the_last_response(events in events(Answer(502, ""), response())) {
        let (state, last) = outcome(plex_tv("id").token_check(&token()), &events)?;
        let is_invalid = matches!(last, Some(Answer(401 | 498, _)));
        let is_valid = matches!(last, Some(Answer(_, ACCOUNT)));
        match state {
            TokenState::Valid(_) => prop_assert!(is_valid),
            TokenState::Invalid(_) => prop_assert!(is_invalid),
            _ => prop_assert!(!is_invalid && !is_valid, "{last:?}"),
        }

        let (access, last) = outcome(plex_tv("id").server_access(&token(), "5f0e1c2d"), &events)?;
        let is_invalid = matches!(last, Some(Answer(401 | 498, _)));
        let is_granted = matches!(last, Some(Answer(_, SERVERS)));
        let is_denied = matches!(last, Some(Answer(_, OTHERS | "[]")));
        match access {
            Access::Granted(_) => prop_assert!(is_granted),
            Access::Denied => prop_assert!(is_denied),
            Access::TokenInvalid(_) => prop_assert!(is_invalid),
            _ => prop_assert!(!is_invalid && !is_granted && !is_denied, "{last:?}"),
        }
    }
}
