//! An account's servers and players, and their tokens.

use plex_auth_fake::{Which, Who};
use plex_auth_proto::server::{Resources, Scope, TokenType};
use plex_auth_proto::{MediaServer, ServerUrl, Token};

use crate::harness::{Harness, identity, json, over_every_carrier, variant};

fn resources(harness: &Harness, who: Who) -> Resources {
    harness.send(harness.plex_tv().resources(&harness.token(who))).unwrap()
}

#[test]
fn server_accepts_its_token_at_every_connection() {
    over_every_carrier(|harness| {
        let resources = resources(harness, Who::Managed);
        assert!(resources.unreadable_fields().is_empty(), "{:?}", resources.unreadable_fields());
        let boathouse = resources.server(&harness.machine_identifier()).unwrap();
        assert_eq!((boathouse.owned, boathouse.name.as_deref()), (Some(false), Some("Boathouse")));
        let token = boathouse.access_token.clone().unwrap();
        assert_eq!(boathouse.connections.len(), 2);
        for connection in &boathouse.connections {
            let url: ServerUrl = connection.uri.as_deref().unwrap().parse().unwrap();
            let server = MediaServer::new(identity(), url, token.clone());
            harness.send(server.transient_token(TokenType::Delegation, Scope::All)).unwrap();
        }
        let error = harness.token_details(&token).unwrap_err();
        assert!(error.is_token_invalid(), "plex.tv does not accept it: {error}");
    });
}

#[test]
fn player_has_no_token() {
    over_every_carrier(|harness| {
        let resources = resources(harness, Who::PlexPass);
        let [server, player] = resources.resources.as_slice() else { panic!("{resources:?}") };
        assert!(server.provides("server") && server.access_token.is_some());
        assert!(player.provides("player") && player.access_token.is_none());
        assert_eq!(resources.servers().count(), 1);
    });
}

#[test]
fn server_is_listed_only_for_its_users() {
    over_every_carrier(|harness| {
        let resources = resources(harness, Who::Free);
        assert!(resources.server(&harness.machine_identifier()).is_none());
        assert_eq!(resources.resources.len(), 1);
    });
}

/// plex.tv accepts a JWT as a token, but a media server does not.
#[test]
fn jwt_refused_by_a_server_is_not_invalid() {
    over_every_carrier(|harness| {
        // This JWT is about as long as one issued by Plex.
        let jwt = Token::new(format!("eyJraWQi.{}.{}", "a".repeat(440), "b".repeat(86))).unwrap();
        harness.respond_once("/user", json(r#"{"username":"rosa","title":"rosa"}"#));
        assert!(harness.token_details(&jwt).unwrap().auth_token.is_none());

        let server = harness.media_server_with(Which::Claimed, jwt);
        let call = server.transient_token(TokenType::Delegation, Scope::All);
        let error = harness.send(call).unwrap_err();
        assert_eq!(variant(&error), "Unauthorized");
        assert!(!error.is_token_invalid() && !error.is_retryable(), "{error}");
    });
}
