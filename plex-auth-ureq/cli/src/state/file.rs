//! Files that are their owner's alone, and replaced as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use fs4::FileExt;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::{interrupt, output};

const LOCK: &str = "lock";

/// The parts of the name of a file that is not complete yet, before and after six random characters.
const NEW_PREFIX: &str = ".plex-auth-";
const NEW: &str = ".new";

/// Whether it was said that others can read something; once is enough.
static WARNED: AtomicBool = AtomicBool::new(false);

/// The folder that everything is saved in.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// Nobody else changes anything in the folder until this is dropped.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "it holds the lock by being open")] File);

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Waits until it is the only one, whichever process the others are in.
    pub(super) fn lock(&self) -> Result<Lock, Failure> {
        create_folder(&self.0).map_err(|error| cannot("make the folder", &self.0, &error))?;
        let path = self.path(LOCK);
        let open = || {
            check_regular(&path)?;
            let file =
                owners(OpenOptions::new().create(true).truncate(false).write(true)).open(&path)?;
            FileExt::lock(&file)?;
            Ok(file)
        };
        open().map(Lock).map_err(|error| cannot("lock", &path, &error))
    }

    /// All of a file; nothing where there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let path = self.path(name);
        let bytes = match check_regular(&path).and_then(|()| fs::read(&path)) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot("read", &path, &error)),
        };
        if is_open_to_others(&path) && !WARNED.swap(true, Ordering::Relaxed) {
            output::note(&format!(
                "warning: other users can read {}; chmod 600 it",
                path.display()
            ));
        }
        Ok(Some(bytes))
    }

    /// Replaces a file: a new one beside it, which is on the disk before it takes the other's place. To be called with
    /// the lock held.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(name);
        let target = target(&path).map_err(|error| cannot("write", &path, &error))?;
        let folder = target.parent().unwrap_or(&self.0);
        let replace = || {
            sweep(folder, name);
            // Made with the mode 0600, so that nobody else can ever open it.
            let prefix = format!("{name}{NEW_PREFIX}");
            let mut file =
                tempfile::Builder::new().prefix(&prefix).suffix(NEW).tempfile_in(folder)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&target).map_err(|error| error.error)?;
            sync_folder(folder)
        };
        interrupt::after(replace).map_err(|error| cannot("write", &path, &error))
    }

    /// Puts a damaged file where it can be looked at, under a name that is free, and says so. To be called with the
    /// lock held.
    pub(super) fn set_aside(&self, name: &str, next: &str) -> Failure {
        let path = self.path(name);
        let aside = (1..).map(|number| self.path(&format!("{name}.damaged-{number}")));
        let Some(aside) = aside.into_iter().find(|aside| !aside.exists()) else {
            return Failure::machine(format!("{} is damaged", path.display()));
        };
        match interrupt::after(|| fs::rename(&path, &aside)) {
            Ok(()) => Failure::machine(format!(
                "{} is damaged, and is kept as {}",
                path.display(),
                aside.file_name().unwrap_or_default().to_string_lossy()
            ))
            .likely("Another program wrote there, or the disk failed.")
            .next(next),
            Err(error) => cannot("put aside the damaged", &path, &error),
        }
    }
}

/// Returns the file to replace: if the path is a link, the file that it leads to, so that the link stays.
fn target(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        // A link to a missing file must not be replaced: the token would be saved outside a volume that is not mounted.
        Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => {
            Ok(path.to_owned())
        }
        target => target,
    }
}

/// Removes files that a process left behind when it was killed while writing. The lock must be held. Other files are the
/// user's.
fn sweep(folder: &Path, name: &str) {
    let is_left_behind = |file: &str| {
        let random = file.strip_prefix(name).and_then(|rest| rest.strip_prefix(NEW_PREFIX));
        let random = random.and_then(|rest| rest.strip_suffix(NEW)).unwrap_or_default();
        random.len() == 6 && random.chars().all(|character| character.is_ascii_alphanumeric())
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_left_behind)) {
        // It does no harm if it stays.
        drop(fs::remove_file(entry.path()));
    }
}

/// Checks that the path is not a pipe or a device, which could block forever.
fn check_regular(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            Err(io::Error::other("it is not a regular file"))
        }
        _ => Ok(()),
    }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::machine(format!("cannot {what} {}: {error}", path.display()));
    if path.is_symlink() && error.kind() == ErrorKind::NotFound {
        return failure
            .likely("It is a link to a file that does not exist. Its volume may not be mounted.")
            .next("Mount it or remove the link, or name another folder: --state-dir DIR");
    }
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => failure
            .likely("It is another user's, or this user may not write there.")
            .next("Mend the permissions, or name another folder: --state-dir DIR"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => failure
            .likely("The disk is full. What was kept before is as it was.")
            .next("Make room, and try again."),
        _ => failure
            .likely("Something else is in the place of a file or a folder of this program.")
            .next("Look at that path, or name another folder: --state-dir DIR"),
    }
}

#[cfg(unix)]
fn create_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn owners(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    options.mode(0o600)
}

#[cfg(not(unix))]
fn owners(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

/// A name is on the disk when its folder is. Elsewhere a folder cannot be opened so.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
