//! Unusual folders and file systems: each one works, or the error names the actual cause.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use plex_auth_fake::Who;
use serde_json::Value;

use crate::devices::{self, TOKEN_LIFETIME};
use crate::harness::unix::{command_after, is_root, unprivileged};
use crate::harness::{Harness, Outcome, PROGRAM, Running, wait_until};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Moves `state.json` to another folder, and leaves a link in its place.
fn link_to(harness: &Harness, folder: &str) -> PathBuf {
    let target = harness.folder.path().join(folder);
    fs::create_dir_all(&target).unwrap();
    let target = target.join("state.json");
    let link = harness.state_folder().join("state.json");
    fs::rename(&link, &target).unwrap();
    symlink(&target, &link).unwrap();
    target
}

#[test]
fn links_to_one_file_share_its_lock() {
    let harness = Harness::signed_in(Who::PlexPass);
    let target = link_to(&harness, "vault");
    let names = |folder: &Path| -> Vec<_> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    // Other programs' files, with names that resemble those of the tool's temporary files.
    let others =
        ["lock", "state.json.new", ".plex-auth-abcdef.new", "other.json.plex-auth-abcdef.new"];
    for name in others {
        fs::write(target.with_file_name(name), "theirs").unwrap();
    }
    let folders = ["one", "two"].map(|name| {
        let folder = harness.folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        symlink(&target, folder.join("state.json")).unwrap();
        folder
    });
    let token = harness.token(Who::PlexPass);
    let profiles: Vec<_> = (0..24).map(|number| format!("profile-{number}")).collect();
    for profiles in profiles.chunks(8) {
        let running: Vec<_> = profiles
            .iter()
            .enumerate()
            .map(|(number, profile)| {
                let folder = folders[number % 2].to_str().unwrap();
                let arguments = ["login", "--token", "--profile", profile, "--state-dir", folder];
                Running::start(harness.command(&arguments), &token)
            })
            .collect();
        for outcome in running.into_iter().map(Running::wait) {
            assert_eq!(outcome.code, 0, "{outcome:?}");
        }
    }
    let state: Value = serde_json::from_str(&fs::read_to_string(&target).unwrap()).unwrap();
    for profile in &profiles {
        assert_eq!(state["profiles"][profile]["token"], token.as_str(), "{profile} is lost");
    }
    for name in others {
        assert_eq!(fs::read_to_string(target.with_file_name(name)).unwrap(), "theirs");
    }
    let mut left: Vec<_> = names(target.parent().unwrap());
    left.retain(|name| !others.iter().any(|other| name == other));
    left.sort();
    assert_eq!(left, ["state.json", "state.json.lock"]);
}

#[test]
fn a_mounted_file_is_explained() {
    let harness = devices::signed_in();
    // Mounting the file requires permission to create namespaces.
    let mount = format!(
        "mount --bind '{0}' '{0}' && exec \"$@\"",
        harness.state_folder().join("state.json").display()
    );
    let run = |arguments: &[&str]| {
        let mut all = vec!["-rm", "sh", "-c", &mount, "sh", PROGRAM];
        all.extend(arguments);
        Running::start(harness.command_for("unshare", &all), "").wait()
    };
    if !Command::new("unshare").args(["-rm", "true"]).status().is_ok_and(|status| status.success())
    {
        return;
    }
    let requests = || harness.fake(|fake| fake.requests().len());
    let before = requests();
    run(&["login"]).assert_failed(74, &["mount point", "Mount the folder that contains the file"]);
    assert_eq!(requests(), before, "a request was sent");
    devices::set_token_age(&harness, TOKEN_LIFETIME + 60);
    let token = run(&["token"]);
    assert!(token.code == 0 && token.stdout.contains('.'), "{token:?}");
    assert!(token.stderr.contains("could not be saved"), "{token:?}");
}

#[test]
fn a_world_writable_folder_is_refused() {
    let harness = Harness::signed_in(Who::PlexPass);
    let token = harness.token(Who::PlexPass);
    let requests = || harness.fake(|fake| fake.requests().len());
    let before = requests();
    set_mode(&harness.state_folder(), 0o777);
    for arguments in [&["login"][..], &["logout"]] {
        harness.run(arguments).assert_failed(74, &["any user can write to", "chmod o-w "]);
    }
    assert_eq!(requests(), before, "a request was sent");
    let outcome = harness.run(&["token"]);
    assert_eq!((outcome.code, outcome.stdout.trim()), (0, token.as_str()), "{outcome:?}");
    assert!(outcome.stderr.contains("warning: other users can write to "), "{outcome:?}");
    set_mode(&harness.state_folder(), 0o770);
    harness.sign_in(Who::PlexPass);

    // The check covers not only the folder that contains the link, but also the one that contains
    // the file.
    let target = link_to(&harness, "vault");
    set_mode(target.parent().unwrap(), 0o777);
    harness.run(&["login"]).assert_failed(74, &["any user can write to", "vault"]);
    for arguments in [&["token"][..], &["run", "--", "true"]] {
        let outcome = harness.run(arguments);
        let warning = "warning: other users can write to ";
        assert!(outcome.stderr.starts_with(warning), "{outcome:?}");
        assert!(outcome.stderr.ends_with("/vault\n"), "{outcome:?}");
    }
}

#[test]
fn a_read_only_folder_renews_a_device_token() {
    let harness = devices::signed_in();
    let read_only = |is_read_only: bool| {
        let (file, folder) = if is_read_only { (0o444, 0o555) } else { (0o644, 0o755) };
        for name in harness.files().keys() {
            set_mode(&harness.state_folder().join(name), file);
        }
        set_mode(&harness.state_folder(), folder);
    };
    // An hour before the saved token expires, a renewal is due, but the token is still valid.
    let valid = devices::set_token_age(&harness, TOKEN_LIFETIME - 60 * 60);
    read_only(true);
    let outcome = Running::start(unprivileged(&harness, &["token"]), "").wait();
    assert_eq!((outcome.code, outcome.stdout.trim()), (0, valid.as_str()), "{outcome:?}");
    assert!(outcome.stderr.contains("warning: the token could not be renewed"), "{outcome:?}");
    assert_eq!(harness.fake(|fake| fake.seen("GET", "/auth/nonce")), 0);
    read_only(false);
    // Now the saved token has been expired for a day.
    let expired = devices::set_token_age(&harness, TOKEN_LIFETIME + 24 * 60 * 60);
    let before = harness.files();
    read_only(true);
    let outcome = Running::start(unprivileged(&harness, &["token"]), "").wait();
    read_only(false);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains('.') && outcome.stdout.trim() != expired, "{outcome:?}");
    assert!(outcome.stderr.contains("warning: the token was renewed, but"), "{outcome:?}");
    assert_eq!(harness.files(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn a_service_without_a_home_folder_works() {
    let harness = Harness::new();
    let token = harness.token(Who::Free);
    // Without `HOME`, the home folder would come from `/etc/passwd`. If the tests run as root, the
    // tool therefore runs as a user without an entry there.
    let first = "unset HOME PLEX_AUTH_STATE_DIR; export XDG_STATE_HOME=\"$PWD/var\"";
    let mut login = command_after(&harness, first, &["login", "--token"]);
    if is_root() {
        set_mode(harness.folder.path(), 0o777);
        login = unprivileged(&harness, &["login", "--token"]);
        login.uid(4711).gid(4711).env_remove("HOME").env_remove("PLEX_AUTH_STATE_DIR");
        fs::create_dir(harness.folder.path().join("var")).unwrap();
        chown(harness.folder.path().join("var"), Some(4711), Some(4711)).unwrap();
        login.env("XDG_STATE_HOME", harness.folder.path().join("var"));
    }
    let outcome = Running::start(login, &token).wait();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let state = harness.folder.path().join("var/plex-auth/state.json");
    assert!(fs::read_to_string(state).unwrap().contains(&token));
}

#[cfg(target_os = "linux")]
#[test]
fn a_missing_home_folder_is_not_created() {
    let harness = Harness::new();
    let token = harness.token(Who::Free);
    let home = harness.folder.path().join("nowhere");
    for arguments in [&["login", "--token"][..], &["token"]] {
        let mut command = harness.command(arguments);
        command.env_remove("PLEX_AUTH_STATE_DIR").env("HOME", &home);
        let outcome = Running::start(command, &token).wait();
        outcome.assert_failed(74, &["the home folder ", "nowhere", "--state-dir DIR"]);
        assert!(!home.exists());
    }
    // A state folder that the user names is created.
    let mut login = harness.command(&["login", "--token"]);
    login.env("HOME", &home);
    assert_eq!(Running::start(login, &token).wait().code, 0);
    assert!(harness.state_folder().exists() && !home.exists());
}

#[test]
fn shell_syntax_in_the_folder_is_refused() {
    let harness = Harness::new();
    for wrong in ["~/plex", "\"/state\"", "'state'", "$HOME/plex", "${HOME}/plex", "state/$USER"] {
        let outcome = harness.run(&["login", "--state-dir", wrong]);
        outcome
            .assert_failed(64, &["the state folder ", ", which only a shell ", "without quotes"]);
        let mut login = harness.command(&["login"]);
        login.env("PLEX_AUTH_STATE_DIR", wrong);
        Running::start(login, "")
            .wait()
            .assert_failed(64, &["path of the state folder", "no shell reads"]);
    }
    let created: Vec<_> = fs::read_dir(harness.folder.path()).unwrap().collect();
    assert!(created.is_empty(), "{created:?}");
}

/// Runs the tool while a system call fails as it would on an unusual file system or a faulty disk.
/// Returns `None` if strace does not work here.
#[cfg(target_os = "linux")]
fn run_with_fault(
    harness: &Harness,
    fault: &str,
    arguments: &[&str],
    input: &str,
) -> Option<Outcome> {
    let call = fault.split(':').next().unwrap();
    let (trace, inject) = (format!("trace={call}"), format!("inject={fault}"));
    let mut all = vec!["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    let works = Command::new("strace").args(&all).arg("true").status();
    if !works.is_ok_and(|status| status.success()) {
        return None;
    }
    all.push(PROGRAM);
    all.extend(arguments);
    Some(Running::start(harness.command_for("strace", &all), input).wait())
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_system_without_locks_is_refused() {
    for error in ["EOPNOTSUPP", "ENOLCK", "ENOSYS"] {
        let harness = devices::signed_in();
        let fault = format!("flock:error={error}");
        let requests = harness.fake(|fake| fake.requests().len());
        let Some(login) = run_with_fault(&harness, &fault, &["login"], "") else { return };
        login.assert_failed(74, &["cannot lock", "The file system does not support locks"]);
        assert_eq!(harness.fake(|fake| fake.requests().len()), requests, "a request was sent");
        devices::set_token_age(&harness, TOKEN_LIFETIME + 60);
        let token = run_with_fault(&harness, &fault, &["token"], "").unwrap();
        assert!(token.code == 0 && token.stdout.contains('.'), "{token:?}");
        assert!(token.stderr.contains("could not be saved"), "{token:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_synced_is_accepted() {
    let harness = Harness::new();
    let token = harness.token(Who::Free);
    // In each pair of calls, the first syncs the file, and the second syncs its folder.
    let fault = "fsync:error=EINVAL:when=2+2";
    let Some(login) = run_with_fault(&harness, fault, &["login", "--token"], &token) else {
        return;
    };
    assert_eq!(login.code, 0, "{login:?}");
    assert_eq!(harness.succeed(&["token"]).trim(), token);
    // If an error occurs after the file was replaced, the token is already saved, so it is not
    // revoked.
    let password = "rosa\nnine kites & a lantern\n";
    let arguments = ["login", "--password", "--profile", "rosa"];
    let fault = "fsync:error=EIO:when=4+4";
    let login = run_with_fault(&harness, fault, &arguments, password).unwrap();
    login.assert_failed(74, &["cannot write"]);
    assert_eq!(harness.run(&["check", "--profile", "rosa"]).code, 0);
    let login = run_with_fault(&harness, "fsync:error=EIO", &["login", "--token"], &token).unwrap();
    login.assert_failed(74, &["cannot write"]);
    assert_eq!(harness.succeed(&["token"]).trim(), token);
}

#[test]
fn a_folder_in_place_of_a_file_is_reported() {
    let harness = Harness::new();
    fs::create_dir_all(harness.state_folder().join("state.json")).unwrap();
    harness
        .run(&["token"])
        .assert_failed(74, &["cannot read", "Something other than the expected"]);
    let below = harness.state_folder().join("state.json/file");
    fs::write(&below, "").unwrap();
    let below = below.to_str().unwrap();
    harness
        .run(&["token", "--state-dir", below])
        .assert_failed(74, &["Something other than the expected"]);
}

#[test]
fn a_pipe_in_place_of_a_file_is_reported() {
    for name in ["state.json", "client-identifier", "state.json.lock"] {
        let harness = Harness::new();
        fs::create_dir_all(harness.state_folder()).unwrap();
        let pipe = harness.state_folder().join(name);
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let login = Running::start(harness.command(&["login", "--token"]), "");
        wait_until("ended", || login.has_ended());
        login.wait().assert_failed(74, &[name, "not a regular file"]);
    }
}

#[test]
fn a_dangling_link_is_not_replaced() {
    let harness = Harness::new();
    fs::create_dir_all(harness.folder.path().join("vault")).unwrap();
    fs::create_dir_all(harness.state_folder()).unwrap();
    let link = harness.state_folder().join("state.json");
    symlink("../vault/state.json", &link).unwrap();
    let token = harness.token(Who::Free);
    harness
        .run_with_input(&["login", "--token"], &token)
        .assert_failed(74, &["link to a file or folder that does not exist", "mounted"]);
    assert!(link.is_symlink());

    let link = harness.folder.path().join("link");
    symlink("unmounted", &link).unwrap();
    harness
        .run(&["login", "--state-dir", link.to_str().unwrap()])
        .assert_failed(74, &["link to a file or folder that does not exist", "mounted"]);
}

#[test]
fn a_link_that_cannot_be_followed_is_explained() {
    let harness = Harness::signed_in(Who::Free);
    // The owner of the folder can read its files, but the target of the link is in a folder that
    // only root can open.
    let target = link_to(&harness, "vault");
    set_mode(target.parent().unwrap(), 0);
    set_mode(&harness.state_folder(), 0o755);
    let denied = Running::start(unprivileged(&harness, &["token"]), "").wait();
    denied.assert_failed(74, &["Permission denied", "It or its folder belongs to another user"]);
    set_mode(target.parent().unwrap(), 0o700);

    let link = harness.state_folder().join("state.json");
    fs::remove_file(&link).unwrap();
    symlink("state.json", &link).unwrap();
    harness
        .run(&["token"])
        .assert_failed(74, &["cannot read", "Something other than the expected"]);
}

#[test]
fn files_of_the_user_are_not_removed() {
    let harness = Harness::new();
    let vault = harness.folder.path().join("vault");
    fs::create_dir_all(&vault).unwrap();
    harness.sign_in(Who::Free);
    let link = harness.state_folder().join("state.json");
    fs::rename(&link, vault.join("state.json")).unwrap();
    symlink("../vault/state.json", &link).unwrap();
    let names = ["state.json.mine.new", "state.json-2024.new", "state.jsonbackup.new"];
    for name in names {
        fs::write(vault.join(name), "").unwrap();
    }
    harness.sign_in(Who::PlexPass);
    for name in names {
        assert!(vault.join(name).exists(), "{name}");
    }
}

#[test]
fn a_symbolic_link_is_kept() {
    let harness = Harness::signed_in(Who::Free);
    let (link, elsewhere) =
        (harness.state_folder().join("state.json"), harness.folder.path().join("real"));
    fs::rename(&link, &elsewhere).unwrap();
    symlink("../real", &link).unwrap();
    harness.sign_in(Who::PlexPass);
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("../real"));
    assert!(fs::read_to_string(&elsewhere).unwrap().contains(harness.succeed(&["token"]).trim()));
    assert_eq!(fs::metadata(&elsewhere).unwrap().permissions().mode() & 0o777, 0o600);
    harness.succeed(&["logout"]);
    assert!(!fs::read_to_string(&elsewhere).unwrap().contains("token"));
}
