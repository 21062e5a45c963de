//! Behavior that scripts rely on: quiet success, distinct exit statuses, warnings as JSON, and
//! closed pipes.

use plex_auth_fake::{Misbehavior, Who};
use serde_json::Value;

use crate::harness::{Harness, names};

#[test]
fn quiet_commands_print_nothing_on_success() {
    let harness = Harness::new().with_variable("PLEX_AUTH_QUIET", "1");
    harness.sign_in(Who::PlexPass);
    for arguments in [
        &["check"][..],
        &["servers", "--wait"],
        &["login", "--if-needed"],
        &["switch", "nilo"],
        &["profiles", "remove", "nilo"],
    ] {
        let outcome = harness.run(arguments);
        assert_eq!(
            (outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()),
            (0, "", ""),
            "{arguments:?}"
        );
    }
    // Requested output and errors are still printed.
    assert!(harness.succeed(&["servers"]).contains("Boathouse"));
    assert_eq!(harness.succeed(&["token"]).trim(), harness.token(Who::PlexPass));
    assert_eq!(harness.succeed(&["logout"]), "");
    harness.run(&["check"]).assert_failed(3, &["not signed in"]);
}

#[test]
fn not_signed_in_has_its_own_status() {
    let harness = Harness::new();
    for arguments in [
        &["status"][..],
        &["whoami"],
        &["token"],
        &["token", "--server", "Boathouse"],
        &["run", "--", "true"],
        &["check"],
        &["servers"],
        &["devices"],
        &["users"],
        &["switch", "nilo"],
        &["claim"],
        &["logout"],
    ] {
        harness.run(arguments).assert_failed(
            3,
            &["not signed in", "No sign-in is saved for the profile ", "plex-auth login"],
        );
        let outcome = harness.run(&[&["--json", "--show-secrets"], arguments].concat());
        let json: Value = serde_json::from_str(&outcome.stderr).unwrap();
        assert_eq!(json["error"]["class"], "not_signed_in", "{arguments:?}");
        assert_eq!(json["error"]["exit_code"], 3);
    }
}

#[test]
fn servers_fails_if_none_responds() {
    let harness = Harness::signed_in(Who::PlexPass);
    let busy = Misbehavior::answer(503, "text/html", "busy");
    harness.fake(|fake| {
        fake.misbehave("/pms/identity", busy.clone());
        fake.misbehave("/identity", busy);
    });
    for arguments in [&["servers"][..], &["servers", "--quiet"]] {
        let outcome = harness.run(arguments);
        assert!(outcome.stdout.contains("Boathouse"), "{outcome:?}");
        outcome.assert_error(2, &["no server responds", "plex-auth servers --wait"]);
    }
    for arguments in [&["servers", "--json"][..], &["servers", "--json", "--quiet"]] {
        let outcome = harness.run(arguments);
        assert!(outcome.code == 2 && outcome.stdout.contains("Boathouse"), "{outcome:?}");
        assert_eq!(outcome.json_lines()[0]["error"]["what"], "no server responds");
    }
}

#[test]
fn quiet_does_not_suppress_json() {
    let harness = Harness::signed_in(Who::PlexPass);
    for arguments in [
        &["check"][..],
        &["servers"],
        &["servers", "--wait"],
        &["login", "--if-needed"],
        &["switch", "nilo"],
        &["profiles", "remove", "nilo"],
        &["logout"],
    ] {
        let json = harness.json(&[arguments, &["--json", "--quiet"]].concat());
        assert!(json["profile"].is_string(), "{arguments:?}: {json}");
    }
}

#[cfg(unix)]
#[test]
fn warnings_are_json_lines_with_json() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    let harness = Harness::signed_in(Who::Free);
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(harness.state_folder().join("state.json"), open).unwrap();
    let outcome = harness.run(&["whoami", "--json"]);
    let json: Value = serde_json::from_str(&outcome.stderr).unwrap();
    assert_eq!(names(&json), ["warning"]);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_silent() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    let harness = Harness::signed_in(Who::PlexPass);
    for arguments in
        [&["token"][..], &["whoami"], &["man"], &["completions", "bash"], &["--help"], &["users"]]
    {
        // A process that another test starts at the same time would inherit a pipe from rustix, and
        // keep it open.
        let (reader, writer) = UnixStream::pair().unwrap();
        drop(reader);
        let output = harness.command(arguments).stdout(OwnedFd::from(writer)).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(141), ""), "{arguments:?}");
    }
}
