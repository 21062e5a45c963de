//! Unknown outcomes: the exit status is 2, and saved state does not change.

use plex_auth_fake::{Authority, Delivery, Misbehavior, Who};
use plex_auth_tests::{BlackHole, RawServer, Step};

use crate::harness::Harness;

#[test]
fn a_rate_limit_reports_the_wait() {
    let harness = Harness::signed_in(Who::PlexPass);
    let limited = Misbehavior::answer(429, "", "").header("retry-after", "120");
    harness.fake(|fake| fake.misbehave("/user", limited.clone()));
    harness.run(&["whoami"]).assert_failed(2, &["too many requests", "Wait 120 seconds"]);
    harness.run(&["check"]).assert_failed(2, &["too many requests", "Wait 120 seconds"]);
    let json: serde_json::Value =
        serde_json::from_str(&harness.run(&["check", "--json"]).stdout).unwrap();
    assert_eq!((json["state"].as_str(), json["retry_in"].as_u64()), (Some("unknown"), Some(120)));
    harness.fake(|fake| fake.misbehave("/pins", limited));
    harness.run(&["login"]).assert_failed(2, &["too many requests"]);
}

#[test]
fn a_captive_portal_is_not_mistaken_for_plex() {
    let harness = Harness::new();
    harness.sign_in_with_code(Who::PlexPass);
    let before = harness.files();
    let page = "<html>Sign in to the hotel's network</html>";
    let portal = Misbehavior::answer(200, "text/html", page);
    for path in ["/user", "/resources", "/users/signin", "/users/signout", "/home/users", "/pins"] {
        harness.fake(|fake| fake.misbehave(path, portal.clone()));
    }
    for arguments in [&["whoami"][..], &["servers"], &["logout"], &["users"]] {
        harness.run(arguments).assert_failed(2, &["an HTML page", "captive portal"]);
    }
    // Whether the page arrives before the timeout or not, the result is unknown.
    assert_eq!(harness.run(&["check", "--timeout", "1"]).code, 2);
    harness
        .run_with_input(&["login", "--password"], "rosa\nanything\n")
        .assert_failed(2, &["captive portal"]);
    harness.run(&["login", "--timeout", "0.5"]).assert_failed(2, &["captive portal"]);

    harness.fake(plex_auth_fake::FakePlex::behave);
    harness.fake(|fake| {
        fake.misbehave("/user", Misbehavior::redirect(302, "https://portal.example/"));
    });
    harness.run(&["whoami"]).assert_failed(2, &["pointed to another host", "captive portal"]);

    // A proxy that requires a password responds with 407.
    harness.fake(plex_auth_fake::FakePlex::behave);
    harness.fake(|fake| fake.misbehave("/user", Misbehavior::answer(407, "text/html", page)));
    harness.run(&["whoami"]).assert_failed(2, &["407", "captive portal"]);

    // These responses have the status of a refusal, but are not from Plex.
    for status in [401, 403, 498] {
        harness.fake(plex_auth_fake::FakePlex::behave);
        harness.fake(|fake| {
            fake.misbehave("/user", Misbehavior::answer(status, "text/html", page));
            fake.misbehave("/users/signout", Misbehavior::answer(status, "text/html", page));
        });
        harness.run(&["whoami"]).assert_failed(2, &["captive portal"]);
        harness.run(&["check", "--timeout", "1"]).assert_failed(2, &["captive portal"]);
        harness.run(&["logout"]).assert_failed(2, &["captive portal"]);
    }
    assert_eq!(harness.files(), before);
}

#[test]
fn an_outage_is_not_an_invalid_token() {
    let harness = Harness::signed_in(Who::PlexPass);
    harness.fake(|fake| {
        // The check does not wait this long for a retry.
        let outage = Misbehavior::answer(502, "text/html", "Bad Gateway");
        fake.misbehave("/user", outage.header("retry-after", "120"));
    });
    harness.run(&["check"]).assert_failed(2, &["the server failed"]);
    harness.run(&["whoami"]).assert_failed(2, &["the server failed", "Try again later"]);
    harness.fake(plex_auth_fake::FakePlex::behave);
    harness.fake(|fake| fake.misbehave("/user", Misbehavior::deliver(Delivery::Never)));
    harness
        .run(&["whoami", "--timeout", "0.2"])
        .assert_failed(2, &["timed out after 200ms", "--timeout"]);

    let hole = BlackHole::open().expect("a port");
    let nowhere = format!("{}/api/v2", hole.url());
    harness.whoami_at(&nowhere, &["--timeout", "0.2"]).assert_failed(2, &["timed out after"]);
    harness
        .whoami_at("http://127.0.0.1:1/api/v2", &[])
        .assert_failed(2, &["refused", "Check --plex-tv"]);
    harness
        .whoami_at("http://nowhere.invalid/api/v2", &[])
        .assert_failed(2, &["the host name was not found"]);
}

#[test]
fn a_wrong_clock_is_suggested() {
    let authority = Authority::new();
    for certificate in [authority.expired(), authority.not_yet_valid()] {
        let harness = Harness::https(&authority, certificate);
        harness
            .run_with_input(&["login", "--token"], "abc")
            .assert_failed(2, &["clock is wrong", "`date`"]);
    }
    let (ours, theirs) = (Authority::new(), Authority::new());
    let harness = Harness::https(&ours, theirs.good());
    harness
        .run_with_input(&["login", "--token"], "abc")
        .assert_failed(2, &["not trusted", "--ca-file"]);
}

#[test]
fn an_unknown_sign_in_is_not_retried() {
    let harness = Harness::new();
    harness.fake(|fake| {
        fake.misbehave("/users/signin", Misbehavior::deliver(Delivery::CloseUnanswered));
    });
    harness
        .run_with_input(&["login", "--password"], "rosa\nnine kites & a lantern\n")
        .assert_failed(2, &["may have been carried out", "account's devices"]);
    assert_eq!(harness.fake(|fake| fake.seen("POST", "/users/signin")), 1);
    // A lost PIN does no harm, so the user is not sent to the list of devices.
    harness.fake(|fake| fake.misbehave("/pins", Misbehavior::deliver(Delivery::CloseUnanswered)));
    harness
        .run(&["login", "--timeout", "0.5"])
        .assert_failed(2, &["may have been carried out", "along the way", "Check the network"]);
}

#[test]
fn other_protocols_are_recognized() {
    let harness = Harness::signed_in(Who::PlexPass);
    let greeting = Step::Write(b"SSH-2.0-boathouse\r\n".to_vec());
    let server = RawServer::start(vec![greeting, Step::Close]);
    let url = format!("{}/api/v2", server.url());
    harness.whoami_at(&url, &[]).assert_failed(2, &["is not valid HTTP", "Check --plex-tv"]);
    let url = format!("https://127.0.0.1:{}/api/v2", harness.server.port());
    harness.whoami_at(&url, &[]).assert_failed(2, &["does not speak TLS", "Check --plex-tv"]);
}
