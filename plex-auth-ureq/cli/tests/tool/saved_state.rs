//! The saved state: complete, readable only by its owner, and never lost.

use std::collections::BTreeSet;
use std::fs;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};

use plex_auth_fake::{ConnectionPlan, ConnectionPlans, Delivery, FakePlex, Who};
use plex_auth_ureq::http::Request;
use serde_json::Value;

use crate::harness::{Harness, Running, wait_until};

/// Returns the client identifiers that plex.tv has received.
fn identifiers(harness: &Harness) -> BTreeSet<String> {
    harness.fake(|fake| {
        let seen = fake.requests().iter();
        seen.filter_map(|request| request.header("x-plex-client-identifier").map(str::to_owned))
            .collect()
    })
}

#[test]
fn the_client_identifier_survives_logout() {
    let harness = Harness::new();
    for _ in 0..2 {
        harness.sign_in(Who::Free);
        harness.succeed(&["whoami"]);
        harness.run_with_input(&["login", "--password"], "rosa\nnine kites & a lantern\n");
        harness.succeed(&["logout"]);
    }
    assert_eq!(identifiers(&harness).len(), 1);
    let saved = harness.files()["client-identifier"].trim().to_owned();
    assert_eq!(identifiers(&harness), BTreeSet::from([saved]));
}

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

/// Holds back each response to a request for a path with this end until the sender is dropped.
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
    // The held response blocks its server, so that the other login needs another one.
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
    other.sign_in(Who::Free);
    drop(release);
    let outcome = logout.wait();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("later login is still saved"), "{outcome:?}");
    assert_eq!(other.succeed(&["token"]).trim(), other.token(Who::Free));
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
    assert_eq!(other.succeed(&["token", "--profile", "tv"]).trim(), token);
}

/// Each way to damage the file is reported, and the file stays as it is.
#[test]
fn a_damaged_file_is_reported_and_kept() {
    let harness = Harness::signed_in(Who::PlexPass);
    let identifier = harness.files()["client-identifier"].clone();
    let path = harness.state_folder().join("state.json");
    let whole = fs::read_to_string(&path).unwrap();
    let half = &whole[..whole.len() / 2];
    for (arguments, damage, problem) in [
        (&["whoami"][..], half, "invalid JSON at line "),
        (&["login"], "", "invalid JSON at line "),
        (&["logout"], r#"{"version":1,"profiles":7}"#, "unexpected value at line 1, column "),
        (&["login"], "[]", "it is not a JSON object"),
        (&["login"], "\r\n [7]", "it is not a JSON object"),
        (&["login"], "null", "unexpected value at line 1, column "),
    ] {
        fs::write(&path, damage).unwrap();
        let names = harness.files().into_keys().collect::<Vec<_>>();
        harness.run(arguments).assert_failed(74, &["state.json is damaged: ", problem, "mv "]);
        assert_eq!(harness.files()["state.json"], damage);
        assert_eq!(harness.files().into_keys().collect::<Vec<_>>(), names);
    }
    fs::remove_file(&path).unwrap();
    harness.sign_in(Who::PlexPass);
    assert_eq!(harness.files()["client-identifier"], identifier);
    assert_eq!(identifiers(&harness).len(), 1);
}

#[test]
fn a_damaged_profile_affects_no_other() {
    let harness = Harness::signed_in(Who::PlexPass);
    let token = harness.token(Who::PlexPass);
    let path = harness.state_folder().join("state.json");
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let broken = serde_json::json!({ "token": "two words", "note": "by hand" });
    for broken in [
        serde_json::json!({ "token": 5 }),
        serde_json::json!({ "token": ["abc"] }),
        serde_json::json!(["abc"]),
        serde_json::json!([1]),
        serde_json::json!("abc"),
        broken.clone(),
    ] {
        state["profiles"]["broken"] = broken;
        fs::write(&path, state.to_string()).unwrap();
        harness.run(&["token", "--profile", "broken"]).assert_failed(74, &["the entry broken"]);
    }

    assert_eq!(harness.succeed(&["token"]).trim(), token);
    assert!(harness.succeed(&["profiles"]).contains("broken: damaged"));
    for arguments in [&["login"][..], &["login", "--if-needed"], &["status"]] {
        harness.run(&[arguments, &["--profile", "broken"]].concat()).assert_failed(
            74,
            &["the entry broken of profiles", "plex-auth profiles remove broken"],
        );
    }
    // A change to another profile keeps what cannot be read.
    harness.succeed(&["switch", "nilo"]);
    let state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(state["profiles"]["broken"], broken);
    harness.succeed(&["profiles", "remove", "broken"]);
    assert_eq!(harness.run(&["token", "--profile", "broken"]).code, 3);
    assert_eq!(harness.succeed(&["token"]).trim(), token);
}

#[test]
fn an_editors_marks_and_line_ends_are_read() {
    let harness = Harness::signed_in(Who::PlexPass);
    let token = harness.token(Who::PlexPass);
    for name in ["state.json", "client-identifier"] {
        let path = harness.state_folder().join(name);
        let text = fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
        fs::write(&path, format!("\u{feff}{text}")).unwrap();
    }
    harness.succeed(&["whoami"]);
    assert_eq!(harness.succeed(&["token"]).trim(), token);
    harness.sign_in(Who::PlexPass);
    assert_eq!(identifiers(&harness).len(), 1);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;
    use crate::harness::unix::{command_after, unprivileged};

    #[cfg(target_os = "linux")]
    #[test]
    fn the_default_folder_is_the_platforms() {
        let harness = Harness::new();
        let token = harness.token(Who::Free);
        for (variable, folder) in [("HOME", "home/.local/state"), ("XDG_STATE_HOME", "elsewhere")] {
            let mut login = harness.command(&["login", "--token"]);
            login.env_remove("PLEX_AUTH_STATE_DIR").env("HOME", harness.folder.path().join("home"));
            if variable == "XDG_STATE_HOME" {
                login.env(variable, harness.folder.path().join(folder));
            }
            assert_eq!(Running::start(login, &token).wait().code, 0);
            let state = harness.folder.path().join(folder).join("plex-auth/state.json");
            assert!(fs::read_to_string(&state).unwrap().contains(&token), "{state:?}");
        }
    }

    #[test]
    fn files_are_readable_only_by_their_owner() {
        let harness = Harness::new();
        let (done, state) = (AtomicBool::new(false), harness.state_folder());
        let watched = thread::scope(|scope| {
            // Watches the folder while files are created and renamed.
            let watch = scope.spawn(|| {
                let mut watched = BTreeSet::new();
                while !done.load(Ordering::SeqCst) {
                    let Ok(entries) = fs::read_dir(&state) else { continue };
                    for entry in entries.map(Result::unwrap) {
                        let Ok(metadata) = entry.metadata() else { continue };
                        assert_eq!(metadata.permissions().mode() & 0o077, 0, "{entry:?}");
                        watched.insert(entry.file_name());
                    }
                }
                watched
            });
            let token = harness.token(Who::PlexPass);
            for number in 0..5 {
                let arguments = ["login", "--token", "--profile", &number.to_string()];
                // A umask that would let all users read.
                let outcome =
                    Running::start(command_after(&harness, "umask 0", &arguments), &token).wait();
                assert_eq!(outcome.code, 0, "{outcome:?}");
            }
            done.store(true, Ordering::SeqCst);
            watch.join().unwrap()
        });
        assert!(watched.len() >= 3, "{watched:?}");
        let folder = fs::metadata(&state).unwrap().permissions().mode();
        assert_eq!(folder & 0o777, 0o700);
        assert_eq!(
            harness.files().keys().collect::<Vec<_>>(),
            ["client-identifier", "state.json", "state.json.lock"]
        );
    }

    #[test]
    fn a_full_disk_loses_no_saved_state() {
        let harness = Harness::new();
        // No file may grow; instead of a signal, the write fails.
        let full = "trap '' XFSZ; ulimit -f 0";
        let outcome = Running::start(command_after(&harness, full, &["login"]), "").wait();
        outcome.assert_failed(74, &["state.json", "The disk is full"]);
        assert_eq!(
            harness.fake(|fake| fake.requests().len()),
            0,
            "no request is sent if nothing can be saved"
        );

        harness.sign_in(Who::PlexPass);
        let before = harness.files();
        for arguments in [&["login"][..], &["logout"], &["switch", "nilo"]] {
            let outcome = Running::start(command_after(&harness, full, arguments), "").wait();
            outcome.assert_failed(74, &["The disk is full. The saved state has not changed."]);
            assert_eq!(harness.files(), before, "{arguments:?}");
        }
        assert_eq!(harness.run(&["check"]).code, 0);
    }

    #[test]
    fn a_killed_process_loses_no_saved_state() {
        let harness = Harness::new();
        let token = harness.token(Who::PlexPass);
        harness.sign_in(Who::PlexPass);
        let files = || {
            fs::read_dir(harness.state_folder()).unwrap().map(|entry| entry.unwrap().file_name())
        };
        let left_behind =
            || files().filter(|name| name.to_string_lossy().ends_with(".new")).count();
        for number in 0..20 {
            let name = number.to_string();
            let arguments = ["login", "--token", "--profile", &name];
            let login = Running::start(harness.command(&arguments), &token);
            // Until a new file is being written. It may be complete before that is noticed.
            while left_behind() == 0 && !login.has_ended() {}
            kill_process(Pid::from_raw(login.id().cast_signed()).unwrap(), Signal::KILL).unwrap();
            login.wait();
            assert_eq!(harness.succeed(&["token"]).trim(), token);
        }
        // The next run removes what a killed process left behind.
        let left = harness.state_folder().join("state.json.plex-auth-Zx81aB.new");
        fs::write(left, "{\"version\":1,").unwrap();
        harness.succeed(&["switch", "nilo"]);
        assert_eq!(left_behind(), 0);
        assert_eq!(identifiers(&harness).len(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_result_that_cannot_be_written_is_an_error() {
        let harness = Harness::signed_in(Who::PlexPass);
        for arguments in
            [&["token"][..], &["whoami"], &["man"], &["completions", "bash"], &["--help"]]
        {
            let outcome =
                Running::start(command_after(&harness, "exec >/dev/full", arguments), "").wait();
            outcome.assert_failed(74, &["the result could not be written"]);
        }
    }

    #[test]
    fn a_read_only_folder_allows_only_reading() {
        let harness = Harness::signed_in(Who::PlexPass);
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        for name in harness.files().keys() {
            mode(&harness.state_folder().join(name), 0o444);
        }
        mode(&harness.state_folder(), 0o555);
        let run = |arguments: &[&str]| Running::start(unprivileged(&harness, arguments), "").wait();
        let token = harness.token(Who::PlexPass);
        assert_eq!(run(&["token"]).stdout.trim(), token);
        let outcome = run(&["check"]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.stderr.contains("warning: other users can read"), "{outcome:?}");
        let outcome = run(&["login", "--if-needed"]);
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (0, "Already signed in as rosa.\n"),
            "{outcome:?}"
        );
        for arguments in [&["login"][..], &["logout"], &["login", "--if-needed", "--profile=new"]] {
            run(arguments).assert_failed(74, &["this user may not write there"]);
        }
        let below = harness.state_folder().join("below");
        let outcome = run(&["login", "--state-dir", below.to_str().unwrap()]);
        outcome.assert_failed(74, &["cannot create the folder"]);
        // As if root had signed in before.
        mode(&harness.state_folder().join("state.json"), 0o000);
        run(&["token"]).assert_failed(74, &["cannot read", "belongs to another user"]);
        mode(&harness.state_folder(), 0o755);
    }

    #[test]
    fn a_renewed_token_is_printed_on_a_full_disk() {
        let harness = crate::devices::signed_in();
        let token =
            crate::devices::set_token_age(&harness, crate::devices::TOKEN_LIFETIME - 60 * 60);
        // A full disk must behave like a read-only folder.
        let full = "trap '' XFSZ; ulimit -f 0";
        let outcome = Running::start(command_after(&harness, full, &["token"]), "").wait();
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.stderr.contains("warning: the token was renewed, but"), "{outcome:?}");
        let renewed = harness.succeed(&["token"]);
        assert_ne!(renewed.trim(), token);

        // Even after that, the new token is printed.
        let expired = crate::devices::set_token_age(&harness, crate::devices::TOKEN_LIFETIME + 60);
        let outcome = Running::start(command_after(&harness, full, &["token"]), "").wait();
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.stdout.trim() != expired && outcome.stdout.contains('.'), "{outcome:?}");
        assert!(outcome.stderr.contains("warning: the token was renewed, but"), "{outcome:?}");
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

    /// As after `nohup`, and in a background job of a script.
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
}
