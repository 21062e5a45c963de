//! Files that are replaced as a whole or not at all.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use zeroize::Zeroizing;

use super::explain::{self, cannot};
use super::lock::Lock;
use super::owner::{self, Owner};
use super::regular_file::{self, resolve};
use crate::failure::Failure;
use crate::hint::quoted_path;
use crate::{interrupt, output};

/// The parts of a temporary file's name before and after six random characters. The full name
/// starts with the name of the file to replace.
const NEW_PREFIX: &str = ".plex-auth-";
const NEW: &str = ".new";

/// Whether the warning about permissions was printed. Once is enough.
static WARNED: AtomicBool = AtomicBool::new(false);

/// The folder that the state is saved in.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Waits until no other process holds a file's lock, then takes it. All links to a file share
    /// its lock, which is next to the file itself.
    pub(super) fn lock(&self, name: &str, timeout: Duration) -> Result<Lock, Failure> {
        Lock::acquire(&self.lock_path(name, "")?, timeout)
    }

    /// Waits until no other process holds the lock for one part of a file, then takes it.
    pub(super) fn lock_part(
        &self,
        name: &str,
        part: &str,
        timeout: Duration,
    ) -> Result<Lock, Failure> {
        Lock::acquire(&self.lock_path(name, part)?, timeout)
    }

    /// Removes the lock for a part that no longer exists.
    pub(super) fn remove_part_lock(&self, name: &str, part: &str) {
        if let Ok(path) = self.lock_path(name, part) {
            // A leftover lock file does no harm.
            drop(fs::remove_file(path));
        }
    }

    fn lock_path(&self, name: &str, part: &str) -> Result<PathBuf, Failure> {
        self.create()?;
        let path = self.path(name);
        let target = resolve(&path).map_err(|error| cannot("lock", &path, &error))?;
        let mut file = target.file_name().unwrap_or_default().to_owned();
        if !part.is_empty() {
            file.push(format!(".{}", file_name(part)));
        }
        file.push(".lock");
        Ok(target.with_file_name(file))
    }

    fn create(&self) -> Result<(), Failure> {
        owner::create_folder(&self.0)
            .map_err(|error| cannot("create the folder", &self.0, &error))?;
        if owner::is_writable_for_others(&self.0) {
            return Err(explain::writable_for_others(&self.0));
        }
        Ok(())
    }

    /// Returns the content of a file, or `None` if it does not exist.
    pub(super) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let path = self.path(name);
        let bytes = match resolve(&path).and_then(|target| read_all(&target)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => {
                return Ok(None);
            }
            Err(error) => return Err(cannot("read", &path, &error)),
        };
        self.warn(&path);
        Ok(Some(bytes))
    }

    /// Warns once if other users can read or write a file, or can write to its folder.
    fn warn(&self, path: &Path) {
        let target = resolve(path).unwrap_or_else(|_| path.to_owned());
        let folders = [Some(self.0.as_path()), target.parent()];
        let folder = folders.into_iter().flatten().find(|path| owner::is_writable_for_others(path));
        let (path, what, change) = match (folder, owner::access_of_others(path)) {
            (Some(folder), _) => (folder, "write to", "o-w"),
            (None, Some(access)) => (path, access, "o-rwx"),
            (None, None) => return,
        };
        if !WARNED.swap(true, Ordering::Relaxed) {
            let path = quoted_path(path);
            output::warning(&format!("other users can {what} {path}; run: chmod {change} {path}"));
        }
    }

    /// Replaces a file with a new one, which is synced to disk before it takes the old one's place.
    /// The caller must hold the lock.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.write_like(name, name, bytes)
    }

    /// Writes a file as [`write`](Self::write) does. A new file gets the group and the group
    /// permissions of the `other` file.
    pub(super) fn write_like(&self, name: &str, other: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(name);
        let target = resolve(&path).map_err(|error| cannot("write", &path, &error))?;
        let folder = target.parent().unwrap_or(&self.0);
        if owner::is_writable_for_others(folder) {
            return Err(explain::writable_for_others(folder));
        }
        // The file whose group the new one gets.
        let like = if target.exists() { path.clone() } else { self.path(other) };
        let owner = Owner::of(&target, folder)
            .and_then(|owner| if like == path { Ok(owner) } else { owner.with_group_of(&like) })
            .map_err(|error| cannot("write", &path, &error))?;
        interrupt::after(|| replace(&path, &target, &owner, &like, bytes))
    }
}

fn replace(
    path: &Path,
    target: &Path,
    owner: &Owner,
    like: &Path,
    bytes: &[u8],
) -> Result<(), Failure> {
    let cannot_write = |error: io::Error| cannot("write", path, &error);
    let folder = target.parent().unwrap_or(Path::new("."));
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    sweep(folder, &name);
    // Created with mode 0600, so that no other user can open it before its permissions are set.
    let prefix = format!("{name}{NEW_PREFIX}");
    let mut file = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(NEW)
        .tempfile_in(folder)
        .map_err(cannot_write)?;
    owner.apply(file.as_file()).map_err(|problem| explain::not_kept(like, &problem))?;
    file.write_all(bytes).map_err(cannot_write)?;
    file.as_file().sync_all().map_err(cannot_write)?;
    file.persist(target).map_err(|error| cannot_write(error.error))?;
    sync_folder(folder).map_err(cannot_write)
}

fn read_all(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut file = regular_file::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
    // Reserved in advance, because growing would leave a copy in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Removes temporary files that were left behind by processes killed while writing. The caller must
/// hold the lock. All other files are kept, because they may be the user's.
fn sweep(folder: &Path, name: &str) {
    let is_left_behind = |file: &str| {
        let random = file.strip_prefix(name).and_then(|rest| rest.strip_prefix(NEW_PREFIX));
        let random = random.and_then(|rest| rest.strip_suffix(NEW)).unwrap_or_default();
        random.len() == 6 && random.chars().all(|character| character.is_ascii_alphanumeric())
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_left_behind)) {
        // A leftover file does no harm.
        drop(fs::remove_file(entry.path()));
    }
}

/// Escapes any text for use in a file name.
fn file_name(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        byte => format!("%{byte:02x}"),
    };
    text.bytes().map(escape).collect()
}

/// Syncs a folder to disk, because a new file's name is stored in the folder.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    match fs::File::open(path)?.sync_all() {
        // Some file systems cannot sync a folder. The file itself is already on disk.
        Err(error) if is_not_for_folders(&error) => Ok(()),
        synced => synced,
    }
}

#[cfg(unix)]
fn is_not_for_folders(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let codes = [Errno::INVAL, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS, Errno::BADF];
    codes.iter().any(|errno| Some(errno.raw_os_error()) == error.raw_os_error())
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
