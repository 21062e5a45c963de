//! A media server before it has an owner, and how it gets one.

use plex_auth_fake::{FakePlex, Misbehaviour, Which, Who};
use plex_auth_proto::server::{ClaimToken, Scope, TokenType};
use plex_auth_proto::{MediaServerAddress, ResponseError};
use plex_auth_tests::{RawServer, Step};

use crate::harness::{Harness, over_every_carrier};
use plex_auth_tests::carrier::Carrier;

fn address(harness: &Harness, which: Which) -> MediaServerAddress {
    harness.media_server(which, Who::Free).address().clone()
}

#[test]
fn a_new_server_is_claimed_found_opened_and_given_up() {
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
        let shed = resources.server(&identifier).expect("it is Tariq's");
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
fn a_server_that_is_claimed_already_says_so_and_no_token_is_called_dead() {
    over_every_carrier(|harness| {
        let claim_token =
            harness.send(harness.plex_tv().claim_token(&harness.token(Who::Free))).unwrap();
        let error = harness.send(address(harness, Which::Claimed).claim(&claim_token)).unwrap_err();
        assert!(matches!(error.as_response(), Some(ResponseError::Unauthorized(_))), "{error}");
        assert!(!error.is_token_invalid() && !error.is_retryable(), "{error}");
        let expected = format!(
            "claimServer at {}: the server is claimed already, or was not asked from its own network (401)",
            harness.url()
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(harness.fake(|fake| fake.server(Which::Claimed).admin()), Some(Who::PlexPass));
    });
}

#[test]
fn a_claim_token_that_plex_does_not_know_is_refused_by_the_server() {
    over_every_carrier(|harness| {
        let unknown = ClaimToken::new("claim-KQ8WQxGTexampleYdmHM").unwrap();
        let error = harness.send(address(harness, Which::Unclaimed).claim(&unknown)).unwrap_err();
        assert!(matches!(error.as_response(), Some(ResponseError::Forbidden(_))), "{error}");
        assert!(!format!("{error} {error:?}").contains("KQ8W"), "{error:?}");
    });
}

#[test]
fn a_claim_token_is_refused_with_the_words_of_that_place() {
    over_every_carrier(|harness| {
        let dead = plex_auth_proto::Token::new("dead").unwrap();
        let error = harness.send(harness.plex_tv().claim_token(&dead)).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
        let answered = error.as_response().and_then(ResponseError::rejection).unwrap();
        assert_eq!(answered.errors()[0].message(), Some("You need to sign in to claim a server."));
        let path = harness.fake(|fake| fake.requests().last().map(|seen| seen.path().to_owned()));
        assert_eq!(path.as_deref(), Some("/api/claim/token.json"));
    });
}

#[test]
fn a_token_that_does_not_open_a_server_is_refused_by_that_server_alone() {
    over_every_carrier(|harness| {
        let stranger = harness.media_server(Which::Claimed, Who::Free);
        for error in [
            harness.send(stranger.root()).unwrap_err(),
            harness.send(stranger.unclaim()).unwrap_err(),
        ] {
            assert_eq!(error.status().unwrap(), 401);
            assert!(!error.is_token_invalid(), "{error}");
            assert!(error.to_string().contains("says nothing about the account"), "{error}");
        }
        let guest = harness.media_server(Which::Claimed, Who::Managed);
        harness.send(guest.root()).unwrap();
        let error = harness.send(guest.unclaim()).unwrap_err();
        assert!(matches!(error.as_response(), Some(ResponseError::Forbidden(_))), "{error}");
    });
}

#[test]
fn what_is_asked_without_a_token_goes_without_one_also_where_there_is_one() {
    over_every_carrier(|harness| {
        let server = harness.media_server(Which::Claimed, Who::PlexPass);
        harness.send(server.server_identity()).unwrap();
        harness.send(server.claim(&ClaimToken::new("claim-x").unwrap())).unwrap_err();
        for seen in harness.fake(|fake| fake.requests().to_vec()) {
            assert!(!seen.headers.contains_key("x-plex-token"), "{seen:?}");
        }
    });
}

#[test]
fn a_foreign_page_claims_nothing_and_a_servers_own_does() {
    over_every_carrier(|harness| {
        let claim_token = ClaimToken::new("claim-x").unwrap();
        let address = address(harness, Which::Unclaimed);
        let answer = |body| {
            harness.fake(|fake: &mut FakePlex| {
                fake.behave();
                let answer = Misbehaviour::answer(200, "text/html", body);
                fake.misbehave("/unclaimed/myplex/claim", answer);
            });
            harness.send(address.claim(&claim_token))
        };
        answer("<html><head><title>OK</title></head><body><h1>200 OK</h1></body></html>").unwrap();
        let error = answer("<html><title>The router</title></html>").unwrap_err();
        assert!(error.to_string().ends_with("answered 200 with an HTML page"), "{error}");
        assert!(!error.is_retryable(), "{error}");
    });
}

#[test]
fn claiming_has_a_deadline_of_its_own_as_servers_take_long() {
    use std::time::Duration;

    let late = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".as_bytes().to_vec();
    let steps = vec![Step::Pause(Duration::from_millis(600)), Step::Write(late)];
    let server = RawServer::start(steps);
    let me = plex_auth_proto::ClientIdentity::builder("id").build().unwrap();
    let address = MediaServerAddress::new(me, server.url().parse().unwrap());
    let claim_token = ClaimToken::new("claim-x").unwrap();
    for carrier in [Carrier::ureq(None), Carrier::hyper(None)] {
        let carrier = carrier.timeout(Duration::from_millis(200));
        carrier.send(address.claim(&claim_token)).unwrap();
        let error = carrier.send(address.server_identity()).unwrap_err();
        assert!(error.as_transport().is_some(), "{error}");
    }
}
