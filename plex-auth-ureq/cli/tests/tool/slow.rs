//! Messages that the tool prints while it waits, and work that must not wait.

use std::fs::File;
use std::sync::{Arc, mpsc};

use plex_auth_fake::{Misbehavior, Who};
use plex_auth_tests::BlackHole;
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::concurrency::Held;
use crate::devices;
use crate::harness::{Harness, Running, wait_until};

#[test]
fn a_held_lock_is_reported_and_times_out() {
    let harness = Harness::signed_in(Who::Free);
    let lock = File::open(harness.state_folder().join("state.json.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let token = harness.token(Who::Free);
    let start = |arguments: &[&str]| Running::start(harness.command(arguments), &token);
    start(&["login", "--token", "--timeout", "0.5"])
        .wait()
        .assert_failed(74, &["is locked by another process"]);
    let mut patient = start(&["login", "--token"]);
    let quiet = start(&["login", "--token", "--quiet"]);
    let mut patient_json = start(&["login", "--token", "--json"]);
    patient.wait_for("Waiting for another plex-auth process");
    let line: Value = serde_json::from_str(&patient_json.line()).unwrap();
    assert!(line["waiting_for"].as_str().unwrap().contains("lock"), "{line}");
    // Reading needs no lock.
    assert_eq!(harness.succeed(&["token"]).trim(), token);
    drop(lock);
    assert_eq!((patient.wait().code, patient_json.wait().code), (0, 0));
    let quiet = quiet.wait();
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""), "{quiet:?}");
}

#[test]
fn a_slow_response_is_reported_unless_quiet() {
    let harness = Harness::signed_in(Who::Free);
    let (release, held) = mpsc::channel();
    harness.server.set_connection_plans(Arc::new(Held::new("/user", held)));
    let quiet =
        [&["check", "--quiet"][..], &["check", "--quiet", "--json"], &["whoami", "--quiet"]]
            .map(|arguments| Running::start(harness.command(arguments), ""));
    wait_until("sent", || harness.fake(|fake| fake.seen("GET", "/user")) > 0);
    let mut whoami = Running::start(harness.command(&["whoami"]), "");
    let mut check = Running::start(harness.command(&["check"]), "");
    whoami.wait_for("Waiting for a response from 127.0.0.1");
    check.wait_for("Waiting for a response from 127.0.0.1");
    drop(release);
    assert_eq!(check.wait().code, 0);
    let outcome = whoami.wait();
    assert!(outcome.code == 0 && outcome.stdout.contains("tariq"), "{outcome:?}");
    for outcome in quiet.map(Running::wait) {
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    }
}

#[test]
fn a_login_without_a_network_is_reported_and_ends() {
    let harness = Harness::new();
    let hole = BlackHole::open().expect("a port");
    for url in [hole.url().as_str(), "http://127.0.0.1:1"] {
        let start = |limit: &str| {
            let arguments = ["login", "--timeout", limit, "--plex-tv", url];
            Running::start(harness.command(&arguments), "")
        };
        start("0.5").wait().assert_failed(2, &["error: "]);
        let mut login = start("60");
        login.wait_for("Waiting for a code from 127.0.0.1");
        let id = Pid::from_raw(login.id().cast_signed()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
        assert_eq!(login.wait().code, 143);
    }
}

#[test]
fn an_outage_during_a_code_login_is_reported() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login"]), "");
    let code = login.link_code();
    let id = harness.fake(|fake| fake.pins().last().unwrap().id());
    let busy = Misbehavior::answer(503, "text/html", "busy");
    harness.fake(|fake| fake.misbehave(&format!("/pins/{id}"), busy));
    login.wait_for("Waiting for 127.0.0.1 (last error: ");
    harness.fake(plex_auth_fake::FakePlex::behave);
    harness.link(&code, Who::PlexPass);
    assert_eq!(login.wait().code, 0);
}

#[test]
fn a_renewal_does_not_block_other_profiles() {
    let harness = devices::signed_in();
    let first = harness.succeed(&["token"]);
    devices::set_token_age(&harness, devices::TOKEN_LIFETIME + 60);
    // The held response blocks its server, so the other runs need another server.
    let state_folder = harness.state_folder();
    let other = Harness::new().with_variable("PLEX_AUTH_STATE_DIR", state_folder.to_str().unwrap());
    let (release, held) = mpsc::channel();
    harness.server.set_connection_plans(Arc::new(Held::new("/nonce", held)));
    let renewal = Running::start(harness.command(&["token"]), "");
    wait_until("sent", || harness.fake(|fake| fake.seen("GET", "/auth/nonce")) > 0);

    let token = other.token(Who::Free);
    let login = other.run_with_input(&["login", "--token", "--profile", "other"], &token);
    assert_eq!(login.code, 0, "{login:?}");
    assert_eq!(other.succeed(&["token", "--profile", "other"]).trim(), token);
    drop(release);
    let renewed = renewal.wait();
    assert!(renewed.code == 0 && renewed.stdout != first, "{renewed:?}");
    // Both changes are saved.
    assert_eq!(harness.succeed(&["token"]), renewed.stdout);
    assert_eq!(other.succeed(&["token", "--profile", "other"]).trim(), token);
}
