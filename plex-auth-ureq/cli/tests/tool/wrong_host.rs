//! `--plex-tv` and server URLs: corrections, errors, refusals and warnings.

#[cfg(unix)]
use plex_auth_fake::Which;
use plex_auth_fake::{Misbehavior, Who};
use plex_auth_tests::{RawServer, Step};
#[cfg(unix)]
use serde_json::Value;

use crate::harness::{Harness, Running};

#[test]
fn a_url_without_a_path_gets_the_api_path() {
    let harness = Harness::signed_in(Who::PlexPass);
    let url = harness.server.url().to_owned();
    for url in [url.clone(), format!("{url}/")] {
        assert!(harness.succeed(&["whoami", "--plex-tv", &url]).contains("rosa"));
        let path = harness.fake(|fake| fake.requests().last().unwrap().path().to_owned());
        assert_eq!(path, "/api/v2/user");
    }
}

#[test]
fn a_wrong_address_of_plex_is_refused() {
    let harness = Harness::new();
    for wrong in ["https://plex.tv/api/v1", "http://plex.tv", "https://app.plex.tv", "plex.tv"] {
        harness
            .run(&["login", "--plex-tv", wrong])
            .assert_failed(64, &["Plex's own API is at https://plex.tv/api/v2"]);
    }
    assert!(!harness.state_folder().exists());
}

#[test]
fn a_wrong_path_is_blamed_on_the_option() {
    let harness = Harness::signed_in(Who::PlexPass);
    let page = Misbehavior::answer(404, "text/html", "<html>Not found</html>");
    harness.fake(|fake| fake.misbehave("/api/v3/user", page));
    let url = format!("{}/api/v3", harness.server.url());
    harness.run(&["whoami", "--plex-tv", &url]).assert_failed(2, &["or the profile is wrong"]);
    harness
        .whoami_at("http://nowhere.invalid", &[])
        .assert_failed(2, &["in --plex-tv or the profile has a typo", "Check --plex-tv"]);
}

#[test]
fn either_host_of_plex_is_not_blamed_on_the_option() {
    let harness = Harness::signed_in(Who::PlexPass);
    for url in ["https://plex.tv/api/v2", "https://clients.plex.tv/api/v2"] {
        let tunnel = Step::Write(b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec());
        let proxy = RawServer::start(vec![tunnel, Step::AwaitRequest, Step::Close]);
        let mut whoami =
            harness.command(&["whoami", "--plex-tv", url, "--proxy-from-env", "--timeout", "2"]);
        harness.save_plex_tv(url);
        whoami.env("HTTPS_PROXY", proxy.url());
        let outcome = Running::start(whoami, "").wait();
        outcome.assert_failed(2, &["Check the network"]);
    }
}

#[test]
fn a_wrong_server_url_is_not_blamed_on_plex() {
    let harness = Harness::signed_in(Who::PlexPass);
    let greeting = Step::Write(b"SSH-2.0-boathouse\r\n".to_vec());
    let ssh = RawServer::start(vec![greeting, Step::Close]);
    let page = format!("{}/elsewhere", harness.server.url());
    let found = Misbehavior::answer(200, "text/html", "<html>A photo album</html>");
    harness.fake(|fake| fake.misbehave("/elsewhere/identity", found));
    for url in [ssh.url().as_str(), "http://127.0.0.1:1", "http://nowhere.invalid", &page] {
        let outcome = harness.run(&["transient", url]);
        outcome.assert_failed(2, &["Check the URL of the server"]);
        assert!(!outcome.stderr.contains("or the profile is wrong"), "{outcome:?}");
        assert!(!outcome.stderr.contains("Check --plex-tv"), "{outcome:?}");
    }
}

#[test]
fn a_token_is_sent_only_to_its_plex_tv() {
    let (harness, other) = (Harness::signed_in(Who::PlexPass), Harness::new());
    let url = other.server.url().to_owned();
    let folder = harness.state_folder();
    let key = crate::devices::signed_in();
    let expected = ["is not signed in to ", "Its token is from http://127.0.0.1:", "--plex-tv "];
    for (harness, arguments) in [
        (&harness, &["whoami"][..]),
        (&harness, &["token"]),
        (&harness, &["check"]),
        (&harness, &["logout", "--revoke"]),
        (&harness, &["servers", "--wait"]),
        (&key, &["whoami"]),
    ] {
        let run = |more: &[&str]| harness.run(&[arguments, more].concat());
        run(&["--plex-tv", &url]).assert_failed(3, &expected);
        run(&["--plex-tv", "https://clients.plex.tv"]).assert_failed(3, &expected);
    }
    assert_eq!(other.fake(|fake| fake.requests().len()), 0);
    let status = harness.json(&["status", "--json", "--plex-tv", &url]);
    assert_eq!(status["plex_tv"], format!("{}/api/v2", harness.server.url()), "not what is saved");
    harness.succeed(&["whoami"]);

    // The profile is not signed in there, so a login is needed.
    let other = other.with_variable("PLEX_AUTH_STATE_DIR", folder.to_str().unwrap());
    let login = ["login", "--token", "--if-needed", "--replace"];
    let outcome = other.run_with_input(&login, &other.token(Who::Free));
    assert!(outcome.stdout.starts_with("Signed in as tariq.\n"), "{outcome:?}");
}

/// Returns the server's URL with an address that is not a loopback address.
#[cfg(unix)]
fn exposed(harness: &Harness) -> String {
    harness.server.url().replace("127.0.0.1", "0.0.0.0")
}

#[cfg(unix)]
#[test]
fn an_unencrypted_plex_tv_causes_a_warning() {
    let harness = Harness::new();
    let token = harness.token(Who::Free);
    let url = exposed(&harness);
    let outcome = harness.run_with_input(&["login", "--token", "--plex-tv", &url], &token);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let warning = format!("warning: the connection to {url}/api/v2 is not encrypted");
    assert!(outcome.stderr.starts_with(&warning), "{outcome:?}");
    assert_eq!(outcome.stderr.matches("warning").count(), 1, "{outcome:?}");
    let mut whoami = harness.command(&["whoami", "--json"]);
    whoami.env("PLEX_AUTH_PLEX_TV", &url);
    let outcome = Running::start(whoami, "").wait();
    let json: Value = serde_json::from_str(&outcome.stderr).unwrap();
    assert!(json["warning"].as_str().unwrap().contains("is not encrypted"), "{outcome:?}");
    // Once the URL is saved, the warning is not repeated.
    let mut whoami = harness.command(&["whoami"]);
    whoami.env_remove("PLEX_AUTH_PLEX_TV");
    assert_eq!(Running::start(whoami, "").wait().stderr, "");
    for host in ["127.0.0.1", "localhost"] {
        let url = harness.server.url().replace("127.0.0.1", host);
        let outcome = harness.run_with_input(&["login", "--token", "--plex-tv", &url], &token);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_unencrypted_server_causes_a_warning() {
    let harness = Harness::signed_in(Who::PlexPass);
    let url = exposed(&harness);
    let source = harness.fake(|fake| fake.server(Which::Claimed).sources()[0].uri.clone());
    for arguments in [
        &["token", "--server", &url][..],
        &["token", "--server", &url, "--url"],
        &["transient", &url],
        &["source", &url, &source],
        &["run", "--server", &url, "--", "true"],
    ] {
        let outcome = harness.run(arguments);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let warning = format!("warning: the connection to {url} is not encrypted");
        assert!(outcome.stderr.starts_with(&warning), "{outcome:?}");
        assert!(outcome.stderr.contains("--allow-plain-http"), "{outcome:?}");
        let mut allowed = harness.command(arguments);
        allowed.env("PLEX_AUTH_ALLOW_PLAIN_HTTP", "1");
        let outcome = Running::start(allowed, "").wait();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    }
    assert_eq!(harness.run(&["transient", harness.server.url()]).stderr, "");
}
