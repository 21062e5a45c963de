//! A redirect is never followed: the token would go along.

use plex_auth_proto::{Error, Scope, TokenType};
use plex_auth_tests::{Authority, FakePlex, Misbehaviour, Server, Which, Who};

use crate::stage::{Stage, over_every_client, over_every_own_client};

/// The answer points to a second server in every way that there is; none gets there.
fn is_not_followed(stage: &Stage) {
    let elsewhere = Server::http(FakePlex::new());
    let encrypted = Server::https(FakePlex::new(), Authority::new().good());
    let bare = elsewhere.url().trim_start_matches("http:").to_owned();
    for status in [301, 302, 303, 307, 308] {
        for (location, to) in [
            (
                format!("{}/user?x=1", elsewhere.url()),
                elsewhere.url().to_owned(),
            ),
            (
                format!("{}/user", encrypted.url()),
                encrypted.url().to_owned(),
            ),
            (format!("{bare}/user"), format!("{}:{bare}", stage.scheme())),
            ("/user".to_owned(), stage.url().to_owned()),
            ("../user".to_owned(), stage.url().to_owned()),
        ] {
            for path in [
                "/users/signin",
                "/user",
                "/security/token",
                "/security/resources",
            ] {
                stage.fake(|fake| {
                    fake.behave();
                    fake.forget_requests();
                    fake.misbehave(path, Misbehaviour::redirect(status, &location));
                });
                let server = stage.media_server(Which::Claimed, Who::PlexPass);
                let error = match path {
                    "/users/signin" => stage.sign_in(&stage.credentials(Who::PlexPass)).err(),
                    "/user" => stage
                        .send(stage.plex_tv().token_details(&stage.token(Who::Free)))
                        .err(),
                    "/security/token" => stage
                        .send(server.transient_token(TokenType::Delegation, Scope::All))
                        .err(),
                    _ => stage
                        .send(server.source_connection_information(&stage.source()))
                        .err(),
                };
                let error = error.expect("no success");
                let Some(Error::Redirected { to: found, .. }) = error.answered() else {
                    panic!("{status} to {location}: {error:?}");
                };
                assert_eq!(found.as_ref().unwrap().to_string(), to, "{location}");
                assert_eq!(
                    stage.fake(|fake| fake.requests().len()),
                    1,
                    "{status} to {location}"
                );
            }
        }
    }
    assert_eq!((elsewhere.connections(), encrypted.connections()), (0, 0));
}

#[test]
fn not_by_the_transports_as_they_come() {
    over_every_client(is_not_followed);
}

#[test]
fn not_over_a_callers_own_client_that_follows() {
    over_every_own_client(is_not_followed);
}
