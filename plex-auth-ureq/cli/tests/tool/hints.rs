//! Each command in a hint can be pasted into a shell, and acts on the same profile as the command
//! that failed.

use plex_auth_fake::{Misbehavior, Which, Who};
use serde_json::json;

use crate::devices;
use crate::harness::{Harness, Outcome, PROGRAM, Running};

/// Returns the commands in the hint, which is the last line of an error.
fn commands(outcome: &Outcome) -> Vec<String> {
    let hint = outcome.stderr.lines().rev().find_map(|line| line.strip_prefix("next: "));
    let hint = hint.unwrap_or_else(|| panic!("no hint: {outcome:?}"));
    let starts: Vec<_> = hint.match_indices("plex-auth ").map(|(at, _)| at).collect();
    let end = |start: usize| {
        let rest = &hint[start..];
        let ends = [". Or", ", then ", ", or "].iter().filter_map(|end| rest.find(end));
        start + ends.min().unwrap_or(rest.len())
    };
    starts.into_iter().map(|start| hint[start..end(start)].to_owned()).collect()
}

/// Runs a command line in a shell without the environment variables that set the plex.tv URL, the
/// state folder and the profile. Passes a token as input. If a login waits for its code to be
/// linked, links the code.
fn paste(harness: &Harness, line: &str) -> Outcome {
    let folder = std::path::Path::new(PROGRAM).parent().unwrap().to_str().unwrap();
    let mut shell = harness.command_for("sh", &["-c", line]);
    let path = std::env::var("PATH").unwrap();
    shell.env("PATH", format!("{folder}:{path}"));
    for name in ["PLEX_TV", "STATE_DIR", "PROFILE"] {
        shell.env_remove(format!("PLEX_AUTH_{name}"));
    }
    let mut running = Running::start(shell, &harness.token(Who::PlexPass));
    // A login waits until its code is linked.
    if line.starts_with("plex-auth login") && !line.contains("--token") {
        let code = if line.contains("--open") {
            running.wait_for("Sign in on this page: ");
            harness.fake(|fake| fake.pins().last().unwrap().code().to_owned())
        } else {
            running.link_code()
        };
        harness.link(&code, Who::PlexPass);
    }
    running.wait()
}

#[test]
fn each_hint_can_be_pasted() {
    // A shell would split the names of this folder and this profile.
    let harness = Harness::new();
    let folder = harness.folder.path().join("it's a folder");
    let harness = harness
        .with_variable("PLEX_AUTH_STATE_DIR", folder.to_str().unwrap())
        .with_variable("PLEX_AUTH_PROFILE", "my nas");
    let source = harness.fake(|fake| fake.server(Which::Claimed).sources()[0].uri.clone());
    let token = harness.token(Who::PlexPass);
    let invalid = "an-invalid-token";
    // The arguments, the input, and the number of commands in the hint, or 0 if the hint is not
    // checked.
    for (arguments, input, count) in [
        (&["whoami"][..], "", 2),
        (&["login", "--token"], invalid, 0),
        (&["login", "--token"], token.as_str(), 0),
        (&["devices", "remove", "1"], "", 1),
        (&["switch", "somebody"], "", 1),
        (&["transient", "Shed"], "", 1),
        (&["source", "Shed", &source], "", 1),
        (&["token", "--server", "Shed"], "", 1),
        (&["run", "--server", "Shed", "--", "true"], "", 1),
        (&["nonsense"], "", 1),
        (&["profiles", "remove", "somebody"], "", 1),
    ] {
        let outcome = harness.run_with_input(arguments, input);
        if count == 0 {
            continue;
        }
        let found = commands(&outcome);
        assert_eq!(found.len(), count, "{outcome:?}");
        for line in found {
            let pasted = paste(&harness, &line);
            assert_eq!(pasted.code, 0, "{line}: {pasted:?}");
        }
    }
    // The pasted commands acted on the profile and the folder of the command that failed.
    let state = std::fs::read_to_string(folder.join("state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert!(state["profiles"]["my nas"]["token"].is_string(), "{state}");
}

#[test]
fn a_value_like_an_option_can_be_pasted() {
    let harness = Harness::new();
    let outcome = harness.run(&["whoami", "--profile=-x", "--state-dir=-folder"]);
    let found = commands(&outcome);
    assert!(found.iter().all(|line| line.contains(" --state-dir=-folder")), "{outcome:?}");
    assert!(found[0].contains(" --profile=-x "), "{outcome:?}");
    assert_eq!(paste(&harness, &found[1]).code, 0, "{outcome:?}");
}

#[test]
fn a_hint_keeps_the_sign_in_method() {
    let harness = Harness::new();
    let mut login = Running::start(harness.command(&["login", "--device-key"]), "");
    login.link_code();
    harness.expire_last_pin();
    let outcome = login.wait();
    let found = commands(&outcome);
    assert_eq!(found.len(), 1, "{outcome:?}");
    assert!(found[0].contains(" --device-key"), "{outcome:?}");
    assert_eq!(paste(&harness, &found[0]).code, 0);
    assert_eq!(harness.json(&["status", "--json"])["signed_in_with"], "device key");

    // The method is also kept if another command fails because the device was removed.
    let harness = devices::signed_in();
    let identifier = harness.json(&["status", "--json"])["client_identifier"].clone();
    harness.fake(|fake| fake.remove_device(identifier.as_str().unwrap()));
    let outcome = harness.run(&["whoami"]);
    let found = commands(&outcome);
    assert!(found[0].starts_with("plex-auth login "), "{outcome:?}");
    assert!(found[0].ends_with(" --device-key"), "{outcome:?}");
}

#[test]
fn a_hint_keeps_every_option() {
    let harness = Harness::new();
    harness.sign_in(Who::Free);
    let arguments = ["login", "--token", "--replace", "--device-name", "Attic PC"];
    let mut login = harness.command(&arguments);
    login.env("PLEX_AUTH_CLIENT_IDENTIFIER", "attic");
    let outcome = Running::start(login, "an-invalid-token").wait();
    let found = commands(&outcome);
    assert_eq!(found.len(), 1, "{outcome:?}");
    let pasted = paste(&harness, &found[0]);
    assert_eq!(pasted.code, 0, "{found:?}: {pasted:?}");
    harness.fake(|fake| {
        let mut pins = fake.requests().iter().filter(|request| request.path().ends_with("/pins"));
        let pin = pins.next().unwrap();
        assert_eq!(pin.header("x-plex-client-identifier"), Some("attic"));
        assert_eq!(pin.header("x-plex-device-name"), Some("Attic PC"));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_is_not_utf8_can_be_pasted() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    let harness = Harness::new();
    let folder = harness.folder.path().join(OsStr::from_bytes(b"it's \xff %\\\t\x01"));
    let state = folder.join("state.json");
    let run = |arguments: &[&str]| {
        let mut command = harness.command(arguments);
        command.env("PLEX_AUTH_STATE_DIR", &folder);
        Running::start(command, "").wait()
    };
    for line in commands(&run(&["whoami"])) {
        let pasted = paste(&harness, &line);
        assert_eq!(pasted.code, 0, "{line}: {pasted:?}");
    }
    assert!(state.exists());
    // Commands in a hint that run other programs can be pasted, too.
    let after = |outcome: &Outcome, start: &str| {
        let line = outcome.stderr.lines().rev().find(|line| line.contains(start)).unwrap();
        line[line.find(start).unwrap()..].to_owned()
    };
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let outcome = run(&["login"]);
    let pasted = paste(&harness, &after(&outcome, "chmod o-w "));
    assert_eq!(pasted.code, 0, "{outcome:?} {pasted:?}");
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o775);
    std::fs::write(&state, "damaged").unwrap();
    let outcome = run(&["token"]);
    let pasted = paste(&harness, &after(&outcome, "mv "));
    assert_eq!(pasted.code, 0, "{outcome:?} {pasted:?}");
    assert!(!state.exists());
}

#[test]
fn a_hint_to_replace_or_keep_both_works() {
    for choice in [0, 1] {
        let harness = Harness::signed_in(Who::Free);
        let token = harness.token(Who::PlexPass);
        let outcome = harness.run_with_input(&["login", "--token"], &token);
        let found = commands(&outcome);
        assert_eq!(found.len(), 2, "{outcome:?}");
        let pasted = paste(&harness, &found[choice]);
        assert_eq!(pasted.code, 0, "{}: {pasted:?}", found[choice]);
        let profile = ["rosa", "default"][choice];
        assert_eq!(harness.succeed(&["token", "--profile", profile]).trim(), token);
    }
}

#[test]
fn a_hint_to_replace_a_device_key_works() {
    let harness = devices::signed_in();
    let busy = Misbehavior::answer(502, "text/html", "busy").header("retry-after", "120");
    harness.fake(|fake| fake.misbehave("/user", busy));
    // The key gets a token without a code.
    let outcome = harness.run(&["login", "--device-key"]);
    outcome.assert_failed(2, &["The saved token was not replaced"]);
    let found = commands(&outcome);
    assert!(!found.is_empty(), "{outcome:?}");
    harness.fake(plex_auth_fake::FakePlex::behave);
    for line in found {
        let pasted = paste(&harness, &line);
        assert_eq!(pasted.code, 0, "{line}: {pasted:?}");
    }
    assert_eq!(harness.json(&["status", "--json"])["signed_in_with"], "device key");
}

#[test]
fn a_refused_login_keeps_the_saved_key() {
    let harness = devices::signed_in();
    let before = harness.files();
    let other = harness.fake(|fake| json!(fake.account(Who::Free).body()).to_string());
    harness
        .fake(|fake| fake.misbehave("/user", Misbehavior::answer(200, "application/json", other)));
    // The key gets a token without a code.
    let outcome = harness.run(&["login", "--device-key"]);
    outcome.assert_failed(64, &["already belongs to rosa"]);
    assert_eq!(harness.files(), before);
    harness.fake(plex_auth_fake::FakePlex::behave);
    assert!(harness.fake(|fake| !fake.device_keys().any(plex_auth_fake::DeviceKey::is_removed)));
    let found = commands(&outcome);
    assert_eq!(found.len(), 3, "{outcome:?}");
    for line in &found[1..] {
        let pasted = paste(&harness, line);
        assert_eq!(pasted.code, 0, "{line}: {pasted:?}");
    }
    assert_eq!(harness.json(&["status", "--json"])["signed_in_with"], "device key");
}

#[test]
fn a_hint_after_an_outage_works() {
    let harness = Harness::new();
    harness.sign_in_with_code(Who::PlexPass);
    let busy = Misbehavior::answer(503, "text/html", "busy");
    harness.fake(|fake| fake.misbehave("/users/signout", busy));
    let outcome = harness.run(&["logout"]);
    for line in commands(&outcome) {
        assert_eq!(paste(&harness, &line).code, 0, "{line}");
    }
    assert_eq!(harness.run(&["token"]).code, 3);
}
