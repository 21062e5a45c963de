//! Options, their environment variables, and usage errors.

use plex_auth_fake::Who;

use crate::harness::{Harness, Running};

#[test]
fn json_without_secrets_is_refused_before_a_request() {
    let harness = Harness::signed_in(Who::PlexPass);
    let requests = harness.fake(|fake| fake.requests().len());
    for arguments in [
        &["token", "--json"][..],
        &["token", "--server", "Boathouse", "--json"],
        &["claim", "--json"],
        &["transient", "Boathouse", "--json"],
    ] {
        let outcome = harness.run(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (64, ""), "{outcome:?}");
        assert!(outcome.stderr.contains("Add --show-secrets"), "{outcome:?}");
    }
    assert_eq!(harness.fake(|fake| fake.requests().len()), requests);
}

#[test]
fn a_token_in_a_variable_is_refused() {
    let harness = Harness::new();
    for (name, option) in [("PLEX_AUTH_TOKEN", "--token"), ("PLEX_AUTH_PASSWORD", "--password")] {
        let mut login = harness.command(&["login"]);
        login.env(name, "a-lantern");
        let outcome = Running::start(login, "").wait();
        outcome.assert_failed(64, &[option, "secrets are not read from variables"]);
        assert!(!outcome.stderr.contains("lantern"), "{outcome:?}");
    }
    let mut status = harness.command(&["status"]);
    status.env("PLEX_AUTH_JSON", "maybe");
    let outcome = Running::start(status, "").wait();
    assert!(outcome.code == 64 && outcome.stderr.contains("1 (on) or 0 (off)"), "{outcome:?}");
    assert!(!outcome.stderr.contains("secrets"), "{outcome:?}");
}

#[test]
fn a_misplaced_argument_is_explained() {
    let harness = Harness::new();
    for (arguments, expected) in [
        (&["run", "--server", "NAS", "echo", "hi"][..], "Write `--` before the command"),
        (&["run", "echo", "hi"], "Write `--` before the command"),
        (&["token", "Boathouse"], "Use --server: plex-auth token --server NAME"),
        (&["claim", "http://nas:32400"], "Use --server: plex-auth claim --server URL"),
        (&["servers", "Boathouse"], "plex-auth servers --wait NAME"),
        (&["devices", "remove", "7", "8"], "plex-auth devices remove --help"),
    ] {
        let outcome = harness.run(arguments);
        outcome.assert_failed(64, &["too many arguments", expected]);
        assert!(!outcome.stderr.contains("Secrets"), "{outcome:?}");
    }
    // The help of the command is named, because that of the tool does not describe its options.
    for (arguments, expected) in [
        (&["servers", "--nmaes"][..], "plex-auth servers --help"),
        (&["devices", "remove", "x"], "the number of a device"),
        (&["devices", "remove", "x"], "plex-auth devices remove --help"),
        (&["token", "--server"], "plex-auth token --help"),
        (&["nonsense"], "plex-auth --help"),
    ] {
        harness.run(arguments).assert_failed(64, &[expected]);
    }
}

#[test]
fn a_variable_turns_a_flag_on() {
    let harness = Harness::new().with_variable("PLEX_AUTH_TOKEN", "yes");
    let token = harness.token(Who::Free);
    assert_eq!(harness.run_with_input(&["login"], &token).code, 0);
}

#[test]
fn repeated_options_are_accepted() {
    let harness = Harness::signed_in(Who::Free);
    let arguments =
        ["--profile", "other", "--json", "--json", "whoami", "--profile", "default", "--json"];
    assert_eq!(harness.json(&arguments)["username"], "tariq");
}

#[cfg(unix)]
#[test]
fn arguments_need_not_be_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let harness = Harness::new();
    let folder = OsStr::from_bytes(b"caf\xe9");
    let mut login = harness.command(&["login", "--token", "--state-dir"]);
    login.arg(folder);
    let token = harness.token(Who::Free);
    assert_eq!(Running::start(login, &token).wait().code, 0);
    assert!(harness.folder.path().join(folder).join("state.json").exists());
    let mut run = harness.command(&["run", "--", "echo"]);
    run.arg(folder);
    Running::start(run, "").wait().assert_failed(3, &["not signed in"]);
}

#[test]
fn an_empty_value_is_explained() {
    let harness = Harness::signed_in(Who::PlexPass);
    let requests = harness.fake(|fake| fake.requests().len());
    for (arguments, expected) in [
        (&["token", "--server", ""][..], "--server <SERVER>"),
        (&["run", "--server", "", "--", "true"], "--server <SERVER>"),
        (&["servers", "--wait", ""], "--wait [<SERVER>]"),
        (&["transient", ""], "<SERVER>"),
        (&["source", "", "server://5f0e1c2d"], "<SERVER>"),
        (&["switch", ""], "<USER>"),
        (&["token", "--server"], "--server <SERVER>"),
        (&["token", "--ca-file", ""], "--ca-file <FILE>"),
    ] {
        let expected = format!("a value is required for '{expected}'");
        harness.run(arguments).assert_failed(64, &[&expected, "missing or empty", "Pass a value"]);
    }
    harness.run(&["run", "--", ""]).assert_failed(64, &["the command after `--` is empty"]);
    assert_eq!(harness.fake(|fake| fake.requests().len()), requests);
}

#[test]
fn a_variable_does_not_affect_other_commands() {
    let harness = Harness::signed_in(Who::PlexPass)
        .with_variable("PLEX_AUTH_SERVER", "http://127.0.0.1:1")
        .with_variable("PLEX_AUTH_URL", "http://nas:32400");
    // `PLEX_AUTH_SERVER` does not make `claim` claim a server, and `PLEX_AUTH_URL` does not add a
    // line to the output of `token`.
    assert!(harness.succeed(&["claim"]).starts_with("claim-"));
    let harness = harness.with_variable("PLEX_AUTH_SERVER", "");
    assert_eq!(harness.succeed(&["token"]).trim(), harness.token(Who::PlexPass));
}

#[test]
fn an_option_overrides_the_variable_of_its_opposite() {
    let harness = Harness::new()
        .with_variable("PLEX_AUTH_OPEN", "1")
        .with_variable("PLEX_AUTH_NO_QR", "1")
        .with_variable("PLEX_AUTH_LOCAL", "1");
    harness.sign_in(Who::PlexPass);
    harness.succeed(&["logout", "--revoke"]);
    let mut login = harness.command(&["login", "--qr"]);
    login.env("PLEX_AUTH_OPEN", "");
    let mut login = Running::start(login, "");
    harness.link(&login.link_code(), Who::Free);
    let outcome = login.wait();
    assert!(outcome.code == 0 && outcome.stderr.contains("scan this code"), "{outcome:?}");
    // Two variables still conflict.
    let harness = harness.with_variable("PLEX_AUTH_REVOKE", "1");
    harness.run(&["logout"]).assert_failed(64, &["cannot be used with"]);
}
