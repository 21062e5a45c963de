//! Misused flows: completions and clock readings that no driver should produce are ignored, and
//! nothing is lost.

use std::time::Duration;

use plex_auth_proto::flow::{Completion, Now, RequestId};
use plex_auth_proto::server::Resource;
use plex_auth_proto::{ClientIdentity, Flow, MediaServer, Step, Token};

use super::harness::{Answer, Driven, InFlight, Scripted, plex_tv, start};

fn token() -> Token {
    Token::new("xyz-Abc_0123456789ab").unwrap()
}

/// Returns an ID that no flow in this process is waiting for.
fn unknown_id() -> RequestId {
    Driven::new(plex_tv("id").token_check(&token())).send().unwrap().id
}

/// Misuses a flow that ends when its only request receives this response.
fn misused<F: Flow>(flow: F, response: &Scripted) -> F::Output {
    let mut driven = Driven::new(flow);
    let request = driven.send().unwrap();
    let now = driven.now;
    let complete = |driven: &mut Driven<F>, id, completion| {
        driven.flow.complete(now, id, completion);
        assert!(!matches!(driven.flow.poll(now), Step::Done(_) | Step::Finished));
    };
    complete(&mut driven, unknown_id(), response.completion(&request.outgoing));
    complete(&mut driven, unknown_id(), Completion::Unsupported);
    complete(&mut driven, request.id, Completion::Signed(Ok([0; 64])));
    // Elapsed time goes back, and the wall clock is missing.
    driven.now = Now::without_wall_clock(Duration::ZERO);
    driven.settle();
    driven.now = start();
    respond_twice(&mut driven, &request, response);
    let outcome = driven.finish();
    respond_twice(&mut driven, &request, response);
    assert!(matches!(driven.flow.poll(driven.now), Step::Finished));
    outcome
}

fn respond_twice<F: Flow>(driven: &mut Driven<F>, request: &InFlight, response: &Scripted) {
    driven.complete(request, response);
    driven.complete(request, response);
}

#[test]
fn misuse_of_a_flow_is_ignored() {
    let plex_tv = || plex_tv("id");
    misused(plex_tv().token_check(&token()), &Answer(200, r#"{"id":7}"#));
    misused(plex_tv().server_access(&token(), "5f0e1c2d"), &Answer(200, "[]"));
    misused(plex_tv().link_code_login(), &Answer(400, "")).unwrap_err();
    let server: Resource = serde_json::from_str(
        r#"{"clientIdentifier":"5f0e1c2d","connections":[{"uri":"https://plex.example:32400"}]}"#,
    )
    .unwrap();
    let me = ClientIdentity::builder("id").build().unwrap();
    let right = Answer(200, r#"{"MediaContainer":{"machineIdentifier":"5f0e1c2d"}}"#);
    misused(server.choose_connection(me), &right).unwrap();
}

#[test]
fn unsupported_request_is_named() {
    let mut driven = Driven::new(plex_tv("id").link_code_login());
    let request = driven.send().unwrap();
    driven.flow.complete(driven.now, request.id, Completion::Unsupported);
    let error = driven.finish().unwrap_err().to_string();
    assert!(
        error.ends_with("the driver does not support sending requests (nothing was sent)"),
        "{error}"
    );
}

#[test]
fn refused_refresher_waits_for_its_program() {
    let me = ClientIdentity::builder("id").build().unwrap();
    let server = MediaServer::new(me, "http://10.0.0.7:32400".parse().unwrap(), token());
    let mut driven = Driven::new(server.transient_token_refresher());
    driven.respond(Answer(401, ""));
    assert!(matches!(driven.flow.poll(driven.now), Step::Wait(None)));
    driven.flow.retry();
    assert!(driven.send().is_some());
}

#[test]
fn flows_with_one_output_fit_into_one_type() {
    let flows: Vec<Box<dyn Flow<Output = bool> + Send>> = vec![
        Box::new(IsValid(plex_tv("id").token_check(&token()))),
        Box::new(IsValid(plex_tv("other").token_check(&token()))),
    ];
    for flow in flows {
        let mut driven = Driven::new(flow);
        driven.respond(Answer(200, r#"{"id":7}"#));
        assert!(driven.finish());
    }
}

/// A flow that maps the output of another flow.
struct IsValid(plex_auth_proto::flow::TokenCheck);

impl Flow for IsValid {
    type Output = bool;

    fn poll(&mut self, now: Now) -> Step<bool> {
        let is_valid = |state| matches!(state, plex_auth_proto::flow::TokenState::Valid(_));
        self.0.poll(now).map(is_valid)
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        self.0.complete(now, id, completion);
    }
}
