//! Saves a token, a key or a flow's state, so that a crash does not damage the file and, on Unix,
//! only its owner can read it.
//!
//! Use this for every secret that a program saves. Save a token as soon as it arrives. If a file is
//! damaged, report that and keep the file under another name. Do not replace it silently: if the
//! program creates a new client identifier, Plex treats it as a new device.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Saves a secret atomically: a crash or a full disk leaves the previous file intact. On Unix, only
/// the file's owner can read it, even while it is being written. The folder must be writable only
/// by its owner.
pub(crate) fn save(file: &Path, secret: impl AsRef<[u8]>) -> io::Result<()> {
    let beside = file.with_extension("new");
    // Remove a file left behind by a crash. A symbolic link in its place is removed, not followed.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&beside)?;
    written.write_all(secret.as_ref())?;
    // Sync the contents before renaming. Otherwise, a power failure can leave an empty file.
    written.sync_all()?;
    fs::rename(&beside, file)
}

/// Removes the file, if it exists.
pub(crate) fn forget(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Returns the saved bytes, or `None` if nothing has been saved. Do not treat an error as "nothing
/// saved".
pub(crate) fn saved(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Like [`saved`], but for text.
pub(crate) fn saved_text(file: &Path) -> io::Result<Option<String>> {
    let text = |bytes| String::from_utf8(bytes).map_err(io::Error::other);
    saved(file)?.map(text).transpose()
}

// The rest of this file runs the recipe.

use crate::harness::{Folder, Outcome};

pub(crate) fn run() -> Outcome {
    let folder = Folder::new("save")?;
    let file = folder.path().join("token");
    assert_eq!(saved(&file)?, None);
    save(&file, "first")?;
    // Simulate a crash that left an incomplete file.
    fs::write(folder.path().join("token.new"), "hal")?;
    save(&file, "second")?;
    assert_eq!(saved_text(&file)?.as_deref(), Some("second"));
    assert_eq!(fs::read_dir(folder.path())?.count(), 1);
    let state = folder.path().join("state");
    save(&state, "of a login")?;
    forget(&state)?;
    forget(&state)?;
    assert_eq!(saved(&state)?, None);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    }
    // Reading a folder is an error, not "nothing saved".
    assert!(saved(folder.path()).is_err());
    println!("saved in one step, and readable only by its owner");
    Ok(())
}
