//! The saved state: complete, readable only by its owner, and never lost.

use std::collections::BTreeSet;
use std::fs;

use plex_auth_fake::Who;
use serde_json::Value;

use crate::harness::Harness;

/// Returns the client identifiers that plex.tv has received.
pub(crate) fn identifiers(harness: &Harness) -> BTreeSet<String> {
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

/// Each kind of damage to the file is reported, and the file stays as it is.
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
        // Another program's file.
        (&["login"], r#"{"auths":{}}"#, "unexpected value at line 1, column "),
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
fn a_damaged_profile_does_not_affect_others() {
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
        serde_json::json!({ "token": "abc", "client_identifier": "\u{1b}[2J" }),
        broken.clone(),
    ] {
        state["profiles"]["broken"] = broken;
        fs::write(&path, state.to_string()).unwrap();
        harness.run(&["token", "--profile", "broken"]).assert_failed(74, &["the entry \"broken\""]);
    }

    assert_eq!(harness.succeed(&["token"]).trim(), token);
    assert!(harness.succeed(&["profiles"]).contains("broken: damaged"));
    for arguments in [&["login"][..], &["login", "--if-needed"], &["status"]] {
        harness.run(&[arguments, &["--profile", "broken"]].concat()).assert_failed(
            74,
            &["the entry \"broken\" in \"profiles\"", "plex-auth profiles remove broken"],
        );
    }
    // A change to another profile keeps the entry that cannot be read.
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
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;
    use crate::harness::Running;
    use crate::harness::unix::command_after;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_default_folder_follows_the_platform() {
        let harness = Harness::new();
        let token = harness.token(Who::Free);
        fs::create_dir(harness.folder.path().join("home")).unwrap();
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
                // This umask would give all users access.
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
}
