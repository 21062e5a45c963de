//! Signing in by a key of its own, and the token that it renews.

use std::collections::BTreeSet;
use std::fs;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plex_auth_fake::Who;
use serde_json::Value;

use crate::harness::{Harness, Running};

pub(crate) fn signed_in() -> Harness {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login", "--device-key"]), "");
    harness.link(&login.code(), Who::PlexPass);
    let outcome = login.end();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "Signed in as rosa.\n"), "{outcome:?}");
    harness
}

fn identifier(harness: &Harness, profile: &str) -> String {
    let json = harness.json(&["whoami", "--json", "--profile", profile]);
    json["client_identifier"].as_str().unwrap().to_owned()
}

/// Removes the token from the saved state, as if the device had been away until long after it expired.
fn lose_the_token(harness: &Harness) {
    let path = harness.state().join("state.json");
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let saved = &mut state["devices"]["default"]["saved"];
    let mut device: Value = serde_json::from_str(saved.as_str().unwrap()).unwrap();
    assert!(device.as_object_mut().unwrap().remove("token").is_some());
    *saved = device.to_string().into();
    fs::write(&path, state.to_string()).unwrap();
}

/// For how long a device's token is good, in seconds.
pub(crate) const LIFE: u64 = 7 * 24 * 60 * 60;

/// Makes the saved token this old, in seconds, and returns it.
pub(crate) fn age(harness: &Harness, age: u64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let path = harness.state().join("state.json");
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let saved = &mut state["devices"]["default"]["saved"];
    let mut device: Value = serde_json::from_str(saved.as_str().unwrap()).unwrap();
    let mut parts: Vec<_> =
        device["token"].as_str().unwrap().split('.').map(str::to_owned).collect();
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
    claims["iat"] = (now - age).into();
    claims["exp"] = (now - age + LIFE).into();
    parts[1] = URL_SAFE_NO_PAD.encode(claims.to_string());
    let token = parts.join(".");
    device["token"] = token.as_str().into();
    *saved = device.to_string().into();
    fs::write(&path, state.to_string()).unwrap();
    token
}

#[test]
fn a_key_signs_in_once_and_its_token_is_renewed_when_it_is_used() {
    let harness = signed_in();
    let first = harness.done(&["token"]);
    assert_eq!(first.split('.').count(), 3, "a signed one");
    let exchanges = || harness.fake(|fake| fake.seen("POST", "/auth/token"));
    assert_eq!(exchanges(), 0, "nothing is due");

    lose_the_token(&harness);
    // Of several that want it at once, one gets it for all.
    let start = |()| Running::start(harness.command(&["token"]), "");
    let running: Vec<_> = [(); 4].map(start).into_iter().collect();
    let tokens: BTreeSet<_> = running.into_iter().map(|running| running.end().stdout).collect();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    assert_eq!(tokens.first().unwrap().split('.').count(), 3);
    assert_eq!(exchanges(), 1);
    assert_eq!(harness.run(&["check"]).code, 0);
}

#[test]
fn a_device_has_an_identifier_of_its_own_and_so_have_those_it_switches_to() {
    let harness = signed_in();
    let token = harness.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
    harness.run_with(&["login", "--token", "--profile", "plain"], &token);
    let device = identifier(&harness, "default");
    assert_ne!(device, identifier(&harness, "plain"));
    harness.done(&["switch", "nilo"]);
    assert_eq!(identifier(&harness, "nilo"), device);

    harness.done(&["logout"]);
    assert!(!harness.files()["state.json"].contains("seed"), "the key is forgotten, too");
}

#[test]
fn where_nothing_is_due_nothing_is_written() {
    let harness = signed_in();
    let written = || fs::metadata(harness.state().join("state.json")).unwrap().modified().unwrap();
    let before = written();
    harness.done(&["token"]);
    harness.done(&["whoami"]);
    assert_eq!(written(), before);
    lose_the_token(&harness);
    let before = written();
    harness.done(&["token"]);
    assert_ne!(written(), before);
}

#[test]
fn an_outage_while_a_token_is_due_is_not_known_and_costs_nothing() {
    let harness = signed_in();
    lose_the_token(&harness);
    let before = harness.files();
    harness.fake(|fake| {
        let busy = plex_auth_fake::Misbehaviour::answer(503, "text/html", "busy");
        fake.misbehave("/auth/nonce", busy);
    });
    harness.run(&["token"]).failed(2, &["trouble at the server"]);
    assert_eq!(harness.files(), before);
    harness.fake(plex_auth_fake::FakePlex::behave);
    harness.done(&["token"]);
}

#[test]
fn a_token_that_is_over_and_could_not_be_renewed_is_not_handed_out() {
    let harness = signed_in();
    harness.fake(|fake| {
        let busy = plex_auth_fake::Misbehaviour::answer(503, "text/html", "busy");
        fake.misbehave("/auth/nonce", busy);
    });
    let token = age(&harness, LIFE - 60 * 60);
    let outcome = harness.run(&["token"]);
    assert_eq!((outcome.code, outcome.stdout.trim()), (0, token.as_str()), "{outcome:?}");
    assert!(outcome.stderr.starts_with("warning: the token could not be renewed"), "{outcome:?}");
    age(&harness, LIFE + 60);
    harness.run(&["token"]).failed(2, &["trouble at the server"]);
}

#[test]
fn a_device_that_its_owner_removed_can_be_forgotten_and_made_anew() {
    let harness = signed_in();
    let first = identifier(&harness, "default");
    harness.fake(|fake| fake.remove_device(&first));
    harness.run(&["check"]).failed(1, &["the token is no longer valid"]);
    lose_the_token(&harness);
    harness.run(&["token"]).failed(1, &["does not know the device", "plex-auth logout"]);
    assert_eq!(harness.done(&["logout"]), "Signed out.\n");

    let mut login = Running::start(harness.command(&["login", "--device-key"]), "");
    harness.link(&login.code(), Who::PlexPass);
    assert_eq!(login.end().code, 0);
    assert_ne!(identifier(&harness, "default"), first);
}
