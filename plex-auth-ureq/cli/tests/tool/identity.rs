//! The identity that plex.tv receives.

use plex_auth_fake::Who;
use serde_json::json;

use crate::harness::Harness;

fn last_header(harness: &Harness, name: &str) -> Option<String> {
    harness.fake(|fake| fake.requests().last().unwrap().header(name).map(str::to_owned))
}

#[cfg(unix)]
#[test]
fn devices_have_the_name_of_the_computer() {
    let harness = Harness::signed_in(Who::Free);
    let name = rustix::system::uname().nodename().to_str().unwrap().to_owned();
    assert_eq!(last_header(&harness, "x-plex-device-name"), Some(name));
    harness.succeed(&["whoami", "--device-name", "kitchen"]);
    assert_eq!(last_header(&harness, "x-plex-device-name").as_deref(), Some("kitchen"));
    let harness = harness.with_variable("PLEX_AUTH_DEVICE_NAME", "attic");
    harness.succeed(&["whoami"]);
    assert_eq!(last_header(&harness, "x-plex-device-name").as_deref(), Some("attic"));
    harness
        .run(&["whoami", "--device-name", "a\u{7}b"])
        .assert_failed(64, &["invalid value for '--device-name"]);
}

#[test]
fn a_client_identifier_can_be_chosen() {
    let harness = Harness::new();
    let token = harness.token(Who::Free);
    let login = ["login", "--token", "--client-identifier", "my-container"];
    assert_eq!(harness.run_with_input(&login, &token).code, 0);
    assert_eq!(last_header(&harness, "x-plex-client-identifier").as_deref(), Some("my-container"));
    // No identifier is created, and the profile remembers the one that its token was issued to.
    assert!(!harness.files().contains_key("client-identifier"));
    assert_eq!(harness.json(&["status", "--json"])["client_identifier"], json!("my-container"));
    harness.succeed(&["whoami"]);
    assert_eq!(last_header(&harness, "x-plex-client-identifier").as_deref(), Some("my-container"));
}
