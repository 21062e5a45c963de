//! Refreshers that save through their driver.

use std::time::Duration;

use plex_auth_proto::flow::{
    Action, Completion, DeviceTokenEnd, DeviceTokenProgress, DeviceTokenRefresher, Now, RequestId,
    SaveError, TransientTokenProgress, TransientTokenRefresher,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
use plex_auth_proto::token_source::Refresher;
use plex_auth_proto::{Flow, MediaServer, Secret, Step, Token};

use super::harness::{plex_tv, start};

struct Key(Jwk);

impl DeviceKey for Key {
    fn jwk(&self) -> &Jwk {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        Ok([0; 64])
    }
}

fn key() -> Key {
    Key(Jwk::new([7; 32], "den-2026").unwrap())
}

fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

fn registering() -> DeviceTokenRefresher<Key> {
    plex_tv("id").register_device(key(), token("old")).save_through_driver()
}

/// Returns a refresher that was restored with the token `t0`.
fn restored() -> DeviceTokenRefresher<Key> {
    let saved = plex_tv("id").device_token_refresher(key(), token("t0")).save();
    let flow = DeviceTokenRefresher::restore(plex_tv("id"), key(), saved.expose()).unwrap();
    flow.save_through_driver()
}

/// Returns a refresher that is saving the token that replaces `t0`, and the ID of the save.
fn saving_a_new_token() -> (DeviceTokenRefresher<Key>, RequestId) {
    let mut flow = restored();
    flow.renew_now();
    respond(&mut flow, start(), r#"{"nonce":"b7d0-41c9"}"#);
    respond(&mut flow, start(), r#"{"auth_token":"eyJh.eyJp.c2ln"}"#);
    let (id, _) = save(&mut flow, start());
    (flow, id)
}

fn transient() -> TransientTokenRefresher {
    let me = plex_tv("id").identity().clone();
    let server = MediaServer::new(me, "http://10.0.0.7:32400".parse().unwrap(), token("s3rv3r"));
    server.transient_token_refresher().save_through_driver()
}

/// Polls a flow whose next step is a save, and returns the save's ID and state.
fn save<F: Flow>(flow: &mut F, now: Now) -> (RequestId, Secret) {
    match flow.poll(now) {
        Step::Do(id, Action::Save(state)) => (id, state),
        _ => panic!("the next step is not a save"),
    }
}

/// Polls a flow whose next step is a request, and completes the request with this response body.
fn respond<F: Flow>(flow: &mut F, now: Now, body: &'static str) {
    match flow.poll(now) {
        Step::Do(id, Action::Send(_)) => {
            flow.complete(now, id, Completion::Response(Response::new(body.into())));
        }
        _ => panic!("the next step is not a request"),
    }
}

fn respond_transient(flow: &mut TransientTokenRefresher, now: Now, number: u8) {
    let body = match number {
        1 => r#"{"MediaContainer":{"token":"transient-1"}}"#,
        _ => r#"{"MediaContainer":{"token":"transient-2"}}"#,
    };
    respond(flow, now, body);
}

fn is_waiting<F: Flow>(flow: &mut F, now: Now) -> bool {
    matches!(flow.poll(now), Step::Wait(_))
}

fn failures() -> [Completion; 2] {
    [Completion::Saved(Err(SaveError::new("disk full"))), Completion::Unsupported]
}

#[test]
fn key_is_registered_only_after_a_save() {
    let mut flow = registering();
    let (id, state) = save(&mut flow, start());
    assert!(state.expose().contains("den-2026"));
    assert!(is_waiting(&mut flow, start()), "the key is registered before the save is done");
    flow.complete(start(), id, Completion::Saved(Ok(())));
    assert!(matches!(flow.poll(start()), Step::Do(_, Action::Send(_))));

    for failure in failures() {
        let mut flow = registering();
        let (id, _) = save(&mut flow, start());
        flow.complete(start(), id, failure);
        let Step::Done(end) = flow.poll(start()) else { panic!("not finished") };
        assert!(matches!(end, DeviceTokenEnd::NotSaved(_)), "{end}");
    }
}

#[test]
fn token_is_handed_out_after_its_save() {
    let mut results = vec![Completion::Saved(Ok(()))];
    results.extend(failures());
    for (index, result) in results.into_iter().enumerate() {
        let mut flow = registering();
        let (id, _) = save(&mut flow, start());
        flow.complete(start(), id, Completion::Saved(Ok(())));
        respond(&mut flow, start(), "{}");
        respond(&mut flow, start(), r#"{"nonce":"b7d0-41c9"}"#);
        respond(&mut flow, start(), r#"{"auth_token":"eyJh.eyJp.c2ln"}"#);
        assert!(flow.token().is_none() && flow.renewals() == 0);
        let (id, state) = save(&mut flow, start());
        assert!(state.expose().contains("eyJh.eyJp.c2ln"));
        assert!(flow.token().is_none() && is_waiting(&mut flow, start()));
        flow.complete(start(), id, result);
        assert_eq!(flow.token().map(Token::expose), Some("eyJh.eyJp.c2ln"));
        match flow.progress(start()) {
            DeviceTokenProgress::Active { renewals: 1, save_error, .. } => {
                assert_eq!(save_error.is_some(), index > 0);
            }
            progress => panic!("{progress:?}"),
        }
    }
}

#[test]
fn first_token_is_saved_unless_restored() {
    let mut flow = plex_tv("id").device_token_refresher(key(), token("t0")).save_through_driver();
    assert!(flow.token().is_none());
    let (id, state) = save(&mut flow, start());
    flow.complete(start(), id, Completion::Saved(Ok(())));
    assert_eq!((flow.token().map(Token::expose), flow.renewals()), (Some("t0"), 0));

    let flow = DeviceTokenRefresher::restore(plex_tv("id"), key(), state.expose()).unwrap();
    let mut flow = flow.save_through_driver();
    assert_eq!(flow.token().map(Token::expose), Some("t0"));
    assert!(!matches!(flow.poll(start()), Step::Do(_, Action::Save(_))));

    // The token was renewed before the refresher was to save it.
    let mut flow = DeviceTokenRefresher::restore(plex_tv("id"), key(), state.expose()).unwrap();
    flow.renew_now();
    respond(&mut flow, start(), r#"{"nonce":"b7d0-41c9"}"#);
    respond(&mut flow, start(), r#"{"auth_token":"eyJh.eyJp.c2ln"}"#);
    let (_, state) = save(&mut flow.save_through_driver(), start());
    assert!(state.expose().contains("eyJh.eyJp.c2ln"));
}

#[test]
fn renew_now_during_a_save_hands_out_the_new_token() {
    let (mut flow, id) = saving_a_new_token();
    flow.renew_now();
    assert!(flow.token().is_none());
    flow.complete(start(), id, Completion::Saved(Ok(())));
    let current = flow.current(start());
    assert_eq!(current.unwrap().token().expose(), "eyJh.eyJp.c2ln");
}

#[test]
fn rejection_during_a_save_requests_no_renewal() {
    let (mut flow, id) = saving_a_new_token();
    assert!(flow.token().is_none());
    flow.rejected(&token("t0"));
    let later = start() + Duration::from_secs(3600);
    assert!(is_waiting(&mut flow, later), "requested again");
    flow.complete(later, id, Completion::Saved(Ok(())));
    assert_eq!(flow.token().map(Token::expose), Some("eyJh.eyJp.c2ln"));
}

#[test]
fn rejected_token_is_not_handed_out_during_a_save() {
    let mut flow = restored();
    flow.rejected(&token("t0"));
    respond(&mut flow, start(), r#"{"nonce":"b7d0-41c9"}"#);
    respond(&mut flow, start(), r#"{"auth_token":"eyJh.eyJp.c2ln"}"#);
    let (id, _) = save(&mut flow, start());
    assert!(flow.current(start()).is_none(), "the rejected token was handed out");
    flow.complete(start(), id, Completion::Saved(Ok(())));
    assert_eq!(flow.current(start()).unwrap().token().expose(), "eyJh.eyJp.c2ln");
}

#[test]
fn cancelled_save_is_requested_again() {
    let mut flow = transient();
    respond_transient(&mut flow, start(), 1);
    let (id, _) = save(&mut flow, start());
    flow.complete(start(), id, Completion::Cancelled);
    assert!(is_waiting(&mut flow, start()) && flow.token().is_none());
    let later = start() + Duration::from_secs(1);
    let (id, _) = save(&mut flow, later);
    flow.complete(later, id, Completion::Saved(Ok(())));
    assert!(flow.token().is_some());
}

#[test]
fn previous_token_is_handed_out_meanwhile() {
    let mut flow = transient();
    respond_transient(&mut flow, start(), 1);
    let (id, _) = save(&mut flow, start());
    flow.complete(start(), id, Completion::Saved(Ok(())));
    let later = start() + Duration::from_secs(47 * 3600);
    respond_transient(&mut flow, later, 2);
    let (id, state) = save(&mut flow, later);
    assert!(state.expose().contains("transient-2"));
    assert_eq!(flow.token().map(Token::expose), Some("transient-1"));
    // The token is rejected while its successor is being saved, so nothing is requested again.
    flow.rejected(later, &token("transient-1"));
    assert!(is_waiting(&mut flow, later) && flow.token().is_none());
    assert!(is_waiting(&mut flow, later + Duration::from_secs(60)), "requested again");
    flow.complete(later, id, Completion::Saved(Err(SaveError::new("disk full"))));
    assert_eq!(flow.token().map(Token::expose), Some("transient-2"));
    let progress = flow.progress(later);
    assert!(matches!(progress, TransientTokenProgress::Active { save_error: Some(_), .. }));
}

#[test]
fn token_replaced_during_its_save_is_not_handed_out() {
    let mut flow = transient();
    respond_transient(&mut flow, start(), 1);
    let (first, _) = save(&mut flow, start());
    // The save hangs until the token is renewed.
    let later = start() + Duration::from_secs(47 * 3600);
    respond_transient(&mut flow, later, 2);
    assert!(is_waiting(&mut flow, later), "two saves at once");
    flow.complete(later, first, Completion::Saved(Ok(())));
    assert!(flow.token().is_none());
    let (second, state) = save(&mut flow, later);
    assert!(state.expose().contains("transient-2"));
    flow.complete(later, second, Completion::Saved(Ok(())));
    assert_eq!(flow.token().map(Token::expose), Some("transient-2"));
}

#[test]
fn without_a_clock_the_token_is_handed_out() {
    let mut flow = transient();
    let now = Now::without_wall_clock(Duration::ZERO);
    respond_transient(&mut flow, now, 1);
    assert!(is_waiting(&mut flow, now) && flow.token().is_some());
    let progress = flow.progress(now);
    assert!(matches!(progress, TransientTokenProgress::Active { save_error: Some(_), .. }));
}

#[test]
fn save_error_shows_no_token() {
    let mut flow = transient();
    respond_transient(&mut flow, start(), 1);
    let (id, state) = save(&mut flow, start());
    let error = SaveError::new(format!("cannot write {}", state.expose()));
    assert!(!format!("{error} {error:?}").contains("transient-1"));
    flow.complete(start(), id, Completion::Saved(Err(error)));
    let progress = flow.progress(start());
    let TransientTokenProgress::Active { save_error: Some(error), .. } = progress else { panic!() };
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("redacted") && !source.contains("transient-1"), "{source}");

    // A newer token arrives during the save.
    let mut flow = transient();
    respond_transient(&mut flow, start(), 1);
    let (id, state) = save(&mut flow, start());
    flow.set_token(token("an0ther"));
    let later = start() + Duration::from_secs(2);
    respond_transient(&mut flow, later, 2);
    let error = SaveError::new(format!("cannot write {}", state.expose()));
    flow.complete(later, id, Completion::Saved(Err(error)));
    let source = std::error::Error::source(&flow.save_error().unwrap()).unwrap().to_string();
    assert!(source.contains("redacted") && !source.contains("transient-1"), "{source}");
}

#[test]
fn token_that_expires_unsaved_is_not_handed_out() {
    let mut flow = transient();
    respond_transient(&mut flow, start(), 1);
    let (id, _) = save(&mut flow, start());
    flow.complete(start(), id, Completion::Cancelled);
    let later = start() + Duration::from_secs(49 * 3600);
    assert!(matches!(flow.poll(later), Step::Do(_, Action::Send(_))));
    assert!(flow.token().is_none() && flow.save_error().is_none(), "{:?}", flow.save_error());

    // The driver reports the save after the token has expired.
    let mut flow = transient();
    respond_transient(&mut flow, start(), 1);
    let (id, _) = save(&mut flow, start());
    flow.complete(later, id, Completion::Saved(Ok(())));
    assert!(flow.token().is_none());
}
