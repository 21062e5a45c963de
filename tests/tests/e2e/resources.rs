//! What an account may use, and which token opens it.

use plex_auth_fake::{Misbehaviour, Which, Who};
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{MediaServer, ResponseError, ServerUrl, Token};

use crate::harness::over_every_carrier;

#[test]
fn a_server_is_found_and_opened_with_its_own_token_wherever_its_connections_lead() {
    over_every_carrier(|harness| {
        let resources =
            harness.send(harness.plex_tv().resources(&harness.token(Who::Managed))).unwrap();
        assert!(resources.unreadable_fields().is_empty(), "{:?}", resources.unreadable_fields());
        let identifier =
            harness.fake(|fake| fake.server(Which::Claimed).machine_identifier().to_owned());
        let boathouse = resources.server(&identifier).unwrap();
        assert_eq!((boathouse.owned, boathouse.name.as_deref()), (Some(false), Some("Boathouse")));
        let token = boathouse.access_token.clone().unwrap();
        assert_eq!(boathouse.connections.len(), 2);
        for connection in &boathouse.connections {
            let url: ServerUrl = connection.uri.as_deref().unwrap().parse().unwrap();
            let server = MediaServer::new(harness.identity(), url, token.clone());
            harness.send(server.transient_token(TokenType::Delegation, Scope::All)).unwrap();
        }
        let error = harness.send(harness.plex_tv().token_details(&token)).unwrap_err();
        assert!(error.is_token_invalid(), "it is none of plex.tv's: {error}");
    });
}

#[test]
fn a_player_without_a_token_is_listed_beside_a_server() {
    over_every_carrier(|harness| {
        let resources =
            harness.send(harness.plex_tv().resources(&harness.token(Who::PlexPass))).unwrap();
        let [server, player] = resources.resources.as_slice() else { panic!("{resources:?}") };
        assert!(server.provides("server") && server.access_token.is_some());
        assert!(player.provides("player") && player.access_token.is_none());
        assert_eq!(resources.servers().count(), 1);
    });
}

#[test]
fn who_may_not_use_a_server_does_not_find_it() {
    over_every_carrier(|harness| {
        let resources =
            harness.send(harness.plex_tv().resources(&harness.token(Who::Free))).unwrap();
        let identifier =
            harness.fake(|fake| fake.server(Which::Claimed).machine_identifier().to_owned());
        assert!(resources.server(&identifier).is_none());
        assert_eq!(resources.resources.len(), 1);
    });
}

#[test]
fn what_is_no_list_is_never_taken_for_no_servers() {
    over_every_carrier(|harness| {
        for body in ["{}", "null", r#"{"errors":[{"code":1007,"message":"x","status":500}]}"#] {
            harness.fake(|fake| {
                fake.behave();
                fake.misbehave("/resources", Misbehaviour::answer(200, "application/json", body));
            });
            let error =
                harness.send(harness.plex_tv().resources(&harness.token(Who::Free))).unwrap_err();
            assert!(
                matches!(error.as_response(), Some(ResponseError::UnexpectedShape { .. })),
                "{error}"
            );
            assert!(error.to_string().ends_with("`.` is not a list"), "{error}");
            assert!(!error.is_token_invalid(), "{error}");
        }
    });
}

/// A JWT of the device login, as long as Plex's own: plex.tv takes it, and no media server does.
#[test]
fn a_jwt_that_a_server_refuses_is_not_called_dead() {
    over_every_carrier(|harness| {
        let jwt = Token::new(format!("eyJraWQi.{}.{}", "a".repeat(440), "b".repeat(86))).unwrap();
        assert_eq!(jwt.expose().len(), 536);
        let account = r#"{"username":"rosa","title":"rosa"}"#;
        harness.fake(|fake| {
            fake.misbehave("/user", Misbehaviour::answer(200, "application/json", account));
        });
        let account = harness.send(harness.plex_tv().token_details(&jwt)).unwrap();
        assert!(account.auth_token.is_none());

        let server = harness.media_server_with(Which::Claimed, jwt);
        let error =
            harness.send(server.transient_token(TokenType::Delegation, Scope::All)).unwrap_err();
        assert!(matches!(error.as_response(), Some(ResponseError::Unauthorized(_))), "{error}");
        assert!(!error.is_token_invalid() && !error.is_retryable(), "{error}");
        let expected = format!(
            "getTransientToken at {}: the media server does not accept this token, which says nothing \
             about the account (401)",
            harness.url()
        );
        assert_eq!(error.to_string(), expected);
    });
}
