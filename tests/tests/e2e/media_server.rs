//! A media server's operations, and the tokens that it accepts.

use plex_auth_fake::{Which, Who};
use plex_auth_proto::server::{Scope, TokenType};

use crate::harness::{over_every_carrier, variant};

#[test]
fn transient_token_is_valid_until_a_restart() {
    over_every_carrier(|harness| {
        let server = harness.media_server(Which::Claimed, Who::PlexPass);
        let transient =
            harness.send(server.transient_token(TokenType::Delegation, Scope::All)).unwrap();
        assert!(transient.token.expose().starts_with("transient-"));

        let delegated = harness.media_server_with(Which::Claimed, transient.token);
        let source = harness.source();
        let known = harness.send(delegated.source_connection_information(&source)).unwrap();
        assert!(known.device().is_some());

        harness.fake(|fake| fake.restart(Which::Claimed));
        let error = harness.send(delegated.source_connection_information(&source)).unwrap_err();
        assert_eq!(error.status().unwrap(), 401);
        assert!(!error.is_token_invalid(), "the account's token is not affected: {error}");
    });
}

#[test]
fn token_of_a_stranger_is_not_accepted() {
    over_every_carrier(|harness| {
        let stranger = harness.media_server(Which::Claimed, Who::Free);
        let token = stranger.transient_token(TokenType::Delegation, Scope::All);
        for error in [
            harness.send(token).unwrap_err(),
            harness.send(stranger.root()).unwrap_err(),
            harness.send(stranger.unclaim()).unwrap_err(),
        ] {
            assert_eq!(variant(&error), "Unauthorized");
            assert!(!error.is_token_invalid(), "the account's token is not affected: {error}");
        }
        let guest = harness.media_server(Which::Claimed, Who::Managed);
        harness.send(guest.root()).unwrap();
        assert_eq!(variant(&harness.send(guest.unclaim()).unwrap_err()), "Forbidden");
    });
}

#[test]
fn source_has_all_its_connections() {
    over_every_carrier(|harness| {
        let server = harness.media_server(Which::Claimed, Who::PlexPass);
        let source = harness.source();
        for call in [
            server.source_connection_information(&source),
            server.refresh_source_connection_information(&source),
        ] {
            let found = harness.send(call).unwrap();
            let device = found.device().unwrap();
            let identifier = device.client_identifier.as_deref().unwrap();
            assert_eq!(source.as_str(), format!("server://{identifier}"));
            let expected = harness.fake(|fake| fake.server(Which::Claimed).sources()[0].clone());
            assert_eq!(device.connections.len(), expected.connections.len());
            for (found, expected) in device.connections.iter().zip(&expected.connections) {
                assert_eq!(found.uri.as_ref(), Some(&expected.uri));
                assert_eq!(found.port, Some(expected.port));
                assert_eq!(found.local, Some(expected.local));
                assert_eq!(found.relay.unwrap_or(false), expected.relay);
            }
        }
        let seen = harness.fake(|fake| fake.requests().to_vec());
        let requests = seen.iter().filter(|seen| seen.path() == "/security/resources");
        assert_eq!(requests.filter(|seen| seen.target.contains("refresh=1")).count(), 1);
    });
}

#[test]
fn unknown_source_is_not_an_error() {
    over_every_carrier(|harness| {
        let server = harness.media_server(Which::Claimed, Who::PlexPass);
        let unknown = "server://a b&c#d%20e+客厅".parse().unwrap();
        let found = harness.send(server.source_connection_information(&unknown)).unwrap();
        assert!(found.device().is_none());
    });
}

#[test]
fn unclaimed_server_has_no_transient_tokens() {
    over_every_carrier(|harness| {
        let server = harness.media_server(Which::Unclaimed, Who::PlexPass);
        let call = server.transient_token(TokenType::Delegation, Scope::All);
        let error = harness.send(call).unwrap_err();
        assert!(error.to_string().ends_with("the server may be unclaimed"), "{error}");
    });
}
