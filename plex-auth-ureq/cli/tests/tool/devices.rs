//! Signing in by a key of its own, and the token that it renews.

use std::collections::BTreeSet;
use std::fs;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plex_auth_fake::Who;
use serde_json::Value;

use crate::program::{House, Running};

pub(crate) fn signed_in() -> House {
    let house = House::new();
    let mut login = Running::start(house.command(&["login", "--device-key"]), "");
    house.link(&login.code(), Who::PlexPass);
    let outcome = login.end();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "Signed in as rosa.\n"), "{outcome:?}");
    house
}

fn identifier(house: &House, profile: &str) -> String {
    let json = house.json(&["whoami", "--json", "--profile", profile]);
    json["client_identifier"].as_str().unwrap().to_owned()
}

/// Takes away the token that the device has kept, as if it had been away until long after its end.
fn lose_the_token(house: &House) {
    let path = house.state().join("state.json");
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let kept = &mut state["devices"]["default"]["kept"];
    let mut device: Value = serde_json::from_str(kept.as_str().unwrap()).unwrap();
    assert!(device.as_object_mut().unwrap().remove("token").is_some());
    *kept = device.to_string().into();
    fs::write(&path, state.to_string()).unwrap();
}

/// For how long a device's token is good, in seconds.
pub(crate) const LIFE: u64 = 7 * 24 * 60 * 60;

/// Has the token that is kept be so old, in seconds; returns it.
pub(crate) fn age(house: &House, age: u64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let path = house.state().join("state.json");
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let kept = &mut state["devices"]["default"]["kept"];
    let mut device: Value = serde_json::from_str(kept.as_str().unwrap()).unwrap();
    let mut parts: Vec<_> =
        device["token"].as_str().unwrap().split('.').map(str::to_owned).collect();
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
    claims["iat"] = (now - age).into();
    claims["exp"] = (now - age + LIFE).into();
    parts[1] = URL_SAFE_NO_PAD.encode(claims.to_string());
    let token = parts.join(".");
    device["token"] = token.as_str().into();
    *kept = device.to_string().into();
    fs::write(&path, state.to_string()).unwrap();
    token
}

#[test]
fn a_key_signs_in_once_and_its_token_is_renewed_when_it_is_used() {
    let house = signed_in();
    let first = house.done(&["token"]);
    assert_eq!(first.split('.').count(), 3, "a signed one");
    let exchanges = || house.fake(|fake| fake.seen("POST", "/auth/token"));
    assert_eq!(exchanges(), 0, "nothing is due");

    lose_the_token(&house);
    // Of several that want it at once, one gets it for all.
    let start = |()| Running::start(house.command(&["token"]), "");
    let running: Vec<_> = [(); 4].map(start).into_iter().collect();
    let tokens: BTreeSet<_> = running.into_iter().map(|running| running.end().stdout).collect();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    assert_eq!(tokens.first().unwrap().split('.').count(), 3);
    assert_eq!(exchanges(), 1);
    assert_eq!(house.run(&["check"]).code, 0);
}

#[test]
fn a_device_has_an_identifier_of_its_own_and_so_have_those_it_switches_to() {
    let house = signed_in();
    let token = house.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
    house.run_with(&["login", "--token", "--profile", "plain"], &token);
    let device = identifier(&house, "default");
    assert_ne!(device, identifier(&house, "plain"));
    house.done(&["switch", "nilo"]);
    assert_eq!(identifier(&house, "nilo"), device);

    house.done(&["logout"]);
    assert!(!house.files()["state.json"].contains("seed"), "the key is forgotten, too");
}

#[test]
fn where_nothing_is_due_nothing_is_written() {
    let house = signed_in();
    let written = || fs::metadata(house.state().join("state.json")).unwrap().modified().unwrap();
    let before = written();
    house.done(&["token"]);
    house.done(&["whoami"]);
    assert_eq!(written(), before);
    lose_the_token(&house);
    let before = written();
    house.done(&["token"]);
    assert_ne!(written(), before);
}

#[test]
fn an_outage_while_a_token_is_due_is_not_known_and_costs_nothing() {
    let house = signed_in();
    lose_the_token(&house);
    let before = house.files();
    house.fake(|fake| {
        let busy = plex_auth_fake::Misbehaviour::answer(503, "text/html", "busy");
        fake.misbehave("/auth/nonce", busy);
    });
    house.run(&["token"]).failed(2, &["trouble at the server"]);
    assert_eq!(house.files(), before);
    house.fake(plex_auth_fake::FakePlex::behave);
    house.done(&["token"]);
}

#[test]
fn a_token_that_is_over_and_could_not_be_renewed_is_not_handed_out() {
    let house = signed_in();
    house.fake(|fake| {
        let busy = plex_auth_fake::Misbehaviour::answer(503, "text/html", "busy");
        fake.misbehave("/auth/nonce", busy);
    });
    let token = age(&house, LIFE - 60 * 60);
    let outcome = house.run(&["token"]);
    assert_eq!((outcome.code, outcome.stdout.trim()), (0, token.as_str()), "{outcome:?}");
    assert!(outcome.stderr.starts_with("warning: the token could not be renewed"), "{outcome:?}");
    age(&house, LIFE + 60);
    house.run(&["token"]).failed(2, &["trouble at the server"]);
}

#[test]
fn a_device_that_its_owner_removed_can_be_forgotten_and_made_anew() {
    let house = signed_in();
    let first = identifier(&house, "default");
    house.fake(|fake| fake.remove_device(&first));
    house.run(&["check"]).failed(1, &["the token is dead"]);
    lose_the_token(&house);
    house.run(&["token"]).failed(1, &["does not know the device", "plex-auth logout"]);
    assert_eq!(house.done(&["logout"]), "Signed out.\n");

    let mut login = Running::start(house.command(&["login", "--device-key"]), "");
    house.link(&login.code(), Who::PlexPass);
    assert_eq!(login.end().code, 0);
    assert_ne!(identifier(&house, "default"), first);
}
