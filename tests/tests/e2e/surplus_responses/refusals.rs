//! A refusal on a reused connection may be the response to another request, so it must be
//! confirmed.

use std::time::Duration;

use plex_auth_proto::Token;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::pin::{PinId, PinState};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::{RawServer, Step, in_parallel};

use super::{CARRIERS, NILO, ROSA, fetch, success};
use crate::harness::{plex_tv_at, write_response};

const INVALID: &str = r#"{"errors":[{"code":1001,"message":"x","status":401}]}"#;
const GONE: &str = r#"{"errors":[{"code":1020,"message":"x","status":404}]}"#;

/// Returns a server that sends a refusal twice on its first connection, and runs these steps on its
/// second connection.
fn surplus_refusal(status: &str, body: &str, second: Vec<Step>) -> RawServer {
    let refusal = || write_response(status, body);
    let first = vec![refusal(), Step::AwaitRequest, refusal(), Step::StallUntilDropped];
    RawServer::per_connection(vec![first, second])
}

#[test]
fn surplus_refusal_is_not_believed() {
    in_parallel(Carrier::transports(), |carrier| {
        let second = vec![success(ROSA), Step::StallUntilDropped];
        let server = surplus_refusal("401 Unauthorized", INVALID, second);
        let details = |token| plex_tv_at(&server.url()).token_details(&Token::new(token).unwrap());
        assert!(carrier.send(details("invalid")).unwrap_err().is_token_invalid());
        // The connection is new, so the refusal needs no confirmation.
        assert_eq!(server.requests().len(), 1, "{}", carrier.name());
        let rosa = carrier.send(details("token-1"));
        assert_eq!(rosa.unwrap().id, Some(1), "{}", carrier.name());
        assert_eq!((server.requests().len(), server.connections()), (3, 2), "{}", carrier.name());

        let second = vec![success(NILO), Step::StallUntilDropped];
        let server = surplus_refusal("404 Not Found", GONE, second);
        let poll = |id| plex_tv_at(&server.url()).poll_pin(&PinId::new(id));
        assert!(carrier.send(poll(1)).unwrap_err().is_pin_gone());
        let pin = carrier.send(poll(2)).unwrap();
        assert!(matches!(pin, PinState::Linked { .. }), "{}: {pin:?}", carrier.name());
    });
}

#[test]
fn fetch_confirms_a_refusal() {
    in_parallel(CARRIERS, |carrier| {
        let carrier = carrier();
        let again = || [Step::AwaitRequest, success(ROSA)];
        let server = surplus_refusal(
            "401 Unauthorized",
            INVALID,
            again().into_iter().skip(1).chain(again()).collect(),
        );
        let details = || plex_tv_at(&server.url()).token_details(&Token::new("token-1").unwrap());
        // The connection is new, but a client that the caller built does not report that.
        let _ = carrier.send(details());
        let (outgoing, reply) = details().into_outgoing();
        assert_eq!(reply.read(fetch(&carrier, outgoing).unwrap()).unwrap().body().id, Some(1));
    });
}

#[test]
fn invalid_token_is_confirmed_once() {
    in_parallel(CARRIERS, |carrier| {
        let carrier = carrier();
        let invalid = || write_response("401 Unauthorized", INVALID);
        let server = RawServer::per_connection(vec![
            vec![success(ROSA), Step::AwaitRequest, invalid(), Step::StallUntilDropped],
            vec![invalid(), Step::StallUntilDropped],
        ]);
        let details = |token| plex_tv_at(&server.url()).token_details(&Token::new(token).unwrap());
        carrier.send(details("token-1")).unwrap();
        let error = carrier.send(details("token-2")).unwrap_err();
        assert!(error.is_token_invalid(), "{}: {error}", carrier.name());
        assert_eq!(server.requests().len(), 3, "{}", carrier.name());
    });
}

#[test]
fn timed_out_confirmation_reports_the_whole_limit() {
    const LIMIT: Duration = Duration::from_millis(400);
    in_parallel(Carrier::transports(), |carrier| {
        let carrier = carrier.timeout(LIMIT);
        let server = surplus_refusal("401 Unauthorized", INVALID, vec![Step::StallUntilDropped]);
        let details = || plex_tv_at(&server.url()).token_details(&Token::new("token-1").unwrap());
        assert!(carrier.send(details()).unwrap_err().is_token_invalid());
        let error = carrier.send(details()).unwrap_err();
        let kind = error.as_transport().unwrap().kind();
        assert_eq!(kind, TransportErrorKind::TimedOut(LIMIT), "{}", carrier.name());
    });
}

#[test]
fn unconfirmed_refusal_proves_nothing() {
    in_parallel(Carrier::transports(), |carrier| {
        let server = surplus_refusal("401 Unauthorized", INVALID, vec![Step::Reset]);
        let details = || plex_tv_at(&server.url()).token_details(&Token::new("token-1").unwrap());
        assert!(carrier.send(details()).unwrap_err().is_token_invalid());
        let error = carrier.send(details()).unwrap_err();
        assert!(error.as_transport().unwrap().may_have_been_sent(), "{error}");
        assert!(error.is_retryable() && !error.is_token_invalid(), "{error}");
    });
}
