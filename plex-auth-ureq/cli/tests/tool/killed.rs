//! Processes that are killed at random points: nothing that was saved is lost, and nothing is left over.

use plex_auth_fake::Who;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use std::{fs, thread};

use crate::devices::{self, TOKEN_LIFETIME};
use crate::harness::Running;

/// The number of runs.
const RUNS: u32 = 200;

/// Longer than one run of the tool takes on a busy machine.
const LONGEST: Duration = Duration::from_millis(60);

#[test]
#[ignore = "takes a minute; part of `.ci/run full`"]
fn two_killed_processes_lose_nothing() {
    let harness = devices::signed_in();
    let token = harness.token(Who::PlexPass);
    let mut saved = BTreeSet::new();
    for number in 0..RUNS {
        // One renews the token of a device, the other saves a profile of its own.
        devices::set_token_age(&harness, TOKEN_LIFETIME - 60);
        let name = format!("profile-{number}");
        let arguments = ["login", "--token", "--profile", &name];
        let two = [
            (Running::start(harness.command(&["token"]), ""), 0.618_034),
            (Running::start(harness.command(&arguments), &token), 0.754_878),
        ];
        thread::scope(|scope| {
            for (running, ratio) in &two {
                // Multiples of an irrational number are spread evenly.
                let delay = LONGEST.mul_f64((f64::from(number) * ratio).fract());
                let id = Pid::from_raw(running.id().cast_signed()).unwrap();
                scope.spawn(move || {
                    thread::sleep(delay);
                    // It may have ended before.
                    let _ = kill_process(id, Signal::KILL);
                });
            }
        });
        let [_, login] = two.map(|(running, _)| running.wait());
        let text = fs::read_to_string(harness.state_folder().join("state.json")).unwrap();
        let state: Value =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{number}: {text}"));
        let profiles = state["profiles"].as_object().unwrap();
        if login.code == 0 {
            saved.insert(name.clone());
        }
        for name in &saved {
            assert!(profiles.contains_key(name), "{number}: {name} is lost");
        }
        assert!(state["devices"]["default"]["seed"].is_array(), "{number}: the key is lost");
    }
    // The next run that writes removes what was left behind.
    harness.run_with_input(&["login", "--token", "--profile", "last"], &token);
    assert!(!harness.succeed(&["token"]).is_empty());
    let left: Vec<_> = harness.files().into_keys().filter(|name| name.ends_with(".new")).collect();
    assert!(left.is_empty(), "{left:?}");
    let (few, many) = (saved.len() > 10, saved.len() < RUNS as usize);
    assert!(few && many, "{} logins were completed: the delays do not fit", saved.len());
}
