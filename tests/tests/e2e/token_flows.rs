//! Token flows: checking a token, checking access to a server, and refreshing a transient token.

use std::ops::ControlFlow;
use std::time::Duration;

use plex_auth_fake::{Misbehavior, Which, Who};
use plex_auth_proto::Token;
use plex_auth_proto::flow::{
    Access, TokenState, TransientTokenProgress as Progress, TransientTokenReason as Reason,
    TransientTokenRefresher,
};

use crate::harness::{Harness, bad_gateway, json, over_both_transports};

#[test]
fn token_is_valid_invalid_or_unknown() {
    over_both_transports(|harness| {
        let token = harness.token(Who::Free);
        let check = || harness.finish(harness.plex_tv().token_check(&token));
        harness.respond_once("/user", bad_gateway());
        let TokenState::Valid(account) = check() else { panic!() };
        let id = harness.fake(|fake| fake.account(Who::Free).body()["id"].as_u64());
        assert_eq!(account.id, id);

        let rate_limit = Misbehavior::answer(429, "", "").header("retry-after", "700");
        harness.respond_once("/user", rate_limit);
        let TokenState::Unknown { retry_in, .. } = check() else { panic!() };
        assert_eq!(retry_in, Some(Duration::from_secs(700)));

        harness.fake(|fake| fake.revoke(token.expose()));
        assert!(matches!(check(), TokenState::Invalid(_)));
    });
}

#[test]
fn access_is_granted_denied_or_unknown() {
    over_both_transports(|harness| {
        let identifier = harness.machine_identifier();
        let check =
            |token: &Token| harness.finish(harness.plex_tv().server_access(token, &identifier));
        for (who, owned) in [(Who::PlexPass, true), (Who::Managed, false)] {
            let Access::Granted(server) = check(&harness.token(who)) else { panic!("{who:?}") };
            assert_eq!((server.owned, server.access_token.is_some()), (Some(owned), true));
        }
        assert!(matches!(check(&harness.token(Who::Free)), Access::Denied));
        let invalid = Token::new("invalid").unwrap();
        assert!(matches!(check(&invalid), Access::TokenInvalid(_)));

        harness.respond_once("/resources", json(r#"["a row of another kind"]"#));
        assert!(matches!(check(&harness.token(Who::PlexPass)), Access::Unknown { .. }));
    });
}

/// Drives the refresher until it has a token, and returns the reason for requesting the token, or
/// `None` if the server refuses.
fn refresh(harness: &Harness, refresher: &mut TransientTokenRefresher) -> Option<Reason> {
    let stopped = harness.drive(refresher, |refresher, now| match refresher.progress(now) {
        Progress::Requesting { .. } => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    assert!(stopped.is_none());
    match refresher.progress(harness.now()) {
        Progress::Active { reason, .. } => Some(reason),
        Progress::Refused { .. } => None,
        progress => panic!("{progress:?}"),
    }
}

#[test]
fn transient_token_is_renewed_after_a_restart() {
    over_both_transports(|harness| {
        let account = Token::new(harness.fake(|fake| fake.issue_token(Who::PlexPass))).unwrap();
        let server = harness.media_server_with(Which::Claimed, account.clone());
        let mut refresher = server.transient_token_refresher();
        assert_eq!(refresh(harness, &mut refresher), Some(Reason::First));
        let first = refresher.token().unwrap().clone();
        let is_accepted = |token: &Token| {
            let server = harness.media_server_with(Which::Claimed, token.clone());
            harness.send(server.root()).is_ok()
        };
        assert!(is_accepted(&first));

        harness.fake(|fake| fake.restart(Which::Claimed));
        assert!(!is_accepted(&first));
        refresher.rejected(harness.now(), &first);
        assert_eq!(refresh(harness, &mut refresher), Some(Reason::Restart));
        let second = refresher.token().unwrap().clone();
        assert!(is_accepted(&second));

        harness.fake(|fake| {
            fake.restart(Which::Claimed);
            fake.revoke(account.expose());
        });
        refresher.rejected(harness.now(), &second);
        assert_eq!(refresh(harness, &mut refresher), None);
        assert!(refresher.token().is_none());
        refresher.set_token(harness.token(Who::PlexPass));
        assert_eq!(refresh(harness, &mut refresher), Some(Reason::Renewal));
        assert!(is_accepted(refresher.token().unwrap()));
    });
}
