//! Claiming a media server.

use std::time::Duration;

use plex_auth_fake::{Which, Who};
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::server::{ClaimToken, Scope, TokenType};
use plex_auth_proto::{MediaServerAddress, ResponseError, Token};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::{RawServer, Step};

use crate::harness::{
    Harness, identity, over_every_carrier, transport_error, variant, write_response,
};

fn address(harness: &Harness, which: Which) -> MediaServerAddress {
    harness.media_server(which, Who::Free).address().clone()
}

#[test]
fn new_server_is_claimed_and_unclaimed() {
    over_every_carrier(|harness| {
        let (plex_tv, tariq) = (harness.plex_tv(), harness.token(Who::Free));
        let address = address(harness, Which::Unclaimed);
        let before = harness.send(address.server_identity()).unwrap();
        assert_eq!(before.claimed, Some(false));
        let identifier = before.machine_identifier;

        let claim_token = harness.send(plex_tv.claim_token(&tariq)).unwrap();
        harness.send(address.claim(&claim_token)).unwrap();
        assert_eq!(harness.send(address.server_identity()).unwrap().claimed, Some(true));

        let resources = harness.send(plex_tv.resources(&tariq)).unwrap();
        let shed = resources.server(&identifier).expect("the server is in Tariq's list");
        let server = address.clone().with_token(shed.access_token.clone().unwrap());
        let root = harness.send(server.root()).unwrap();
        assert_eq!(root.machine_identifier, Some(identifier.clone()));
        assert_eq!((root.my_plex, root.my_plex_signin_state.as_deref()), (Some(true), Some("ok")));
        assert_eq!(root.my_plex_username.as_deref(), Some("tariq@example.org"));
        harness.send(server.transient_token(TokenType::Delegation, Scope::All)).unwrap();

        harness.send(server.unclaim()).unwrap();
        assert_eq!(harness.send(server.server_identity()).unwrap().claimed, Some(false));
        assert!(harness.send(plex_tv.resources(&tariq)).unwrap().server(&identifier).is_none());
    });
}

#[test]
fn claimed_server_refuses_another_claim() {
    over_every_carrier(|harness| {
        let claim_token =
            harness.send(harness.plex_tv().claim_token(&harness.token(Who::Free))).unwrap();
        let error = harness.send(address(harness, Which::Claimed).claim(&claim_token)).unwrap_err();
        assert_eq!(variant(&error), "Unauthorized");
        assert!(!error.is_token_invalid() && !error.is_retryable(), "{error}");
        assert_eq!(harness.fake(|fake| fake.server(Which::Claimed).admin()), Some(Who::PlexPass));
    });
}

#[test]
fn unknown_claim_token_is_refused() {
    over_every_carrier(|harness| {
        let unknown = ClaimToken::new("claim-KQ8WQxGTexampleYdmHM").unwrap();
        let error = harness.send(address(harness, Which::Unclaimed).claim(&unknown)).unwrap_err();
        assert_eq!(variant(&error), "Forbidden");
        assert!(!format!("{error} {error:?}").contains("KQ8W"), "{error:?}");
    });
}

#[test]
fn claim_token_needs_a_valid_account_token() {
    over_every_carrier(|harness| {
        let invalid = Token::new("invalid").unwrap();
        let error = harness.send(harness.plex_tv().claim_token(&invalid)).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
        let rejection = error.as_response().and_then(ResponseError::rejection).unwrap();
        let message = rejection.errors()[0].message();
        assert_eq!(message, Some("You need to sign in to claim a server."));
        assert_eq!(harness.last_request().path(), "/api/claim/token.json");
    });
}

#[test]
fn identity_and_claim_are_sent_without_a_token() {
    over_every_carrier(|harness| {
        let server = harness.media_server(Which::Claimed, Who::PlexPass);
        harness.send(server.server_identity()).unwrap();
        harness.send(server.claim(&ClaimToken::new("claim-x").unwrap())).unwrap_err();
        for seen in harness.fake(|fake| fake.requests().to_vec()) {
            assert!(!seen.headers.contains_key("x-plex-token"), "{seen:?}");
        }
    });
}

/// Claiming has its own deadline, because a server can take a long time to process a claim.
#[test]
fn has_a_deadline_of_its_own() {
    let late = vec![Step::Pause(Duration::from_millis(100)), write_response("200 OK", "")];
    let server = RawServer::start(late);
    let address = MediaServerAddress::new(identity(), server.url().parse().unwrap());
    for carrier in Carrier::transports() {
        // This timeout is shorter than the pause of the server.
        let timeout = Duration::from_millis(1);
        let carrier = carrier.timeout(timeout);
        carrier.send(address.claim(&ClaimToken::new("claim-x").unwrap())).unwrap();
        let error = carrier.send(address.server_identity()).unwrap_err();
        assert_eq!(transport_error(&error).kind(), TransportErrorKind::TimedOut(timeout));
    }
}
