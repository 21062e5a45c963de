//! The requests that all operations send, with every carrier.

use plex_auth_fake::{FakePlex, Server, Who};
use plex_auth_hyper::Transport as Hyper;
use plex_auth_proto::http::Request;
use plex_auth_proto::{Call, ClientIdentity, OPERATIONS, PlexTv, Token};
use plex_auth_tests::carrier::runtime;
use plex_auth_tests::every_operation::{IDENTIFIER, every_operation};
use plex_auth_ureq::{Transport as Ureq, ureq::Agent};

use crate::harness::{over_every_carrier, over_every_client};

/// The operations that are sent without a token, because there is none yet or none is needed.
const WITHOUT_TOKEN: [&str; 8] = [
    "postUsersSignInData",
    "createOAuthPin",
    "getOAuthPin",
    "getAuthNonce",
    "exchangeJWTToken",
    "getAuthKeys",
    "getIdentity",
    "claimServer",
];

/// Returns whether a path matches a pattern with variable segments in braces.
fn is_at(path: &str, pattern: &str) -> bool {
    let (path, pattern) = (path.split('/'), pattern.split('/'));
    path.clone().count() == pattern.clone().count()
        && path.zip(pattern).all(|(part, pattern)| part == pattern || pattern.starts_with('{'))
}

#[test]
fn requests_are_correct() {
    over_every_carrier(|harness| {
        for every in every_operation() {
            drop(harness.send_operation(&every));
        }
        let mut seen = harness.fake(|fake| fake.requests().to_vec());
        // A transport sends the request again to confirm that the PIN is gone.
        seen.dedup_by(|next, seen| (&next.method, &next.target) == (&seen.method, &seen.target));
        assert_eq!(seen.len(), OPERATIONS.len());
        for (seen, operation) in seen.iter().zip(OPERATIONS) {
            let name = operation.name;
            assert_eq!(seen.method, operation.method, "{name}");
            assert!(is_at(seen.path(), operation.path), "{name}: {}", seen.path());
            for (header, expected) in [
                ("accept", "application/json"),
                ("x-plex-client-identifier", IDENTIFIER),
                ("x-plex-product", "Scenario"),
                ("user-agent", concat!("plex-auth/", env!("CARGO_PKG_VERSION"))),
            ] {
                let values: Vec<_> = seen.headers.get_all(header).iter().collect();
                assert_eq!(values, [expected], "{name}: {header}");
            }
            let has_token = seen.headers.contains_key("x-plex-token");
            assert_eq!(has_token, !WITHOUT_TOKEN.contains(&name), "{name}");
            for absent in ["accept-encoding", "transfer-encoding", "cookie", "referer"] {
                assert!(!seen.headers.contains_key(absent), "{name}: {absent}");
            }
            let lengths: Vec<_> = seen.headers.get_all("content-length").iter().collect();
            let expected = seen.body.len().to_string();
            let has_body = ["POST", "PUT"].contains(&operation.method.as_str());
            assert_eq!(lengths, if has_body { vec![expected.as_str()] } else { vec![] }, "{name}");
            let has_a_secret = seen.target.contains("pass") || seen.target.contains("oken=");
            assert!(operation.secret_url || !has_a_secret, "{name}: {}", seen.target);
        }
    });
}

#[test]
fn account_kinds_are_distinguished() {
    over_every_carrier(|harness| {
        for (who, plex_pass, managed) in [
            (Who::PlexPass, true, false),
            (Who::Free, false, false),
            (Who::TwoFactor, false, false),
            (Who::Managed, false, true),
            (Who::EmailOnly, false, false),
        ] {
            let account = harness.token_details(&harness.token(who)).unwrap();
            assert_eq!(account.has_plex_pass(), plex_pass, "{who:?}");
            assert_eq!(account.is_managed(), managed, "{who:?}");
            assert_eq!(account.email.is_none(), managed, "{who:?}");
            assert_eq!(account.two_factor_enabled, Some(who == Who::TwoFactor), "{who:?}");
        }
    });
}

#[test]
fn device_name_is_sent_as_utf_8() {
    over_every_carrier(|harness| {
        for name in ["Salon d'été", "客厅", "Anna’s MacBook 📺"] {
            let me = ClientIdentity::builder(IDENTIFIER).device_name(name).build();
            let plex_tv = PlexTv::at(me.unwrap(), harness.plex_tv().url().clone());
            harness.send(plex_tv.token_details(&harness.token(Who::Free))).unwrap();
            let seen = harness.last_request();
            assert_eq!(seen.headers["x-plex-device-name"].as_bytes(), name.as_bytes());
        }
    });
}

#[test]
fn revoked_token_is_invalid() {
    over_every_carrier(|harness| {
        let token = Token::new(harness.fake(|fake| fake.issue_token(Who::Free))).unwrap();
        harness.token_details(&token).unwrap();
        harness.fake(|fake| fake.revoke(token.expose()));
        let error = harness.token_details(&token).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
    });
}

#[test]
fn connection_is_reused_after_an_error() {
    over_every_client(|harness| {
        harness.token_details(&Token::new("unknown").unwrap()).unwrap_err();
        harness.token_details(&harness.token(Who::PlexPass)).unwrap();
        harness.token_details(&harness.token(Who::Free)).unwrap();
        let expected = if harness.is_hand_made() { 3 } else { 1 };
        assert_eq!(harness.connections(), Some(expected));
    });
}

#[test]
fn custom_call_is_sent_unchanged() {
    let config = Agent::config_builder().accept("text/html").accept_encoding("gzip");
    let (plain, configured) = (Ureq::new(), Ureq::over(config.build().new_agent()));
    let (runtime, hyper) = (runtime(), Hyper::new());
    type Send<'a> = &'a dyn Fn(Call<()>);
    let carriers: [(&str, Send<'_>); 3] = [
        ("ureq", &|call| drop(plain.send(call))),
        ("own agent", &|call| drop(configured.send(call))),
        ("hyper", &|call| drop(runtime.block_on(hyper.send(call)))),
    ];
    for (name, send) in carriers {
        let server = Server::http(FakePlex::new());
        let request = Request::get(format!("{}/own", server.url())).header("x-own", "1");
        send(Call::status_only("getOwn", request.body(()).unwrap()));
        let seen = server.with(|fake| fake.requests().to_vec());
        let mut names: Vec<_> = seen[0].headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        // The agent's own `User-Agent` is kept, because ureq does not pool the connection of a
        // request whose setting differs from the agent's.
        names.retain(|header| name != "own agent" || *header != "user-agent");
        assert_eq!(names, ["host", "x-own"], "{name}");
    }
}
