//! Owner, group and permissions of the saved files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;

use plex_auth_fake::Who;

use crate::devices::{self, TOKEN_LIFETIME};
use crate::harness::unix::{is_root, unprivileged};
use crate::harness::{Harness, Running};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Gives the state folder and its files to this user and group.
fn give_to(harness: &Harness, user: u32, group: u32) {
    for name in harness.files().keys() {
        chown(harness.state_folder().join(name), Some(user), Some(group)).unwrap();
    }
    chown(harness.state_folder(), Some(user), Some(group)).unwrap();
}

#[test]
fn a_write_keeps_the_group_permissions() {
    let harness = devices::signed_in();
    let path = harness.state_folder().join("state.json");
    for (before, after) in [(0o640, 0o640), (0o660, 0o660), (0o644, 0o640), (0o600, 0o600)] {
        set_mode(&path, before);
        devices::set_token_age(&harness, TOKEN_LIFETIME - 60);
        harness.succeed(&["token"]);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, after);
    }
}

#[test]
fn a_group_permission_causes_no_warning() {
    let harness = Harness::signed_in(Who::Free);
    let path = harness.state_folder().join("state.json");
    set_mode(&path, 0o640);
    assert_eq!(harness.run(&["token"]).stderr, "");
    for (mode, access) in [(0o644, "read"), (0o666, "read and write"), (0o602, "write")] {
        set_mode(&path, mode);
        let path = path.display();
        let warning =
            format!("warning: other users can {access} {path}; run: chmod o-rwx {path}\n");
        assert_eq!(harness.run(&["token"]).stderr, warning);
        assert_eq!(harness.run(&["run", "--", "true"]).stderr, warning);
    }
}

#[test]
fn a_group_that_cannot_be_kept_is_named() {
    if !is_root() {
        return;
    }
    let token = |harness: &Harness| harness.token(Who::Free);
    let login = |harness: &Harness| {
        Running::start(unprivileged(harness, &["login", "--token"]), &token(harness)).wait()
    };
    let harness = Harness::signed_in(Who::Free);
    // The user owns the file but is not in its group.
    give_to(&harness, 65534, 4712);
    let path = harness.state_folder().join("state.json");
    set_mode(&path, 0o640);
    let requests = harness.fake(|fake| fake.requests().len());
    let chgrp = format!("chgrp 65534 {}", path.display());
    login(&harness).assert_failed(74, &["be given group 4712, ", "--group-add 4712", &chgrp]);
    assert_eq!(harness.fake(|fake| fake.requests().len()), requests, "a request was sent");
    chown(&path, None, Some(65534)).unwrap();
    assert_eq!(login(&harness).code, 0, "the hint does not help");

    // A group without permissions makes no difference, and need not be kept.
    give_to(&harness, 65534, 4712);
    set_mode(&path, 0o600);
    let outcome = login(&harness);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    let harness = Harness::new();
    fs::create_dir(harness.state_folder()).unwrap();
    chown(harness.state_folder(), Some(65534), Some(4712)).unwrap();
    let outcome = login(&harness);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    assert_eq!(fs::metadata(harness.state_folder().join("state.json")).unwrap().uid(), 65534);
}

#[test]
fn a_group_can_be_given_access() {
    let harness = Harness::signed_in(Who::Free);
    let folder = harness.state_folder();
    let path = |name: &str| folder.join(name);
    set_mode(&folder, 0o750);
    set_mode(&path("state.json"), 0o640);
    if is_root() {
        give_to(&harness, 4711, 4712);
    }
    // The file of a new client identifier gets the group and group permissions of `state.json`.
    fs::remove_file(path("client-identifier")).unwrap();
    harness.succeed(&["token"]);
    let state = fs::metadata(path("state.json")).unwrap();
    let identifier = fs::metadata(path("client-identifier")).unwrap();
    assert_eq!((identifier.mode() & 0o777, identifier.gid()), (0o640, state.gid()));
    if is_root() {
        let mut token = unprivileged(&harness, &["token"]);
        token.gid(4712);
        let outcome = Running::start(token, "").wait();
        assert_eq!(
            (outcome.code, outcome.stdout.trim()),
            (0, harness.token(Who::Free).as_str()),
            "{outcome:?}"
        );
    }
    // If `state.json` has no group permissions, neither does the new file.
    set_mode(&path("state.json"), 0o600);
    fs::remove_file(path("client-identifier")).unwrap();
    harness.succeed(&["token"]);
    assert_eq!(fs::metadata(path("client-identifier")).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn root_does_not_lock_the_owner_out() {
    if !is_root() {
        return;
    }
    let harness = devices::signed_in();
    give_to(&harness, 4711, 4712);
    // Each of these runs writes the state.
    devices::set_token_age(&harness, TOKEN_LIFETIME - 60);
    harness.succeed(&["token"]);
    harness.succeed(&["switch", "nilo"]);
    harness.sign_in(Who::Free);
    for name in harness.files().keys() {
        let file = fs::metadata(harness.state_folder().join(name)).unwrap();
        assert_eq!((file.uid(), file.gid()), (4711, 4712), "{name}");
    }
    // A folder that root creates belongs to the owner of the parent folder, and so do its files.
    let harness = Harness::new();
    chown(harness.folder.path(), Some(4711), Some(4712)).unwrap();
    harness.sign_in(Who::Free);
    for entry in fs::read_dir(harness.state_folder()).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().uid(), 4711, "{entry:?}");
    }
    assert_eq!(fs::metadata(harness.state_folder()).unwrap().uid(), 4711);
}

#[test]
fn a_file_of_another_owner_is_not_replaced() {
    if !is_root() {
        return;
    }
    let harness = devices::signed_in();
    // The file belongs to another user, but the user who runs the tool may write to the folder.
    // Like root without `CAP_CHOWN`, that user cannot give files away.
    give_to(&harness, 4711, 65534);
    set_mode(&harness.state_folder(), 0o770);
    for name in harness.files().keys() {
        set_mode(&harness.state_folder().join(name), 0o660);
    }
    devices::set_token_age(&harness, TOKEN_LIFETIME + 60);
    let before = harness.files()["state.json"].clone();
    let requests = || harness.fake(|fake| fake.requests().len());
    let requests_before = requests();
    let login = Running::start(unprivileged(&harness, &["login"]), "").wait();
    let command = "sudo -u '#4711' plex-auth login --plex-tv http://";
    login.assert_failed(74, &["belongs to user 4711", "lock the owner out", command]);
    assert_eq!(requests(), requests_before, "a request was sent");

    let token = Running::start(unprivileged(&harness, &["token"]), "").wait();
    assert_eq!(token.code, 0, "{token:?}");
    assert!(token.stdout.contains('.') && token.stderr.contains("could not be saved"), "{token:?}");
    assert_eq!(harness.files()["state.json"], before);
    let file = fs::metadata(harness.state_folder().join("state.json")).unwrap();
    assert_eq!((file.uid(), file.mode() & 0o777), (4711, 0o660));
}

/// With `sudo plex-auth --state-dir`, the owner of the folder must not be able to choose which
/// files root reads or writes.
#[test]
fn root_does_not_follow_links_of_other_users() {
    if !is_root() {
        return;
    }
    let link = |harness: &Harness, name: &str, target: &Path| {
        let path = harness.state_folder().join(name);
        drop(fs::remove_file(&path));
        std::os::unix::fs::symlink(target, &path).unwrap();
        std::os::unix::fs::lchown(&path, Some(4711), Some(4711)).unwrap();
    };
    let harness = Harness::signed_in(Who::Free);
    give_to(&harness, 4711, 4711);
    let (created, theirs) = (harness.folder.path().join("new"), harness.folder.path().join("json"));
    link(&harness, "state.json.lock", &created);
    harness.run(&["logout"]).assert_failed(74, &["state.json.lock"]);
    assert!(!created.exists());

    fs::remove_file(harness.state_folder().join("state.json.lock")).unwrap();
    fs::write(&theirs, "{\"version\":1}").unwrap();
    link(&harness, "state.json", &theirs);
    let requests = harness.fake(|fake| fake.requests().len());
    harness
        .run_with_input(&["login", "--token"], &harness.token(Who::Free))
        .assert_failed(74, &["state.json", "link", "another user"]);
    assert_eq!(harness.fake(|fake| fake.requests().len()), requests, "a request was sent");
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "{\"version\":1}");
    // A link to a file of the same user is not followed either, because that user could swap the
    // target before it is used.
    chown(&theirs, Some(4711), Some(4711)).unwrap();
    harness.run(&["token"]).assert_failed(
        74,
        &[
            "state.json: it is a link created by another user",
            "so it is not followed",
            "Run the command as the owner of the link (in Docker: docker exec --user 4711): sudo -u '#4711' plex-auth token",
        ],
    );
    // Root's own link is followed.
    let path = harness.state_folder().join("state.json");
    std::os::unix::fs::lchown(&path, Some(0), Some(0)).unwrap();
    harness.sign_in(Who::Free);
    assert!(fs::read_to_string(&theirs).unwrap().contains(&harness.token(Who::Free)));
}
