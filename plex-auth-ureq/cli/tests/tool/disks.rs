//! Full and read-only disks: saved state is not lost, and is used if it can be read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use plex_auth_fake::Who;

use crate::harness::unix::{command_after, unprivileged};
use crate::harness::{Harness, Running};

#[test]
fn a_full_disk_loses_no_saved_state() {
    let harness = Harness::new();
    // No file can grow. Because the signal is ignored, writes fail instead of ending the process.
    let full = "trap '' XFSZ; ulimit -f 0";
    let outcome = Running::start(command_after(&harness, full, &["login"]), "").wait();
    outcome.assert_failed(74, &["state.json", "The disk is full"]);
    assert_eq!(
        harness.fake(|fake| fake.requests().len()),
        0,
        "a request was sent although nothing can be saved"
    );

    harness.sign_in(Who::PlexPass);
    let before = harness.files();
    for arguments in [&["login"][..], &["logout"], &["switch", "nilo"]] {
        let outcome = Running::start(command_after(&harness, full, arguments), "").wait();
        outcome.assert_failed(
            74,
            &["The disk is full", "The state saved before this error is intact."],
        );
        assert_eq!(harness.files(), before, "{arguments:?}");
    }
    assert_eq!(harness.run(&["check"]).code, 0);
}

#[test]
fn a_renewed_token_is_printed_on_a_full_disk() {
    let harness = crate::devices::signed_in();
    let token = crate::devices::set_token_age(&harness, crate::devices::TOKEN_LIFETIME - 60 * 60);
    // The token is renewed even though the new one cannot be saved.
    let full = "trap '' XFSZ; ulimit -f 0";
    let outcome = Running::start(command_after(&harness, full, &["token"]), "").wait();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("warning: the token was renewed, but"), "{outcome:?}");
    let renewed = harness.succeed(&["token"]);
    assert_ne!(renewed.trim(), token);

    // If the saved token has expired, the new one is printed, too.
    let expired = crate::devices::set_token_age(&harness, crate::devices::TOKEN_LIFETIME + 60);
    let outcome = Running::start(command_after(&harness, full, &["token"]), "").wait();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.trim() != expired && outcome.stdout.contains('.'), "{outcome:?}");
    assert!(outcome.stderr.contains("warning: the token was renewed, but"), "{outcome:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let harness = Harness::signed_in(Who::PlexPass);
    for arguments in [&["token"][..], &["whoami"], &["man"], &["completions", "bash"], &["--help"]]
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
        run(arguments).assert_failed(74, &["this user lacks permission"]);
    }
    let below = harness.state_folder().join("below");
    let outcome = run(&["login", "--state-dir", below.to_str().unwrap()]);
    outcome.assert_failed(74, &["cannot create the folder"]);
    // The file cannot be read, as if root had signed in before.
    mode(&harness.state_folder().join("state.json"), 0o000);
    run(&["token"]).assert_failed(74, &["cannot read", "belongs to another user"]);
    mode(&harness.state_folder(), 0o755);
}
