//! Inter-process locks. Lock files are empty. They are kept, except for a profile's renewal lock,
//! which is removed with the profile.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use fs4::{FileExt, TryLockError};

use super::explain;
use super::owner::Owner;
use super::regular_file::resolve;
use crate::failure::{Exit, Failure};
use crate::hint::Hint;
use crate::waiting::SlowNotice;

/// A lock that no other process can hold until this is dropped.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "it holds the lock by being open")] File);

/// The interval between attempts to take a lock that another process holds. `flock` itself has no
/// timeout.
const INTERVAL: Duration = Duration::from_millis(20);

impl Lock {
    /// Takes the lock, and waits for it no longer than the timeout.
    pub(super) fn acquire(path: &Path, timeout: Duration) -> Result<Self, Failure> {
        let file = open(path)?;
        let since = Instant::now();
        let mut notice = None;
        loop {
            match FileExt::try_lock(&file) {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if since.elapsed() < timeout => {
                    notice.get_or_insert_with(|| {
                        SlowNotice::new("another plex-auth process, which holds the lock")
                    });
                    thread::sleep(INTERVAL);
                }
                Err(TryLockError::WouldBlock) => return Err(held(path)),
                Err(TryLockError::Error(error)) if is_interrupted(&error) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(explain::cannot("lock", path, &error));
                }
            }
        }
    }
}

fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Interrupted
}

fn held(path: &Path) -> Failure {
    Failure::new(Exit::Machine, format!("{} is locked by another process", path.display()))
        .likely("Another plex-auth process is waiting for Plex, or was suspended.")
        .next(Hint::from("Try again after it exits, or wait longer: --timeout SECONDS"))
}

fn open(path: &Path) -> Result<File, Failure> {
    let cannot = |error| explain::cannot("lock", path, &error);
    resolve(path).map_err(cannot)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let owner = Owner::of(path, folder).map_err(cannot)?;
    let mut options = OpenOptions::new();
    let options = private(options.write(true));
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            owner.apply(&file).map_err(|problem| {
                drop(fs::remove_file(path));
                explain::not_kept(path, &problem)
            })?;
            Ok(file)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // If another process removed the file in the meantime, it is created again.
            options.create(true).truncate(false).open(path).map_err(cannot)
        }
        Err(error) => Err(cannot(error)),
    }
}

/// Makes a new file private, and refuses to follow a link. In another user's folder, a link could
/// make root create or open any file.
#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;

    let flags = OFlags::NOFOLLOW.bits().to_ne_bytes();
    options.mode(0o600).custom_flags(i32::from_ne_bytes(flags))
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
