//! Late responses for a flow that has been replaced with another flow.

use plex_auth_proto::flow::{Access, TokenState, TransientTokenProgress};
use plex_auth_proto::server::Resource;
use plex_auth_proto::{ClientIdentity, Flow, MediaServer, Token};

use super::harness::{Answer, Driven, InFlight, Scripted, plex_tv};

fn token() -> Token {
    Token::new("xyz-Abc_0123456789ab").unwrap()
}

/// Gives the old and the new flow the responses in `before`, then delivers `late`, the response to
/// the old flow's request, to the new flow. Returns the new flow and its own request, which is
/// still in flight.
fn replaced<F: Flow>(
    make: impl Fn() -> F,
    before: &[Scripted],
    late: &Scripted,
) -> (Driven<F>, InFlight) {
    let in_flight = || {
        let mut driven = Driven::new(make());
        driven.respond_all(before.iter().cloned());
        let request = driven.send().unwrap();
        (driven, request)
    };
    let (_, old) = in_flight();
    let (mut driven, own) = in_flight();
    driven.complete(&old, late);
    driven.settle();
    assert!(driven.outcome.is_none(), "ended by the response to another flow");
    (driven, own)
}

#[test]
fn check_of_a_new_token_ignores_the_old_401() {
    let check = || plex_tv("id").token_check(&token());
    let (mut driven, own) = replaced(check, &[], &Answer(401, ""));
    driven.complete(&own, &Answer(200, r#"{"id":7}"#));
    assert!(matches!(driven.finish(), TokenState::Valid(_)));
}

#[test]
fn access_of_another_account_is_not_granted() {
    let access = || plex_tv("id").server_access(&token(), "5f0e1c2d");
    let granted = Answer(200, r#"[{"provides":"server","clientIdentifier":"5f0e1c2d"}]"#);
    let (mut driven, own) = replaced(access, &[], &granted);
    driven.complete(&own, &Answer(200, r#"[{"provides":"player","clientIdentifier":"0ther"}]"#));
    assert!(!matches!(driven.finish(), Access::Granted { .. }));
}

#[test]
fn login_gets_no_token_of_another_login() {
    let created = Answer(201, r#"{"id":2147483650,"code":"G7KX","expiresIn":900}"#);
    let waiting = Answer(200, r#"{"id":2147483650,"authToken":null}"#);
    let linked = Answer(200, r#"{"id":2147483650,"authToken":"of-another-login"}"#);
    let login = || plex_tv("id").link_code_login();
    for before in [vec![created.clone()], vec![created, waiting]] {
        let (mut driven, own) = replaced(login, &before, &linked);
        driven.complete(&own, &Answer(200, r#"{"id":2147483650,"authToken":"own"}"#));
        assert_eq!(driven.finish().unwrap().auth_token.expose(), "own");
    }
}

#[test]
fn server_gets_no_token_of_another_server() {
    let url = || "http://10.0.0.7:32400".parse().unwrap();
    let me = || ClientIdentity::builder("id").build().unwrap();
    let refresher = || MediaServer::new(me(), url(), token()).transient_token_refresher();
    let late = Answer(200, r#"{"MediaContainer":{"token":"of-another-server"}}"#);
    let (mut driven, own) = replaced(refresher, &[], &late);
    assert!(matches!(driven.progress(), TransientTokenProgress::Requesting { .. }));
    driven.complete(&own, &Answer(200, r#"{"MediaContainer":{"token":"own"}}"#));
    match driven.progress() {
        TransientTokenProgress::Active { token, .. } => assert_eq!(token.expose(), "own"),
        progress => panic!("{progress:?}"),
    }
}

#[test]
fn silent_address_is_not_chosen() {
    let server: Resource = serde_json::from_str(
        r#"{"clientIdentifier":"5f0e1c2d","connections":[{"uri":"https://plex.example:32400"}]}"#,
    )
    .unwrap();
    let choice = || server.choose_connection(ClientIdentity::builder("id").build().unwrap());
    let right = Answer(200, r#"{"MediaContainer":{"machineIdentifier":"5f0e1c2d"}}"#);
    let (mut driven, _own) = replaced(choice, &[], &right);
    assert!(driven.finish().is_err());
}
