//! What is done with a token beside signing in: keep it alive, and end it.

use plex_auth_fake::{Misbehaviour, Who};
use plex_auth_proto::Error;

use crate::stage::over_every_carrier;

#[test]
fn a_token_is_alive_until_it_is_signed_out() {
    over_every_carrier(|stage| {
        let plex_tv = stage.plex_tv();
        let account = stage.sign_in(&stage.credentials(Who::Free)).unwrap();
        let token = account.auth_token;
        stage.send(plex_tv.ping(&token)).unwrap();
        stage.send(plex_tv.sign_out(&token)).unwrap();
        for error in [
            stage.send(plex_tv.ping(&token)).unwrap_err(),
            stage.send(plex_tv.sign_out(&token)).unwrap_err(),
            stage.send(plex_tv.token_details(&token)).unwrap_err(),
        ] {
            assert!(error.is_token_dead(), "{error}");
        }
        stage.send(plex_tv.ping(&stage.token(Who::Free))).unwrap();
    });
}

#[test]
fn a_page_keeps_no_token_alive_and_ends_none() {
    over_every_carrier(|stage| {
        let page = || Misbehaviour::answer(200, "text/html", "<html>Sign in to the network</html>");
        stage.fake(|fake| {
            fake.misbehave("/ping", page());
            fake.misbehave("/users/signout", page());
        });
        let token = stage.token(Who::Free);
        for error in [
            stage.send(stage.plex_tv().ping(&token)).unwrap_err(),
            stage.send(stage.plex_tv().sign_out(&token)).unwrap_err(),
        ] {
            assert!(matches!(error.answered(), Some(Error::UnexpectedContent { .. })), "{error}");
            assert!(!error.is_token_dead() && error.may_retry(), "{error}");
        }
        stage.fake(|fake| fake.behave());
        stage.send(stage.plex_tv().ping(&token)).unwrap();
    });
}

#[test]
fn a_ping_answered_in_xml_or_as_published_is_read() {
    over_every_carrier(|stage| {
        for (kind, body) in [
            ("application/xml", "<?xml version=\"1.0\"?>\n<ping>true</ping>\n"),
            ("application/json", r#"{"success":true}"#),
        ] {
            stage.fake(|fake| {
                fake.behave();
                fake.misbehave("/ping", Misbehaviour::answer(200, kind, body));
            });
            stage.send(stage.plex_tv().ping(&stage.token(Who::Free))).unwrap();
        }
    });
}
