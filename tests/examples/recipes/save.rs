//! A file that only its owner can read, and that is there whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Saves a secret in one step: a crash or a full disk leaves the previous file. Only its owner can read the file, from
/// the first byte on. Only its owner may be able to write to the folder.
pub(crate) fn save(file: &Path, secret: impl AsRef<[u8]>) -> io::Result<()> {
    let beside = file.with_extension("new");
    // One that a crash has left behind. Another link in its place would not be followed either.
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
    // On the disk before the name is: else a power cut can leave an empty file.
    written.sync_all()?;
    fs::rename(&beside, file)
}

/// Returns what was saved, or `None` if nothing was. Any other error must not be taken for that.
pub(crate) fn saved(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Like [`saved`], for text.
pub(crate) fn saved_text(file: &Path) -> io::Result<Option<String>> {
    let text = |bytes| String::from_utf8(bytes).map_err(io::Error::other);
    saved(file)?.map(text).transpose()
}

// Played in a folder.

use crate::harness::{Folder, Outcome};

pub(crate) fn play() -> Outcome {
    let folder = Folder::new("save")?;
    let file = folder.path().join("token");
    assert_eq!(saved(&file)?, None);
    save(&file, "first")?;
    // As a crash leaves it.
    fs::write(folder.path().join("token.new"), "hal")?;
    save(&file, "second")?;
    assert_eq!(saved_text(&file)?.as_deref(), Some("second"));
    assert_eq!(fs::read_dir(folder.path())?.count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    }
    // A folder is not a file: that is an error, and not taken for nothing saved.
    assert!(saved(folder.path()).is_err());
    println!("saved in one step, and readable only by its owner");
    Ok(())
}
