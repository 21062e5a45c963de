//! Runs the tool in another environment: after shell commands, or as another user.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::{Harness, PROGRAM};

/// Returns a command that runs the tool from a shell, after these shell commands.
pub(crate) fn command_after(harness: &Harness, first: &str, arguments: &[&str]) -> Command {
    let script = format!("{first}; exec \"$0\" \"$@\"");
    let mut all = vec!["-c", script.as_str(), PROGRAM];
    all.extend(arguments);
    harness.command_for("sh", &all)
}

/// Returns a command that runs a copy of the tool without root's permissions.
pub(crate) fn unprivileged(harness: &Harness, arguments: &[&str]) -> Command {
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    open(harness.folder.path());
    let copy = harness.folder.path().join("plex-auth");
    if !copy.exists() {
        // A separate process makes the copy. If this process made it, a child started by another
        // thread at that moment would inherit the open file, and a file that is open for writing
        // cannot be run.
        assert!(Command::new("cp").arg(PROGRAM).arg(&copy).status().unwrap().success());
    }
    open(&copy);
    let mut command = harness.command_for(&copy, arguments);
    if fs::metadata(&copy).unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
    }
    command
}

/// Returns whether the tests run as root. Only root can give a file to another user.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
