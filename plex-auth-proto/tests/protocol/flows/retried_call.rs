//! Calls that are retried.

use std::time::Duration;

use plex_auth_proto::error::{Outcome, TransportErrorKind};
use plex_auth_proto::flow::RetriedCall;
use plex_auth_proto::{Credentials, Token};

use super::harness::{Answer, Driven, RetryAfter, cut_off, plex_tv};

#[test]
fn idempotent_call_is_retried_with_backoff() {
    let plex_tv = plex_tv("id");
    let mut driven = Driven::new(RetriedCall::new(|| plex_tv.plex_keys()));
    driven.respond_all([Answer(502, ""), cut_off(true), RetryAfter(429, "20")]);
    driven.respond(Answer(200, r#"{"keys":[]}"#));
    assert!(driven.finish().unwrap().keys.is_empty());
    assert_eq!(driven.gaps(), [2, 4, 20]);

    // A late success is accepted, but not a late error.
    let mut driven = Driven::new(RetriedCall::new(|| plex_tv.plex_keys()).timeout(Duration::MAX));
    let (late, later) = (driven.send().unwrap(), driven.send().unwrap());
    let last = driven.send().unwrap();
    driven.complete(&late, &Answer(400, ""));
    driven.complete(&later, &Answer(200, r#"{"keys":[]}"#));
    driven.complete(&last, &Answer(503, ""));
    assert!(driven.finish().unwrap().keys.is_empty());
    // A lost request is a failure.
    assert_eq!(driven.gaps(), [60 + 2, 60 + 4]);

    // A refusal is not retried.
    let token = Token::new("abc").unwrap();
    let mut driven = Driven::new(RetriedCall::new(|| plex_tv.token_details(&token)));
    driven.respond(Answer(401, r#"{"errors":[{"code":1001}]}"#));
    assert!(driven.finish().unwrap_err().is_token_invalid());

    // A retry at the time limit would come too late.
    let retried = RetriedCall::new(|| plex_tv.plex_keys()).timeout(Duration::from_secs(6));
    let mut driven = Driven::new(retried);
    driven.respond_all([Answer(502, ""), Answer(503, "")]);
    assert_eq!(driven.finish().unwrap_err().status().unwrap(), 503);
    assert_eq!(driven.elapsed(), 2);

    // The program polled too late for a retry.
    let mut driven = Driven::new(RetriedCall::new(|| plex_tv.plex_keys()));
    driven.respond(Answer(502, ""));
    driven.now += Duration::from_secs(70);
    assert_eq!(driven.finish().unwrap_err().status().unwrap(), 502);
}

#[test]
fn other_call_is_retried_only_if_not_carried_out() {
    let plex_tv = plex_tv("id");
    let retried = || Driven::new(RetriedCall::new(|| plex_tv.create_short_pin()));
    let mut driven = retried();
    driven.respond(cut_off(true));
    driven.finish().unwrap_err();
    let mut driven = retried();
    driven.respond(cut_off(false)).respond(Answer(201, r#"{"id":7,"code":"G7KX"}"#));
    driven.finish().unwrap();
}

#[test]
fn cancelled_call_is_sent_again_only_if_idempotent() {
    let plex_tv = plex_tv("id");
    let credentials = Credentials::new("rosa", "hunter2").unwrap();
    let mut driven = Driven::new(RetriedCall::new(|| plex_tv.sign_in(&credentials)));
    let request = driven.send().unwrap();
    driven.cancel(&request);
    let error = driven.finish().unwrap_err();
    assert_eq!(error.as_transport().unwrap().kind(), TransportErrorKind::Cancelled);
    assert_eq!((error.outcome(), driven.sent.len()), (Outcome::Unknown, 1));

    let mut driven = Driven::new(RetriedCall::new(|| plex_tv.plex_keys()));
    let request = driven.send().unwrap();
    driven.cancel(&request);
    driven.respond(Answer(200, r#"{"keys":[]}"#));
    driven.finish().unwrap();
    assert_eq!(driven.gaps(), [1]);
}

#[test]
fn sign_in_is_never_retried() {
    let plex_tv = plex_tv("id");
    let credentials = Credentials::new("rosa", "hunter2").unwrap();
    for response in [cut_off(false), cut_off(true), RetryAfter(429, "1"), Answer(503, "")] {
        let mut driven = Driven::new(RetriedCall::new(|| plex_tv.sign_in(&credentials)));
        driven.respond(response);
        driven.finish().unwrap_err();
        assert_eq!(driven.sent.len(), 1);
    }
}
