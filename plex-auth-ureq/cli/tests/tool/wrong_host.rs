//! Errors for a wrong `--plex-tv` or server URL.

use plex_auth_fake::{Misbehavior, Who};
use plex_auth_tests::{RawServer, Step};

use crate::harness::Harness;

#[test]
fn a_url_without_a_path_gets_that_of_the_api() {
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
    for wrong in ["https://plex.tv/api/v1", "http://plex.tv", "https://app.plex.tv"] {
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
    harness.run(&["whoami", "--plex-tv", &url]).assert_failed(2, &["--plex-tv is wrong"]);
    let nowhere = "http://nowhere.invalid";
    harness
        .run(&["whoami", "--plex-tv", nowhere])
        .assert_failed(2, &["the host in --plex-tv is misspelled", "Check --plex-tv"]);
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
        assert!(!outcome.stderr.contains("--plex-tv is wrong"), "{outcome:?}");
        assert!(!outcome.stderr.contains("Check --plex-tv"), "{outcome:?}");
    }
}
