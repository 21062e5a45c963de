//! The operations, from a value to an answer, over every carrier.

use plex_auth_fake::{Which, Who};
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{OPERATIONS, SignedIn, Token};

use crate::harness::over_every_carrier;
use plex_auth_tests::every_operation::{IDENTIFIER, every_operation};

#[test]
fn a_sign_in_returns_the_account_and_a_token_that_works() {
    over_every_carrier(|harness| {
        let SignedIn { auth_token, account, .. } =
            harness.sign_in(&harness.credentials(Who::PlexPass)).unwrap();
        assert_eq!(account.username.as_deref(), Some("rosa"));
        assert!(account.has_plex_pass());
        assert_eq!(account.subscription.unwrap().features.len(), 100);

        let details = harness.send(harness.plex_tv().token_details(&auth_token)).unwrap();
        assert_eq!(details.auth_token.unwrap().expose(), auth_token.expose());
        assert_eq!(details.username.as_deref(), Some("rosa"));
    });
}

#[test]
fn every_account_of_the_fake_tells_its_kind() {
    over_every_carrier(|harness| {
        for (who, plex_pass, managed) in [
            (Who::PlexPass, true, false),
            (Who::Free, false, false),
            (Who::TwoFactor, false, false),
            (Who::Managed, false, true),
            (Who::EmailOnly, false, false),
        ] {
            let account =
                harness.send(harness.plex_tv().token_details(&harness.token(who))).unwrap();
            assert_eq!(account.has_plex_pass(), plex_pass, "{who:?}");
            assert_eq!(account.is_managed(), managed, "{who:?}");
            assert_eq!(account.email.is_none(), managed, "{who:?}");
            assert_eq!(account.two_factor_enabled, Some(who == Who::TwoFactor), "{who:?}");
        }
    });
}

#[test]
fn two_factor_authentication_asks_for_a_code_and_takes_it() {
    over_every_carrier(|harness| {
        let credentials = harness.credentials(Who::TwoFactor);
        let code = harness
            .fake(|fake| fake.account(Who::TwoFactor).verification_code().map(str::to_owned));
        let code = code.unwrap();

        let error = harness.sign_in(&credentials).unwrap_err();
        assert!(error.needs_verification_code() && !error.is_token_invalid(), "{error}");
        let error = harness.sign_in(&credentials.clone().verification_code(" \n")).unwrap_err();
        assert!(error.to_string().contains("a verification code is needed"), "{error}");
        let error = harness.sign_in(&credentials.clone().verification_code("000000")).unwrap_err();
        assert!(error.to_string().contains("wrong or too old"), "{error}");
        let signed_in =
            harness.sign_in(&credentials.verification_code(format!(" {code}\n"))).unwrap();
        assert_eq!(signed_in.account.two_factor_enabled, Some(true));
    });
}

#[test]
fn a_transient_token_opens_the_server_until_it_restarts() {
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
        assert!(!error.is_token_invalid(), "it speaks for that server only: {error}");
    });
}

#[test]
fn a_source_is_found_with_all_its_connections() {
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
        let refreshed = harness.fake(|fake| {
            let asked = fake.requests().iter().filter(|seen| seen.path() == "/security/resources");
            asked.filter(|seen| seen.target.contains("refresh=1")).count()
        });
        assert_eq!(refreshed, 1);
    });
}

#[test]
fn a_source_that_the_server_does_not_know_is_no_error() {
    over_every_carrier(|harness| {
        let server = harness.media_server(Which::Claimed, Who::PlexPass);
        let unknown = "server://a b&c#d%20e+客厅".parse().unwrap();
        assert!(
            harness
                .send(server.source_connection_information(&unknown))
                .unwrap()
                .device()
                .is_none()
        );
    });
}

#[test]
fn an_unclaimed_server_has_no_tokens_and_says_so() {
    over_every_carrier(|harness| {
        let server = harness.media_server(Which::Unclaimed, Who::PlexPass);
        let error =
            harness.send(server.transient_token(TokenType::Delegation, Scope::All)).unwrap_err();
        assert!(
            error.to_string().ends_with("a server that nobody has claimed has none"),
            "{error}"
        );
    });
}

/// The operations that go without a token, as there is none yet, or as it is nobody's business.
const TOKENLESS: [&str; 8] = [
    "postUsersSignInData",
    "createOAuthPin",
    "getOAuthPin",
    "getAuthNonce",
    "exchangeJWTToken",
    "getAuthKeys",
    "getIdentity",
    "claimServer",
];

/// Whether a path is one of an operation, where what stands in braces can be anything.
fn is_at(path: &str, pattern: &str) -> bool {
    let (path, pattern) = (path.split('/'), pattern.split('/'));
    path.clone().count() == pattern.clone().count()
        && path.zip(pattern).all(|(part, pattern)| part == pattern || pattern.starts_with('{'))
}

#[test]
fn every_operation_is_sent_with_its_verb_path_and_headers() {
    over_every_carrier(|harness| {
        for every in every_operation() {
            drop(harness.ask(&every));
        }
        let seen = harness.fake(|fake| fake.requests().to_vec());
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
            assert_eq!(has_token, !TOKENLESS.contains(&name), "{name}");
            for absent in ["accept-encoding", "transfer-encoding", "cookie", "referer"] {
                assert!(!seen.headers.contains_key(absent), "{name}: {absent}");
            }
            let lengths: Vec<_> = seen.headers.get_all("content-length").iter().collect();
            let expected = seen.body.len().to_string();
            let has_body = ["POST", "PUT"].contains(&operation.method.as_str());
            assert_eq!(lengths, if has_body { vec![expected.as_str()] } else { vec![] }, "{name}");
            let shows_a_secret = seen.target.contains("pass") || seen.target.contains("oken=");
            assert!(operation.secret_url || !shows_a_secret, "{name}: {}", seen.target);
        }
    });
}

#[test]
fn any_password_arrives_byte_for_byte() {
    over_every_carrier(|harness| {
        let long = "ü&=+% ".repeat(2000);
        for password in
            ["a&b=c+d%20$é\"😀;", " spaces around ", "'\"<>\\", "line\r\nbreak\0", &long]
        {
            harness.fake(|fake| fake.account_mut(Who::Free).set_password(password));
            let signed_in = harness.sign_in(&harness.credentials(Who::Free)).unwrap();
            assert_eq!(signed_in.account.username.as_deref(), Some("tariq"));
        }
    });
}

#[test]
fn a_device_name_beyond_ascii_arrives_as_utf_8() {
    over_every_carrier(|harness| {
        for name in ["Salon d'été", "客厅", "Anna’s MacBook 📺"] {
            let me = plex_auth_proto::ClientIdentity::builder(IDENTIFIER).device_name(name).build();
            let plex_tv = plex_auth_proto::PlexTv::at(me.unwrap(), harness.plex_tv().url().clone());
            harness.send(plex_tv.token_details(&harness.token(Who::Free))).unwrap();
            let seen = harness.fake(|fake| fake.requests().last().cloned()).unwrap();
            assert_eq!(seen.headers["x-plex-device-name"].as_bytes(), name.as_bytes());
        }
    });
}

#[test]
fn a_revoked_token_is_dead_and_a_foreign_one_is_refused_by_one_server_alone() {
    over_every_carrier(|harness| {
        let token = Token::new(harness.fake(|fake| fake.issue_token(Who::Free))).unwrap();
        harness.send(harness.plex_tv().token_details(&token)).unwrap();
        harness.fake(|fake| fake.revoke(token.expose()));
        let error = harness.send(harness.plex_tv().token_details(&token)).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");

        let stranger = harness.media_server(Which::Claimed, Who::Free);
        let error =
            harness.send(stranger.transient_token(TokenType::Delegation, Scope::All)).unwrap_err();
        assert!(!error.is_token_invalid(), "{error}");
        assert!(error.to_string().contains("does not accept this token"), "{error}");
    });
}

#[test]
fn a_connection_is_kept_for_the_next_call_also_after_a_refusal() {
    crate::harness::over_every_client(|harness| {
        let wrong = plex_auth_proto::Credentials::new("rosa", "wrong").unwrap();
        harness.sign_in(&wrong).unwrap_err();
        harness.sign_in(&harness.credentials(Who::PlexPass)).unwrap();
        harness.send(harness.plex_tv().token_details(&harness.token(Who::Free))).unwrap();
        let expected = if harness.is_hand_made() { 3 } else { 1 };
        assert_eq!(harness.connections(), Some(expected));
    });
}

#[test]
fn a_call_of_ones_own_goes_out_as_it_is_also_over_a_client_with_habits() {
    use plex_auth_fake::{FakePlex, Server};
    use plex_auth_hyper::Transport as Hyper;
    use plex_auth_proto::{Call, http::Request};
    use plex_auth_ureq::{Transport as Ureq, ureq::Agent};

    let habits = Agent::config_builder().accept("text/html").accept_encoding("gzip");
    let (plain, over) = (Ureq::new(), Ureq::over(habits.build().new_agent()));
    let (runtime, hyper) = (plex_auth_tests::carrier::runtime(), Hyper::new());
    type Send<'a> = &'a dyn Fn(Call<()>);
    let carriers: [(&str, Send<'_>); 3] = [
        ("ureq", &|call| drop(plain.send(call))),
        ("an agent of one's own", &|call| drop(over.send(call))),
        ("hyper", &|call| drop(runtime.block_on(hyper.send(call)))),
    ];
    for (name, send) in carriers {
        let server = Server::http(FakePlex::new());
        let request = Request::get(format!("{}/own", server.url())).header("x-own", "1");
        send(Call::status_only("getOwn", request.body(()).unwrap()));
        let seen = server.with(|fake| fake.requests().to_vec());
        let mut names: Vec<_> = seen[0].headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        // An agent's user agent stays: another would keep the connection out of its pool.
        names.retain(|header| name != "an agent of one's own" || *header != "user-agent");
        assert_eq!(names, ["host", "x-own"], "{name}");
    }
}
