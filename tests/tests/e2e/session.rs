//! What is done with a token beside signing in: keep it alive, and end it.

use plex_auth_fake::{Misbehaviour, Who};
use plex_auth_proto::ResponseError;

use crate::harness::over_every_carrier;

#[test]
fn a_token_is_alive_until_it_is_signed_out() {
    over_every_carrier(|harness| {
        let plex_tv = harness.plex_tv();
        let account = harness.sign_in(&harness.credentials(Who::Free)).unwrap();
        let token = account.auth_token;
        harness.send(plex_tv.ping(&token)).unwrap();
        harness.send(plex_tv.sign_out(&token)).unwrap();
        for error in [
            harness.send(plex_tv.ping(&token)).unwrap_err(),
            harness.send(plex_tv.sign_out(&token)).unwrap_err(),
            harness.send(plex_tv.token_details(&token)).unwrap_err(),
        ] {
            assert!(error.is_token_invalid(), "{error}");
        }
        harness.send(plex_tv.ping(&harness.token(Who::Free))).unwrap();
    });
}

#[test]
fn a_page_keeps_no_token_alive_and_ends_none() {
    over_every_carrier(|harness| {
        let page = || Misbehaviour::answer(200, "text/html", "<html>Sign in to the network</html>");
        harness.fake(|fake| {
            fake.misbehave("/ping", page());
            fake.misbehave("/users/signout", page());
        });
        let token = harness.token(Who::Free);
        for error in [
            harness.send(harness.plex_tv().ping(&token)).unwrap_err(),
            harness.send(harness.plex_tv().sign_out(&token)).unwrap_err(),
        ] {
            assert!(
                matches!(error.as_response(), Some(ResponseError::UnexpectedContent { .. })),
                "{error}"
            );
            assert!(!error.is_token_invalid() && error.is_retryable(), "{error}");
        }
        harness.fake(|fake| fake.behave());
        harness.send(harness.plex_tv().ping(&token)).unwrap();
    });
}

#[test]
fn a_ping_answered_in_xml_or_as_published_is_read() {
    over_every_carrier(|harness| {
        for (kind, body) in [
            ("application/xml", "<?xml version=\"1.0\"?>\n<ping>true</ping>\n"),
            ("application/json", r#"{"success":true}"#),
        ] {
            harness.fake(|fake| {
                fake.behave();
                fake.misbehave("/ping", Misbehaviour::answer(200, kind, body));
            });
            harness.send(harness.plex_tv().ping(&harness.token(Who::Free))).unwrap();
        }
    });
}
