//! Explanations of why a file could not be read, written or locked, and what to do about it.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::owner::NotKept;
use super::regular_file::ForeignLink;
use crate::failure::Failure;
use crate::hint::{Hint, quoted_path};

const OTHER_FOLDER: &str = "or use another folder: --state-dir DIR";

/// Explains a file system error.
pub(super) fn cannot(action: &str, path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::machine(format!("cannot {action} {}: {error}", path.display()));
    if path.is_symlink() && matches!(path.try_exists(), Ok(false)) {
        return failure
            .likely("It is a link to a file or folder that does not exist. Its volume might not be mounted.")
            .next(format!("Mount the volume or remove the link, {OTHER_FOLDER}"));
    }
    if let Some(link) = error.get_ref().and_then(|inner| inner.downcast_ref::<ForeignLink>()) {
        return failure
            .likely("That user could point the link at any file, so it is not followed.")
            .next(run_as(link.owner, "the owner of the link"));
    }
    match error.kind() {
        ErrorKind::PermissionDenied => failure
            .likely("It or its folder belongs to another user, or this user lacks permission.")
            .next(permission(path)),
        ErrorKind::ReadOnlyFilesystem => failure
            .likely("The file system is mounted read-only.")
            .next(format!("Mount it read-write, {OTHER_FOLDER}")),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => failure
            .likely("The disk is full, or a quota or a file size limit was reached.")
            .next("Free up some space or raise the limit, then try again. The state saved before this error is intact."),
        ErrorKind::ResourceBusy => failure
            .likely("The file itself is a mount point, so it cannot be replaced.")
            .next("Mount the folder that contains the file instead."),
        _ if action == "lock" && has_no_locks(error) => failure
            .likely("The file system does not support locks. Some network shares do not.")
            .next(format!("Move the state to a local disk, {OTHER_FOLDER}")),
        _ => failure
            .likely("Something other than the expected file or folder is at this path, or the disk failed.")
            .next(format!("Check that path, {OTHER_FOLDER}")),
    }
}

/// Explains that a file's owner or group cannot be kept.
pub(super) fn not_kept(path: &Path, problem: &NotKept) -> Failure {
    let shown = path.display();
    match problem {
        NotKept::User(user, error) => {
            let owned = if path.exists() { "" } else { "the folder that contains " };
            let what = format!(
                "{owned}{shown} belongs to user {user}, but a new file cannot be given to that user: {error}"
            );
            Failure::machine(what)
                .likely("The current user cannot create files for another user, and a file that belongs to the current user would lock the owner out.")
                .next(run_as(*user, "the owner"))
        }
        NotKept::Group { group, own, error } => {
            // The owner of a file can give it a group that the owner is in.
            let next = format!(
                "Add this user to the group (in Docker: docker run --group-add {group}), or give the file the user's own group: chgrp {own} {}",
                quoted_path(path)
            );
            Failure::machine(format!(
                "a new file cannot be given group {group}, the group of {shown}: {error}"
            ))
            .likely("The group has permissions for the file, but this user is not in the group.")
            .next(next)
        }
    }
}

/// Returns the error for a folder that any user can write to.
pub(super) fn writable_for_others(folder: &Path) -> Failure {
    Failure::machine(format!("any user can write to {}", folder.display()))
        .likely("Its permissions are too open: another user could add or replace files.")
        .next(Hint::from(format!("Use another folder: --state-dir DIR. Or, if no other user needs to write to this folder: chmod o-w {}", quoted_path(folder))))
}

/// Explains that a file's content cannot be used, without quoting any of it.
pub(super) fn damaged(path: &Path, problem: &str, remedy: Hint) -> Failure {
    Failure::machine(format!("{} is damaged: {problem}", path.display()))
        .likely("Another program wrote to it, or the disk failed.")
        .next(remedy)
}

/// Returns whether an error from locking a file means that the file system does not support locks.
/// On some platforms, there is no [`ErrorKind`] for that.
#[cfg(unix)]
fn has_no_locks(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let codes = [Errno::NOLCK, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL];
    let code = error.raw_os_error();
    codes.iter().any(|errno| Some(errno.raw_os_error()) == code)
}

#[cfg(not(unix))]
fn has_no_locks(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported
}

#[cfg(unix)]
fn permission(path: &Path) -> Hint {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    // If the file's metadata cannot be read, that of its folder may show the owner.
    let owner = path.ancestors().find_map(|path| fs::metadata(path).ok()).map(|found| found.uid());
    match owner {
        Some(owner) if owner != 0 && owner != rustix::process::geteuid().as_raw() => {
            run_as(owner, "the owner")
        }
        _ => Hint::from(format!("Correct the permissions, {OTHER_FOLDER}")),
    }
}

#[cfg(not(unix))]
fn permission(_: &Path) -> Hint {
    Hint::from(format!("Correct the permissions, {OTHER_FOLDER}"))
}

/// Returns the advice to run the command as another user. The `sudo` command can be pasted. For
/// `docker exec`, the user must add the container's name.
fn run_as(user: u32, role: &str) -> Hint {
    Hint::from(format!(
        "Run the command as {role} (in Docker: docker exec --user {user}): sudo -u '#{user}' "
    ))
    .again()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn each_error_names_its_cause() {
        use rustix::io::Errno;

        for (action, errno, cause) in [
            ("write", Errno::BUSY, "mount point"),
            ("write", Errno::ROFS, "read-only"),
            ("write", Errno::NOSPC, "disk is full"),
            ("write", Errno::ACCESS, "another user"),
            ("lock", Errno::NOLCK, "support locks"),
            ("lock", Errno::OPNOTSUPP, "support locks"),
            ("lock", Errno::NOSYS, "support locks"),
            ("read", Errno::INVAL, "other than the expected file"),
            ("write", Errno::OPNOTSUPP, "other than the expected file"),
        ] {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            let failure = cannot(action, Path::new("/nowhere/state.json"), &error);
            let lines: Vec<_> = failure.lines_for(&crate::hint::Context::default()).collect();
            assert!(lines[1].1.contains(cause), "{action} {errno}: {lines:?}");
            assert_eq!(lines.len(), 3, "{lines:?}");
        }
    }
}
