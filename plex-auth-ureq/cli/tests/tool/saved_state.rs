//! The saved state: complete, readable only by its owner, and never lost.

use std::collections::BTreeSet;
use std::time::Duration;
use std::{fs, thread};

use plex_auth_fake::{Delivery, Misbehaviour, Who};
use serde_json::Value;

use crate::harness::{Harness, Running};

/// The client identifiers that plex.tv has seen.
fn identifiers(harness: &Harness) -> BTreeSet<String> {
    harness.fake(|fake| {
        let seen = fake.requests().iter();
        seen.filter_map(|request| request.header("x-plex-client-identifier").map(str::to_owned))
            .collect()
    })
}

#[test]
fn the_client_identifier_is_made_once_and_survives_logout() {
    let harness = Harness::new();
    for _ in 0..2 {
        harness.sign_in(Who::Free);
        harness.done(&["whoami"]);
        harness.run_with(&["login", "--password"], "rosa\nnine kites & a lantern\n");
        harness.done(&["logout"]);
    }
    assert_eq!(identifiers(&harness).len(), 1);
    let saved = harness.files()["client-identifier"].trim().to_owned();
    assert_eq!(identifiers(&harness), BTreeSet::from([saved]));
}

#[test]
fn processes_that_begin_at_once_have_one_identifier_and_lose_nothing() {
    let harness = Harness::new();
    let token = harness.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
    let names: Vec<_> = (0..8).map(|number| format!("profile-{number}")).collect();
    let start = |name: &String| {
        Running::start(harness.command(&["login", "--token", "--profile", name]), &token)
    };
    let running: Vec<_> = names.iter().map(start).collect();
    for outcome in running.into_iter().map(Running::end) {
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
    for name in &names {
        assert_eq!(harness.done(&["token", "--profile", name]).trim(), token);
    }
    assert_eq!(identifiers(&harness).len(), 1);
}

#[test]
fn a_login_that_hears_late_whose_its_token_is_says_nothing_of_anothers() {
    let harness = Harness::new();
    let mut first = Running::start(harness.command(&["login"]), "");
    let code = first.code();
    let late = Misbehaviour::deliver(Delivery::After(Duration::from_secs(5))).times(1);
    harness.fake(|fake| fake.misbehave("/user", late));
    harness.link(&code, Who::PlexPass);
    while harness.fake(|fake| fake.seen("GET", "/user")) == 0 {
        thread::yield_now();
    }
    harness.sign_in(Who::Free);
    assert_eq!(first.end().code, 0);
    let state: Value = serde_json::from_str(&harness.files()["state.json"]).unwrap();
    let saved = &state["profiles"]["default"];
    harness.fake(|fake| {
        let free = fake.account(Who::Free);
        assert_eq!(saved["token"], free.token());
        assert_eq!(saved["uuid"], free.body()["uuid"]);
    });
}

#[test]
fn a_damaged_file_is_said_to_be_so_and_kept_aside() {
    let harness = Harness::new();
    harness.sign_in(Who::PlexPass);
    let identifier = harness.files()["client-identifier"].clone();
    let path = harness.state().join("state.json");
    let whole = fs::read_to_string(&path).unwrap();
    let half = &whole[..whole.len() / 2];
    for (number, arguments) in [(1, &["whoami"][..]), (2, &["login"]), (3, &["logout"])] {
        fs::write(&path, half).unwrap();
        harness.run(arguments).failed(
            74,
            &["is damaged", &format!("state.json.damaged-{number}"), "plex-auth login"],
        );
        assert_eq!(harness.files()[&format!("state.json.damaged-{number}")], half);
    }
    harness.sign_in(Who::PlexPass);
    assert_eq!(harness.files()["client-identifier"], identifier);
    assert_eq!(identifiers(&harness).len(), 1);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::Command;
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;
    use crate::harness::PROGRAM;

    #[cfg(target_os = "linux")]
    #[test]
    fn without_a_word_the_state_is_in_the_platforms_folder() {
        let harness = Harness::new();
        let token = harness.fake(|fake| fake.account(Who::Free).token().to_owned());
        for (variable, folder) in [("HOME", "home/.local/state"), ("XDG_STATE_HOME", "elsewhere")] {
            let mut login = harness.command(&["login", "--token"]);
            login.env_remove("PLEX_AUTH_STATE_DIR").env("HOME", harness.folder.path().join("home"));
            if variable == "XDG_STATE_HOME" {
                login.env(variable, harness.folder.path().join(folder));
            }
            assert_eq!(Running::start(login, &token).end().code, 0);
            let state = harness.folder.path().join(folder).join("plex-auth/state.json");
            assert!(fs::read_to_string(&state).unwrap().contains(&token), "{state:?}");
        }
    }

    /// The program under a shell that first does this.
    fn after(harness: &Harness, first: &str, arguments: &[&str]) -> Command {
        let script = format!("{first}; exec \"$0\" \"$@\"");
        let mut all = vec!["-c", script.as_str(), PROGRAM];
        all.extend(arguments);
        harness.prepared("sh", &all)
    }

    #[test]
    fn no_file_is_ever_another_users_to_read() {
        let harness = Harness::new();
        let (done, state) = (AtomicBool::new(false), harness.state());
        let watched = thread::scope(|scope| {
            // Looks all the time while files come and go.
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
            let token = harness.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
            for number in 0..5 {
                let arguments = ["login", "--token", "--profile", &number.to_string()];
                // A umask that would let everybody read.
                let outcome = Running::start(after(&harness, "umask 0", &arguments), &token).end();
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
            ["client-identifier", "lock", "state.json"]
        );
    }

    #[test]
    fn a_full_disk_costs_nothing_that_was_kept() {
        let harness = Harness::new();
        // No file may have a byte, and no signal says so.
        let full = "trap '' XFSZ; ulimit -f 0";
        let outcome = Running::start(after(&harness, full, &["login"]), "").end();
        outcome.failed(74, &["state.json", "The disk is full"]);
        assert_eq!(
            harness.fake(|fake| fake.requests().len()),
            0,
            "nobody signs in to what cannot be kept"
        );

        harness.sign_in(Who::PlexPass);
        let before = harness.files();
        for arguments in [&["login"][..], &["logout"], &["switch", "nilo"]] {
            let outcome = Running::start(after(&harness, full, arguments), "").end();
            outcome.failed(74, &["The disk is full. What was kept before is as it was."]);
            assert_eq!(harness.files(), before, "{arguments:?}");
        }
        assert_eq!(harness.run(&["check"]).code, 0);
    }

    #[test]
    fn a_process_that_is_killed_while_it_writes_costs_nothing_that_was_kept() {
        let harness = Harness::new();
        let token = harness.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
        harness.sign_in(Who::PlexPass);
        let files =
            || fs::read_dir(harness.state()).unwrap().map(|entry| entry.unwrap().file_name());
        let left_behind =
            || files().filter(|name| name.to_string_lossy().ends_with(".new")).count();
        for number in 0..20 {
            let name = number.to_string();
            let arguments = ["login", "--token", "--profile", &name];
            let login = Running::start(harness.command(&arguments), &token);
            // As soon as a new file is begun, where that is seen before it is done.
            while left_behind() == 0 && !login.has_ended() {}
            kill_process(Pid::from_raw(login.id().cast_signed()).unwrap(), Signal::KILL).unwrap();
            login.end();
            assert_eq!(harness.done(&["token"]).trim(), token);
        }
        // What such a process leaves, the next one takes away.
        fs::write(harness.state().join("state.jsonZx81aB.new"), "{\"version\":1,").unwrap();
        harness.done(&["switch", "nilo"]);
        assert_eq!(left_behind(), 0);
        assert_eq!(identifiers(&harness).len(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_result_that_cannot_be_written_is_not_done() {
        let harness = Harness::new();
        harness.sign_in(Who::PlexPass);
        for arguments in
            [&["token"][..], &["whoami"], &["man"], &["completions", "bash"], &["--help"]]
        {
            let outcome = Running::start(after(&harness, "exec >/dev/full", arguments), "").end();
            outcome.failed(74, &["the result could not be written"]);
        }
    }

    /// As a user who has no rights of root's, with a copy of the program where that user finds it.
    fn as_nobody(harness: &Harness, arguments: &[&str]) -> Command {
        let open =
            |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        open(harness.folder.path());
        let copy = harness.folder.path().join("plex-auth");
        if !copy.exists() {
            // By another process: one that a thread of ours starts meanwhile would hold the copy open for writing, and
            // what is open for writing cannot be run.
            assert!(Command::new("cp").arg(PROGRAM).arg(&copy).status().unwrap().success());
        }
        open(&copy);
        let mut command = harness.prepared(&copy, arguments);
        if fs::metadata(&copy).unwrap().uid() == 0 {
            command.uid(65534).gid(65534);
        }
        command
    }

    #[test]
    fn a_read_only_folder_is_enough_to_use_a_token_and_not_to_keep_one() {
        let harness = Harness::new();
        harness.sign_in(Who::PlexPass);
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        for name in harness.files().keys() {
            mode(&harness.state().join(name), 0o444);
        }
        mode(&harness.state(), 0o555);
        let run = |arguments: &[&str]| Running::start(as_nobody(&harness, arguments), "").end();
        let token = harness.fake(|fake| fake.account(Who::PlexPass).token().to_owned());
        assert_eq!(run(&["token"]).stdout.trim(), token);
        let outcome = run(&["check"]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.stderr.contains("warning: other users can read"), "{outcome:?}");
        for arguments in [&["login"][..], &["logout"]] {
            run(arguments).failed(74, &["this user may not write there", "--state-dir"]);
        }
        let below = harness.state().join("below");
        let outcome = run(&["login", "--state-dir", below.to_str().unwrap()]);
        outcome.failed(74, &["cannot make the folder"]);
        // As where root signed in before.
        mode(&harness.state().join("state.json"), 0o000);
        run(&["token"]).failed(74, &["cannot read", "another user's"]);
        mode(&harness.state(), 0o755);
    }

    #[test]
    fn what_stands_in_the_place_of_a_file_is_no_matter_of_permissions() {
        let harness = Harness::new();
        fs::create_dir_all(harness.state().join("state.json")).unwrap();
        harness.run(&["token"]).failed(74, &["cannot read", "Something else is in the place"]);
        let below = harness.state().join("state.json/file");
        fs::write(&below, "").unwrap();
        let below = below.to_str().unwrap();
        harness
            .run(&["token", "--state-dir", below])
            .failed(74, &["Something else is in the place"]);
    }

    #[test]
    fn a_link_stays_one_and_what_it_leads_to_is_written() {
        let harness = Harness::new();
        harness.sign_in(Who::Free);
        let (link, elsewhere) =
            (harness.state().join("state.json"), harness.folder.path().join("real"));
        fs::rename(&link, &elsewhere).unwrap();
        std::os::unix::fs::symlink("../real", &link).unwrap();
        harness.sign_in(Who::PlexPass);
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("../real"));
        assert!(fs::read_to_string(&elsewhere).unwrap().contains(harness.done(&["token"]).trim()));
        assert_eq!(fs::metadata(&elsewhere).unwrap().permissions().mode() & 0o777, 0o600);
        harness.done(&["logout"]);
        assert!(!fs::read_to_string(&elsewhere).unwrap().contains("token"));
    }

    #[test]
    fn a_device_goes_on_with_a_token_that_is_still_good_where_none_can_be_kept() {
        let harness = crate::devices::signed_in();
        let token = crate::devices::age(&harness, crate::devices::LIFE - 60 * 60);
        // So that it cannot be told from one that may read alone.
        let full = "trap '' XFSZ; ulimit -f 0";
        let outcome = Running::start(after(&harness, full, &["token"]), "").end();
        assert_eq!((outcome.code, outcome.stdout.trim()), (0, token.as_str()), "{outcome:?}");
        assert!(outcome.stderr.contains("warning: the token could not be renewed"), "{outcome:?}");
        let renewed = harness.done(&["token"]);
        assert_ne!(renewed.trim(), token);

        crate::devices::age(&harness, crate::devices::LIFE + 60);
        let outcome = Running::start(after(&harness, full, &["token"]), "").end();
        outcome.failed(74, &["The disk is full"]);
    }

    #[test]
    fn an_interruption_ends_by_130_and_leaves_the_state_whole() {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
            let harness = Harness::new();
            harness.sign_in(Who::PlexPass);
            let before = harness.files();
            // As a script puts it in the background.
            let mut login = Running::start(after(&harness, "trap '' INT QUIT", &["login"]), "");
            login.code();
            kill_process(Pid::from_raw(login.id().cast_signed()).unwrap(), signal).unwrap();
            let outcome = login.end();
            assert_eq!((outcome.code, outcome.stdout.as_str()), (130, ""), "{outcome:?}");
            assert_eq!(harness.files(), before);
        }
    }
}
