//! Signing in with a device key, and renewing the token with it.

use std::collections::BTreeSet;
use std::fs;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plex_auth_fake::{Misbehavior, Who};
use plex_auth_tests::{RawServer, Step};
use serde_json::{Value, json};

use crate::harness::{Harness, Running};

pub(crate) fn signed_in() -> Harness {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login", "--device-key"]), "");
    harness.link(&login.link_code(), Who::PlexPass);
    let outcome = login.wait();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "Signed in as rosa.\n"), "{outcome:?}");
    harness
}

#[test]
fn status_shows_when_a_pasted_jwt_expires() {
    let harness = signed_in();
    let token = harness.succeed(&["token"]);
    assert_eq!(harness.run_with_input(&["login", "--token", "--profile", "copy"], &token).code, 0);
    let [own, copy] =
        ["default", "copy"].map(|name| harness.json(&["status", "--json", "--profile", name]));
    assert_eq!(copy["expires_at"], own["expires_at"]);
    let text = harness.succeed(&["status", "--profile", "copy"]);
    assert!(!text.contains("never") && !text.contains("renewed"), "{text}");

    let path = harness.state_folder().join("state.json");
    let state = fs::read_to_string(&path).unwrap();
    let old = aged(token.trim(), TOKEN_LIFETIME);
    fs::write(&path, state.replace(token.trim(), &old)).unwrap();
    let text = harness.succeed(&["status", "--profile", "copy"]);
    assert!(text.contains("already expired"), "{text}");
}

fn identifier(harness: &Harness, profile: &str) -> String {
    let json = harness.json(&["whoami", "--json", "--profile", profile]);
    json["client_identifier"].as_str().unwrap().to_owned()
}

/// Removes the token from the saved state, as if the device had been offline until long after the
/// token expired.
fn remove_saved_token(harness: &Harness) {
    let path = harness.state_folder().join("state.json");
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let saved = &mut state["devices"]["default"]["saved"];
    let mut device: Value = serde_json::from_str(saved.as_str().unwrap()).unwrap();
    assert!(device.as_object_mut().unwrap().remove("token").is_some());
    *saved = device.to_string().into();
    fs::write(&path, state.to_string()).unwrap();
}

/// The lifetime of a device's token, in seconds.
pub(crate) const TOKEN_LIFETIME: u64 = 7 * 24 * 60 * 60;

/// Returns the token with its claims changed so that it is this many seconds old.
fn aged(token: &str, age: u64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
    claims["iat"] = (now - age).into();
    claims["exp"] = (now - age + TOKEN_LIFETIME).into();
    parts[1] = URL_SAFE_NO_PAD.encode(claims.to_string());
    parts.join(".")
}

/// Makes the saved token this many seconds old, and returns it.
pub(crate) fn set_token_age(harness: &Harness, age: u64) -> String {
    let path = harness.state_folder().join("state.json");
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let saved = &mut state["devices"]["default"]["saved"];
    let mut device: Value = serde_json::from_str(saved.as_str().unwrap()).unwrap();
    let token = aged(device["token"].as_str().unwrap(), age);
    device["token"] = token.as_str().into();
    *saved = device.to_string().into();
    fs::write(&path, state.to_string()).unwrap();
    token
}

#[test]
fn concurrent_runs_renew_the_token_once() {
    let harness = signed_in();
    let first = harness.succeed(&["token"]);
    assert_eq!(first.split('.').count(), 3, "not a signed token: {first}");
    let exchanges = || harness.fake(|fake| fake.seen("POST", "/auth/token"));
    assert_eq!(exchanges(), 0, "renewed before it was due");

    remove_saved_token(&harness);
    // Of several concurrent runs, one renews the token for all.
    let start = |()| Running::start(harness.command(&["token"]), "");
    let running: Vec<_> = [(); 4].map(start).into_iter().collect();
    let tokens: BTreeSet<_> = running.into_iter().map(|running| running.wait().stdout).collect();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    assert_eq!(tokens.first().unwrap().split('.').count(), 3);
    assert_eq!(exchanges(), 1);
    assert_eq!(harness.run(&["check"]).code, 0);
}

#[test]
fn a_saved_device_that_cannot_be_used_is_explained() {
    for (from, to, expected) in [
        (
            r#"\"format\":"#,
            r#"\"format\":9"#,
            ["newer version of plex-auth", "Use the newer version"],
        ),
        (r#"\"kind\":"#, r#"\"x\":"#, ["key cannot be used", "plex-auth login --device-key"]),
    ] {
        let harness = signed_in();
        let path = harness.state_folder().join("state.json");
        let state = fs::read_to_string(&path).unwrap();
        assert!(state.contains(from), "{state}");
        fs::write(&path, state.replace(from, to)).unwrap();
        harness.run(&["token"]).assert_failed(74, &expected);
    }
}

#[test]
fn waiting_for_a_server_includes_the_renewal() {
    let harness = signed_in();
    remove_saved_token(&harness);
    let busy = Misbehavior::answer(503, "text/html", "busy");
    harness.fake(|fake| fake.misbehave("/auth/nonce", busy.times(1)));
    let outcome = harness.run(&["servers", "--wait", "Boathouse", "--allow-plain-http"]);
    assert!(outcome.code == 0 && outcome.stdout.contains("Boathouse"), "{outcome:?}");
    assert!(outcome.stderr.contains("Waiting for Boathouse"), "{outcome:?}");
}

#[test]
fn a_device_has_its_own_identifier() {
    let harness = signed_in();
    let token = harness.token(Who::PlexPass);
    harness.run_with_input(&["login", "--token", "--profile", "plain"], &token);
    let device = identifier(&harness, "default");
    assert_ne!(device, identifier(&harness, "plain"));
    harness.succeed(&["switch", "nilo"]);
    assert_eq!(identifier(&harness, "nilo"), device);

    harness.succeed(&["logout"]);
    assert!(!harness.files()["state.json"].contains("seed"), "the key was not removed");
}

#[test]
fn logout_ends_the_key_of_a_device() {
    let harness = signed_in();
    set_token_age(&harness, TOKEN_LIFETIME + 60);
    let copy = harness.files()["state.json"].clone();
    assert_eq!(harness.succeed(&["logout"]), "Signed out.\n");
    // A copy of the state cannot be used to get a new token.
    fs::write(harness.state_folder().join("state.json"), copy).unwrap();
    harness.run(&["token"]).assert_failed(1, &["no longer recognizes this device"]);

    // If Plex does not remove the device, that is reported.
    let harness = signed_in();
    harness.fake(|fake| {
        let refused = Misbehavior::answer(404, "text/html", "not here");
        fake.misbehave("/devices.xml", refused);
    });
    let outcome = harness.run(&["logout"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "Signed out.\n"), "{outcome:?}");
    assert!(outcome.stderr.starts_with("warning: the device could not be removed"), "{outcome:?}");

    // An invalid token does not mean that the key is invalid, too.
    let harness = signed_in();
    harness.fake(|fake| {
        let invalid = Misbehavior::answer(401, "application/json", r#"{"errors":[{"code":1001}]}"#);
        fake.misbehave("/devices.xml", invalid.clone());
        fake.misbehave("/users/signout", invalid);
    });
    let outcome = harness.run(&["logout"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "Signed out.\n"), "{outcome:?}");
    assert!(outcome.stderr.starts_with("warning: the device could not be removed"), "{outcome:?}");
}

#[test]
fn only_a_renewal_writes_the_state() {
    let harness = signed_in();
    let written =
        || fs::metadata(harness.state_folder().join("state.json")).unwrap().modified().unwrap();
    let before = written();
    harness.succeed(&["token"]);
    harness.succeed(&["whoami"]);
    assert_eq!(written(), before);
    remove_saved_token(&harness);
    let before = written();
    harness.succeed(&["token"]);
    assert_ne!(written(), before);
}

#[test]
fn a_failed_renewal_changes_nothing() {
    let harness = signed_in();
    remove_saved_token(&harness);
    let before = harness.files()["state.json"].clone();
    harness.fake(|fake| {
        let busy = Misbehavior::answer(503, "text/html", "busy");
        fake.misbehave("/auth/nonce", busy);
    });
    harness.run(&["token"]).assert_failed(2, &["the server failed"]);
    assert_eq!(harness.files()["state.json"], before);
    harness.fake(plex_auth_fake::FakePlex::behave);
    harness.succeed(&["token"]);
}

#[test]
fn an_expired_token_is_not_printed() {
    let harness = signed_in();
    harness.fake(|fake| {
        let busy = Misbehavior::answer(503, "text/html", "busy");
        fake.misbehave("/auth/nonce", busy);
    });
    let token = set_token_age(&harness, TOKEN_LIFETIME - 60 * 60);
    let outcome = harness.run(&["token"]);
    assert_eq!((outcome.code, outcome.stdout.trim()), (0, token.as_str()), "{outcome:?}");
    assert!(outcome.stderr.starts_with("warning: the token could not be renewed"), "{outcome:?}");
    set_token_age(&harness, TOKEN_LIFETIME + 60);
    harness.run(&["token"]).assert_failed(2, &["the server failed"]);
}

#[test]
fn a_removed_device_can_sign_in_again() {
    let harness = signed_in();
    let first = identifier(&harness, "default");
    harness.fake(|fake| fake.remove_device(&first));
    harness.run(&["check"]).assert_failed(1, &["the token is no longer valid"]);
    remove_saved_token(&harness);
    harness
        .run(&["token"])
        .assert_failed(1, &["no longer recognizes this device", "plex-auth logout"]);
    assert_eq!(harness.succeed(&["logout"]), "Signed out.\n");

    let mut login = Running::start(harness.command(&["login", "--device-key"]), "");
    harness.link(&login.link_code(), Who::PlexPass);
    assert_eq!(login.wait().code, 0);
    assert_ne!(identifier(&harness, "default"), first);
}

#[test]
fn an_unregistered_key_saves_the_token() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login", "--device-key"]), "");
    let code = login.link_code();
    let token = harness.fake(|fake| {
        let token = fake.issue_token(Who::PlexPass);
        let id = fake.pins().last().unwrap().id();
        let pin = json!({ "id": id, "code": code, "authToken": token }).to_string();
        let old_style = Misbehavior::answer(200, "application/json", pin);
        fake.misbehave(&format!("/pins/{id}"), old_style);
        token
    });
    // A script that needs a renewable token must not continue as if it had one.
    login.wait().assert_failed(1, &["did not register", "The token is saved", "plex-auth logout"]);
    assert_eq!(harness.succeed(&["token"]), format!("{token}\n"));
    assert_eq!(harness.fake(|fake| fake.seen("POST", "/auth/token")), 0);
    let whoami = harness.json(&["whoami", "--json"]);
    assert_eq!(whoami["signed_in_with"], "token");
    let first = identifier(&harness, "default");
    assert_eq!(
        harness.fake(|fake| fake.pins().last().unwrap().client_identifier().to_owned()),
        first
    );

    // Following the hint creates a different device, whose key is registered.
    harness.fake(plex_auth_fake::FakePlex::behave);
    assert_eq!(harness.succeed(&["logout"]), "Signed out.\n");
    let mut login = Running::start(harness.command(&["login", "--device-key"]), "");
    harness.link(&login.link_code(), Who::PlexPass);
    assert_eq!(login.wait().code, 0);
    assert_ne!(identifier(&harness, "default"), first);
    assert_eq!(harness.json(&["whoami", "--json"])["signed_in_with"], "device key");
}

#[test]
fn verbose_reports_the_requests_of_flows() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login", "--device-key", "-v"]), "");
    harness.link(&login.link_code(), Who::PlexPass);
    let login = login.wait();
    assert_eq!(login.code, 0, "{login:?}");
    remove_saved_token(&harness);
    let renewal = harness.run(&["token", "-v"]);
    assert_eq!(renewal.code, 0, "{renewal:?}");
    let output = login.stderr + &renewal.stderr;
    for (method, path) in [("POST", "/pins"), ("GET", "/auth/nonce"), ("POST", "/auth/token")] {
        let request = format!("{method} {}/api/v2{path}", harness.server.url());
        assert!(output.contains(&format!("> {request}")), "{request}: {output}");
        assert!(
            output.lines().any(|line| line.starts_with("< 2") && line.contains(&request)),
            "{request}: {output}"
        );
    }
    // No token or signed message is printed. Both are JWTs, which start with these letters.
    assert!(!output.contains("eyJ"), "{output}");
}

#[test]
fn a_wrong_clock_is_explained() {
    let harness = signed_in();
    remove_saved_token(&harness);
    // These responses have no `date` header, so the tool has only this computer's clock.
    let response = |status: &str, body: &str| {
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n");
        let text = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        vec![Step::Write(text.into_bytes())]
    };
    let refused = r#"{"errors":[{"code":1008,"message":"Invalid JWT","status":422}]}"#;
    let path = harness.state_folder().join("state.json");
    let token = || {
        let plex_tv = RawServer::per_connection(vec![
            response("200 OK", r#"{"nonce":"once"}"#),
            response("422 Unprocessable Entity", refused),
        ]);
        let state = fs::read_to_string(&path).unwrap();
        fs::write(&path, state.replace(harness.server.url(), &plex_tv.url())).unwrap();
        let mut token = harness.command(&["token"]);
        token.env_remove("PLEX_AUTH_PLEX_TV");
        let outcome = Running::start(token, "").wait();
        fs::write(&path, state).unwrap();
        outcome
    };
    token().assert_failed(74, &["clock may be wrong", "the output of `date`"]);
    // Nothing was lost.
    harness.succeed(&["token"]);
    // The token is still valid, so the error is only a warning, which names the clock, too.
    set_token_age(&harness, TOKEN_LIFETIME - 3600);
    let outcome = token();
    assert!(outcome.code == 0 && outcome.stderr.contains("clock may be wrong"), "{outcome:?}");
}

#[test]
fn a_token_that_servers_refuse_causes_a_warning() {
    let harness = signed_in();
    let token = harness.succeed(&["token"]);
    // For the account's own servers, Plex lists the token that the request was sent with.
    let list = json!([{
        "name": "Boathouse", "provides": "server", "clientIdentifier": "5f0e1c2d",
        "accessToken": token.trim(), "owned": true, "connections": [],
    }]);
    let answer = Misbehavior::answer(200, "application/json", list.to_string());
    harness.fake(|fake| fake.misbehave("/resources", answer));
    let outcome = harness.run(&["token", "--server", "Boathouse"]);
    assert_eq!((outcome.code, &outcome.stdout), (0, &token), "{outcome:?}");
    assert!(
        outcome.stderr.contains("warning: media servers refuse tokens renewed with a device key"),
        "{outcome:?}"
    );
}
