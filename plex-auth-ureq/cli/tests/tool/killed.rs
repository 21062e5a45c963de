//! Processes that are ended by signals: no saved state is lost, and any leftover files are removed
//! by the next run that writes.

use plex_auth_fake::Who;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Instant;
use std::{fs, thread};

use crate::devices::{self, TOKEN_LIFETIME};
#[cfg(target_os = "linux")]
use crate::harness::unix::command_after;
use crate::harness::{Harness, Running};
use crate::saved_state::identifiers;

/// The number of rounds, each with two processes.
const RUNS: u32 = 200;

#[test]
#[ignore = "takes a minute; part of `.ci/run full`"]
fn two_killed_processes_lose_nothing() {
    let harness = devices::signed_in();
    let token = harness.token(Who::PlexPass);
    // The delays depend on the speed of this machine, so that some runs are killed and some
    // complete.
    let started = Instant::now();
    let first = harness.run_with_input(&["login", "--token", "--profile", "first"], &token);
    assert_eq!(first.code, 0, "{first:?}");
    let longest = started.elapsed() * 2;
    let mut saved = BTreeSet::from(["first".to_owned()]);
    for number in 0..RUNS {
        // One process renews the token of a device, and the other saves a new profile.
        devices::set_token_age(&harness, TOKEN_LIFETIME - 60);
        let name = format!("profile-{number}");
        let arguments = ["login", "--token", "--profile", &name];
        let two = [
            (Running::start(harness.command(&["token"]), ""), 0.618_034),
            (Running::start(harness.command(&arguments), &token), 0.754_878),
        ];
        thread::scope(|scope| {
            for (running, ratio) in &two {
                // The multiples of an irrational number have evenly spread fractional parts.
                let delay = longest.mul_f64((f64::from(number) * ratio).fract());
                let id = Pid::from_raw(running.id().cast_signed()).unwrap();
                scope.spawn(move || {
                    thread::sleep(delay);
                    // The process may have ended already.
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
    let completed = saved.len();
    assert!(completed > 1 && completed < RUNS as usize, "{completed} of {RUNS} were completed");
}

#[test]
fn a_killed_process_loses_no_saved_state() {
    let harness = Harness::new();
    let token = harness.token(Who::PlexPass);
    harness.sign_in(Who::PlexPass);
    let files =
        || fs::read_dir(harness.state_folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let left_behind = || files().filter(|name| name.to_string_lossy().ends_with(".new")).count();
    for number in 0..20 {
        let name = number.to_string();
        let arguments = ["login", "--token", "--profile", &name];
        let login = Running::start(harness.command(&arguments), &token);
        // Waits until a new file is being written. The login may complete before that is noticed.
        while left_behind() == 0 && !login.has_ended() {}
        kill_process(Pid::from_raw(login.id().cast_signed()).unwrap(), Signal::KILL).unwrap();
        login.wait();
        assert_eq!(harness.succeed(&["token"]).trim(), token);
    }
    // The next run that writes removes what a killed process left behind.
    let left = harness.state_folder().join("state.json.plex-auth-Zx81aB.new");
    fs::write(left, "{\"version\":1,").unwrap();
    harness.succeed(&["switch", "nilo"]);
    assert_eq!(left_behind(), 0);
    assert_eq!(identifiers(&harness).len(), 1);
}

#[test]
fn a_signal_keeps_the_state() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let harness = Harness::signed_in(Who::PlexPass);
        let before = harness.files();
        let mut login = Running::start(harness.command(&["login"]), "");
        login.link_code();
        kill_process(Pid::from_raw(login.id().cast_signed()).unwrap(), signal).unwrap();
        let outcome = login.wait();
        assert_eq!((outcome.code, outcome.stdout.as_str()), (code, ""), "{outcome:?}");
        assert_eq!(harness.files(), before);
    }
}

/// After `nohup`, or in a script's background job, some signals are already ignored.
#[cfg(target_os = "linux")]
#[test]
fn an_ignored_signal_stays_ignored() {
    let harness = Harness::new();
    let ignore = "trap '' INT HUP TERM";
    let mut login = Running::start(command_after(&harness, ignore, &["login"]), "");
    let code = login.link_code();
    let id = Pid::from_raw(login.id().cast_signed()).unwrap();
    for signal in [Signal::INT, Signal::HUP, Signal::TERM] {
        kill_process(id, signal).unwrap();
    }
    harness.link(&code, Who::PlexPass);
    let outcome = login.wait();
    assert_eq!(outcome.code, 0, "{outcome:?}");
}
