//! Concurrent processes: none loses what another has saved.

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};

use plex_auth_fake::{ConnectionPlan, ConnectionPlans, Delivery, FakePlex, Who};
use plex_auth_ureq::http::Request;
use serde_json::Value;

use crate::harness::{Harness, Running, wait_until};
use crate::saved_state::identifiers;

#[test]
fn concurrent_logins_lose_nothing() {
    let harness = Harness::new();
    let token = harness.token(Who::PlexPass);
    let names: Vec<_> = (0..8).map(|number| format!("profile-{number}")).collect();
    let start = |name: &String| {
        Running::start(harness.command(&["login", "--token", "--profile", name]), &token)
    };
    let running: Vec<_> = names.iter().map(start).collect();
    for outcome in running.into_iter().map(Running::wait) {
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
    for name in &names {
        assert_eq!(harness.succeed(&["token", "--profile", name]).trim(), token);
    }
    assert_eq!(identifiers(&harness).len(), 1);
}

/// Holds back each response to a request whose path ends with this text, until the sender is
/// dropped.
#[derive(Debug)]
pub(crate) struct Held(&'static str, Mutex<Receiver<()>>);

impl Held {
    pub(crate) fn new(path: &'static str, until: Receiver<()>) -> Self {
        Self(path, Mutex::new(until))
    }
}

impl ConnectionPlans for Held {
    fn next(self: Arc<Self>) -> Arc<dyn ConnectionPlan> {
        self
    }
}

impl ConnectionPlan for Held {
    fn delivery(&self, request: &Request<Vec<u8>>, _: usize) -> Option<Delivery> {
        if request.uri().path().ends_with(self.0) {
            let _ = self.1.lock().unwrap().recv();
        }
        None
    }
}

#[test]
fn a_late_response_does_not_mix_accounts() {
    let harness = Harness::new();
    let state_folder = harness.state_folder();
    // The held response blocks its server, so the other login needs another server.
    let other = Harness::new().with_variable("PLEX_AUTH_STATE_DIR", state_folder.to_str().unwrap());
    let (release, held) = mpsc::channel();
    harness.server.set_connection_plans(Arc::new(Held::new("/user", held)));
    let mut first = Running::start(harness.command(&["login"]), "");
    harness.link(&first.link_code(), Who::PlexPass);
    wait_until("sent", || harness.fake(|fake| fake.seen("GET", "/user")) > 0);
    other.sign_in(Who::Free);
    drop(release);
    assert_eq!(first.wait().code, 0);
    let state: Value = serde_json::from_str(&harness.files()["state.json"]).unwrap();
    let saved = &state["profiles"]["default"];
    harness.fake(|fake| {
        let free = fake.account(Who::Free);
        assert_eq!(saved["token"], free.token());
        assert_eq!(saved["uuid"], free.body()["uuid"]);
    });
}

#[test]
fn logout_keeps_a_later_login() {
    let harness = Harness::new();
    harness.sign_in_with_code(Who::PlexPass);
    let state_folder = harness.state_folder();
    let other = Harness::new().with_variable("PLEX_AUTH_STATE_DIR", state_folder.to_str().unwrap());
    let (release, held) = mpsc::channel();
    harness.server.set_connection_plans(Arc::new(Held::new("/signout", held)));
    let logout = Running::start(harness.command(&["logout"]), "");
    wait_until("sent", || harness.fake(|fake| fake.seen("DELETE", "/users/signout")) > 0);
    other.sign_in(Who::PlexPass);
    drop(release);
    let outcome = logout.wait();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("has since been replaced or removed"), "{outcome:?}");
    assert_eq!(other.succeed(&["token"]).trim(), other.token(Who::PlexPass));
}

#[test]
fn switch_keeps_a_later_login() {
    let harness = Harness::signed_in(Who::PlexPass);
    let state_folder = harness.state_folder();
    let other = Harness::new().with_variable("PLEX_AUTH_STATE_DIR", state_folder.to_str().unwrap());
    let (release, held) = mpsc::channel();
    harness.server.set_connection_plans(Arc::new(Held::new("/switch", held)));
    let switch = Running::start(harness.command(&["switch", "nilo", "--into", "tv"]), "");
    let sent = |fake: &mut FakePlex| {
        fake.requests().iter().any(|request| request.path().ends_with("/switch"))
    };
    wait_until("sent", || harness.fake(sent));
    let token = other.token(Who::Free);
    let outcome = other.run_with_input(&["login", "--token", "--profile", "tv"], &token);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    drop(release);
    switch.wait().assert_failed(64, &["belongs to another account", "--into"]);
    // The token of the refused switch is not saved, so it is revoked.
    assert_eq!(harness.fake(|fake| fake.seen("DELETE", "/users/signout")), 1);
    assert_eq!(other.succeed(&["token", "--profile", "tv"]).trim(), token);
}
