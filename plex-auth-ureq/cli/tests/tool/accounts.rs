//! Signing in to a second account, and signing out.

use plex_auth_fake::{Misbehavior, Who};
use serde_json::json;

use crate::harness::{Harness, Outcome, Running};

/// Signs in with a code, and links the code to this account.
fn log_in(harness: &Harness, arguments: &[&str], who: Who) -> Outcome {
    let mut login = Running::start(harness.command(arguments), "");
    harness.link(&login.link_code(), who);
    login.wait()
}

#[test]
fn another_account_is_replaced_only_on_request() {
    let harness = Harness::new();
    harness.sign_in_with_code(Who::PlexPass);
    let before = harness.files();
    let token = harness.token(Who::Free);
    let password = harness.fake(|fake| {
        let account = fake.account(Who::Free);
        format!("{}\n{}\n", account.login().unwrap(), account.password().unwrap())
    });
    let expected = ["already belongs to rosa", "login --profile tariq", "login --replace"];
    log_in(&harness, &["login"], Who::Free).assert_failed(64, &expected);
    harness.run_with_input(&["login", "--token"], &token).assert_failed(64, &expected);
    harness.run_with_input(&["login", "--password"], &password).assert_failed(64, &expected);
    assert_eq!(harness.files(), before);
    // Issued tokens that were not saved are revoked, but the pasted one is not.
    assert_eq!(harness.fake(|fake| fake.seen("DELETE", "/users/signout")), 2);
    assert_eq!(harness.run_with_input(&["login", "--token", "--profile", "other"], &token).code, 0);
    // The profile in the hint is free, even if one is named after the account.
    let rosa = harness.token(Who::PlexPass);
    let named = ["login", "--token", "--profile", "tariq"];
    assert_eq!(harness.run_with_input(&named, &rosa).code, 0);
    for login in [&named[..], &["login", "--token"]] {
        harness
            .run_with_input(login, &token)
            .assert_failed(64, &["To keep both: plex-auth login --profile NAME "]);
    }

    assert_eq!(log_in(&harness, &["login"], Who::PlexPass).code, 0, "it is the same account");
    assert_eq!(log_in(&harness, &["login", "--replace"], Who::Free).code, 0);
    assert!(harness.succeed(&["whoami"]).contains("tariq"));
}

#[test]
fn a_replaced_token_is_revoked_if_it_was_issued() {
    let harness = Harness::new();
    let is_valid = |token: &str| {
        harness.run_with_input(&["login", "--token", "--profile", "any", "--replace"], token).code
            == 0
    };
    let replaced = "Signed in as tariq.\nThe replaced token for rosa ";
    harness.sign_in_with_code(Who::PlexPass);
    let token = harness.succeed(&["token"]);
    let outcome = log_in(&harness, &["login", "--replace"], Who::Free);
    let expected = format!("{replaced}was revoked.\n");
    assert_eq!((outcome.code, &outcome.stdout), (0, &expected), "{outcome:?}");
    assert!(!is_valid(&token));
    assert_eq!(harness.run(&["check"]).code, 0);

    // Within one account, Plex itself replaces the device's token, so the tool revokes nothing.
    let requests = harness.fake(|fake| fake.seen("DELETE", "/users/signout"));
    let outcome = log_in(&harness, &["login", "--replace"], Who::Free);
    assert_eq!(outcome.stdout, "Signed in as tariq.\n");
    assert_eq!(harness.fake(|fake| fake.seen("DELETE", "/users/signout")), requests);

    // A different client identifier is a different device.
    let outcome = log_in(&harness, &["login", "--client-identifier", "0f1e2d3c-other"], Who::Free);
    assert!(outcome.stdout.contains("The replaced token for tariq was revoked."), "{outcome:?}");
    let outcome = log_in(&harness, &["login"], Who::Free);
    assert!(outcome.stdout.contains("The replaced token for tariq was revoked."), "{outcome:?}");

    // Pasted and shared tokens stay valid, because others may use them.
    let stays_valid = "\nwarning: the replaced token for rosa stays valid, because ";
    let pasted = harness.token(Who::PlexPass);
    harness.sign_in(Who::PlexPass);
    let outcome = log_in(&harness, &["login", "--replace"], Who::Free);
    assert!(outcome.stderr.contains(stays_valid), "{outcome:?}");
    assert!(is_valid(&pasted));
    log_in(&harness, &["login", "--replace"], Who::PlexPass);
    let shared = harness.succeed(&["token"]);
    assert!(is_valid(&shared), "the token could not be saved in another profile, too");
    let outcome = log_in(&harness, &["login", "--replace"], Who::Free);
    assert!(outcome.stderr.contains(stays_valid), "{outcome:?}");
    assert!(is_valid(&shared));

    // If the replaced token cannot be revoked, the login still succeeds.
    assert!(is_valid(&pasted), "the token in the other profile could not be replaced");
    log_in(&harness, &["login", "--replace"], Who::PlexPass);
    let busy = Misbehavior::answer(503, "text/html", "busy");
    harness.fake(|fake| fake.misbehave("/users/signout", busy));
    let outcome = log_in(&harness, &["login", "--replace"], Who::Free);
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (0, "Signed in as tariq.\n"),
        "{outcome:?}"
    );
    let warning = "warning: the replaced token for rosa could not be revoked: ";
    assert!(outcome.stderr.contains(warning), "{outcome:?}");
    assert!(outcome.stderr.contains("list of devices"), "{outcome:?}");
}

#[test]
fn a_replaced_device_is_removed() {
    let harness = crate::devices::signed_in();
    let is_removed = |harness: &Harness| {
        harness.fake(|fake| fake.device_keys().all(plex_auth_fake::DeviceKey::is_removed))
    };
    // The key belongs to the old account, and would sign in to that account again.
    harness.run(&["login", "--device-key", "--replace"]).assert_failed(
        64,
        &["has a device key", "plex-auth logout", "plex-auth login --device-key"],
    );
    let outcome = log_in(&harness, &["login", "--replace"], Who::Free);
    assert!(outcome.stdout.contains("The replaced device key for rosa was revoked."));
    assert!(is_removed(&harness) && !harness.files()["state.json"].contains("seed"));
    // The key is also revoked if the same account signs in without one.
    let other = crate::devices::signed_in();
    let outcome = log_in(&other, &["login"], Who::PlexPass);
    assert!(outcome.stdout.contains("The replaced device key for rosa was revoked."));
    assert!(is_removed(&other) && !other.files()["state.json"].contains("seed"));
    assert_eq!(other.run(&["check"]).code, 0);
    // A switch to the account's own Home user replaces a device key, too.
    let other = crate::devices::signed_in();
    log_in(&other, &["login", "--profile", "plain"], Who::PlexPass);
    let switch = ["switch", "rosa", "--profile", "plain", "--into", "default"];
    let outcome = other.run_with_input(&switch, "4711\n");
    assert!(
        outcome.stdout.contains("The replaced device key for rosa was revoked."),
        "{outcome:?}"
    );
    assert!(is_removed(&other) && !other.files()["state.json"].contains("seed"));
    assert_eq!(other.run(&["check"]).code, 0);
    // A device that was created for a refused login is removed, too.
    log_in(&harness, &["login", "--device-key"], Who::PlexPass)
        .assert_failed(64, &["already belongs to tariq"]);
    assert!(is_removed(&harness) && !harness.files()["state.json"].contains("seed"));
    let outcome = log_in(&harness, &["login", "--device-key"], Who::Free);
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (0, "Signed in as tariq.\nThe replaced token for tariq was revoked.\n"),
        "{outcome:?}"
    );
    // A key that may still be valid is not reported as revoked.
    let other = crate::devices::signed_in();
    other.fake(|fake| {
        fake.misbehave("/devices.xml", Misbehavior::answer(503, "text/html", "busy"));
    });
    let outcome = log_in(&other, &["login"], Who::PlexPass);
    assert_eq!(outcome.stdout, "Signed in as rosa.\n");
    assert!(outcome.stderr.contains("warning: the device could not be removed"), "{outcome:?}");
}

#[test]
fn an_unknown_account_replaces_nothing() {
    let harness = Harness::new();
    harness.sign_in_with_code(Who::PlexPass);
    let before = harness.files();
    harness.fake(|fake| {
        let outage = Misbehavior::answer(502, "text/html", "busy").header("retry-after", "120");
        fake.misbehave("/user", outage);
    });
    let revoked = || harness.fake(|fake| fake.seen("DELETE", "/users/signout"));
    log_in(&harness, &["login"], Who::PlexPass)
        .assert_failed(2, &["The saved token was not replaced", "login --replace"]);
    assert_eq!((harness.files(), revoked()), (before, 1));

    // With `--replace`, the new token replaces the saved one, which is revoked.
    let revoked_before = revoked();
    log_in(&harness, &["login", "--replace"], Who::Free).assert_failed(2, &["the token is saved"]);
    assert_eq!(revoked(), revoked_before + 1);
    harness.fake(|fake| fake.behave());
    assert!(harness.succeed(&["whoami"]).contains("tariq"));
}

#[test]
fn a_token_is_revoked_if_the_state_is_damaged() {
    for arguments in [&["login"][..], &["login", "--device-key"]] {
        let harness = Harness::new();
        let mut login = Running::start(harness.command(arguments), "");
        let code = login.link_code();
        std::fs::write(harness.state_folder().join("state.json"), "damaged").unwrap();
        harness.link(&code, Who::PlexPass);
        login.wait().assert_failed(74, &["state.json is damaged"]);
        let revoked = harness.fake(|fake| fake.seen("DELETE", "/users/signout"));
        assert_eq!(revoked, 1, "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_token_that_cannot_be_saved_is_revoked() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    for arguments in [&["login"][..], &["login", "--device-key"]] {
        let harness = Harness::new();
        let mut login = Running::start(harness.command(arguments), "");
        let code = login.link_code();
        let mode = |mode| {
            set_permissions(harness.state_folder(), Permissions::from_mode(mode)).unwrap();
        };
        mode(0o777);
        harness.link(&code, Who::PlexPass);
        login.wait().assert_failed(74, &["any user can write to"]);
        assert_eq!(harness.fake(|fake| fake.seen("DELETE", "/users/signout")), 1);
        // The key is saved before the login, so the next login gets another token with it.
        mode(0o700);
        if arguments.contains(&"--device-key") {
            assert_eq!(harness.succeed(arguments), "Signed in as rosa.\n");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_terminal_asks_before_replacing() {
    use crate::harness::terminal::Terminal;

    let harness = Harness::signed_in(Who::PlexPass);
    for (answer, code, account) in [("", 64, "rosa"), ("n", 64, "rosa"), ("y", 0, "tariq")] {
        let mut terminal = Terminal::start(&harness, &["login"]);
        let linked = terminal.link_code();
        harness.link(&linked, Who::Free);
        terminal
            .expect_text("The profile \"default\" belongs to rosa. Replace its sign-in? [y/N]: ");
        terminal.type_line(answer);
        terminal.wait_for_exit(code);
        assert!(harness.succeed(&["whoami"]).contains(account));
    }
    // The answer applies to the account in the question, not to one that is saved in the meantime.
    let mut terminal = Terminal::start(&harness, &["login"]);
    let linked = terminal.link_code();
    harness.link(&linked, Who::PlexPass);
    terminal.expect_text("The profile \"default\" belongs to tariq. Replace its sign-in? [y/N]: ");
    harness.sign_in(Who::TwoFactor);
    terminal.type_line("y");
    terminal.wait_for_exit(64);
    assert!(harness.succeed(&["whoami"]).contains("ingrid"));
}

#[test]
fn a_switch_does_not_replace_an_unknown_account() {
    let harness = Harness::signed_in(Who::PlexPass);
    harness.fake(|fake| fake.misbehave("/user", Misbehavior::answer(404, "text/html", "no")));
    log_in(&harness, &["login", "--profile", "tv"], Who::Free)
        .assert_failed(2, &["the token is saved"]);
    harness.fake(plex_auth_fake::FakePlex::behave);
    harness.run(&["switch", "nilo", "--into", "tv"]).assert_failed(
        64,
        &["the account of the profile \"tv\" is unknown", "could not be looked up", "--into"],
    );
    harness.sign_in_with_code(Who::PlexPass);
    harness
        .run(&["switch", "nilo", "--into", "default"])
        .assert_failed(64, &["the profile \"default\" belongs to another account"]);
}

#[test]
fn logout_revokes_an_issued_token() {
    let harness = Harness::new();
    harness.sign_in_with_code(Who::PlexPass);
    let token = harness.succeed(&["token"]);
    // During an outage, nothing is deleted.
    harness.fake(|fake| {
        let busy = Misbehavior::answer(503, "text/html", "busy").times(1);
        fake.misbehave("/users/signout", busy);
    });
    harness.run(&["logout"]).assert_failed(2, &["the server failed", "plex-auth logout --local"]);
    assert_eq!(harness.succeed(&["token"]), token);
    assert_eq!(harness.succeed(&["logout"]), "Signed out.\n");
    assert_eq!(harness.run(&["token"]).code, 3);
    assert!(!harness.files()["state.json"].contains(token.trim()));
    harness
        .run_with_input(&["login", "--token"], &token)
        .assert_failed(1, &["Plex does not accept this token"]);
}

#[test]
fn logout_keeps_a_shared_token_valid() {
    let harness = Harness::new();
    let token = harness.token(Who::PlexPass);
    let requests = || harness.fake(|fake| fake.seen("DELETE", "/users/signout"));
    for arguments in [&["logout"][..], &["logout", "--local"]] {
        harness.sign_in(Who::PlexPass);
        assert!(harness.succeed(arguments).contains("It stays valid"));
        assert_eq!((harness.run(&["token"]).code, requests()), (3, 0));
    }
    harness.sign_in(Who::PlexPass);
    let json = harness.json(&["logout", "--revoke", "--json"]);
    assert_eq!(json, json!({ "profile": "default", "signed_out": true, "deleted": true }));
    harness
        .run_with_input(&["login", "--token"], &token)
        .assert_failed(1, &["Plex does not accept this token"]);
}

#[test]
fn logout_local_sends_no_request() {
    let harness = Harness::new();
    harness.sign_in_with_code(Who::PlexPass);
    let token = harness.succeed(&["token"]);
    let requests = harness.fake(|fake| fake.requests().len());
    harness.succeed(&["logout", "--local"]);
    assert_eq!(harness.fake(|fake| fake.requests().len()), requests);
    assert_eq!(harness.run_with_input(&["login", "--token"], &token).code, 0);
}

#[test]
fn logout_of_an_unknown_profile_is_an_error() {
    let harness = Harness::signed_in(Who::Free);
    for more in [&[][..], &["--local"], &["--revoke"]] {
        let arguments = [&["logout", "--profile", "nas"], more].concat();
        harness.run(&arguments).assert_failed(3, &["the profile \"nas\" is not signed in"]);
    }
    harness.run(&["profiles", "remove", "nas"]).assert_failed(3, &["there is no profile \"nas\""]);
    assert_eq!(harness.run(&["token"]).code, 0);
    // Nothing is created for it.
    let harness = Harness::new();
    harness.run(&["profiles", "remove", "nas"]).assert_failed(3, &["there is no profile \"nas\""]);
    assert!(!harness.state_folder().exists());
}
