//! A file that only its owner can read, and that is there whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes what is to be kept: readable by its owner alone from the first byte, and in one step, so that a crash
/// or a full disk leaves what was there before. The folder is one that its owner alone can write to.
pub(crate) fn keep(file: &Path, secret: impl AsRef<[u8]>) -> io::Result<()> {
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

/// What was kept; `None` where nothing was. Any other error is not to be taken for that.
pub(crate) fn kept(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// [`kept`], of what is text.
pub(crate) fn kept_text(file: &Path) -> io::Result<Option<String>> {
    let text = |bytes| String::from_utf8(bytes).map_err(io::Error::other);
    kept(file)?.map(text).transpose()
}

// Played in a folder.

use crate::stage::{Folder, Outcome};

pub(crate) fn play() -> Outcome {
    let folder = Folder::new("keep")?;
    let file = folder.path().join("token");
    assert_eq!(kept(&file)?, None);
    keep(&file, "first")?;
    // As a crash leaves it.
    fs::write(folder.path().join("token.new"), "hal")?;
    keep(&file, "second")?;
    assert_eq!(kept_text(&file)?.as_deref(), Some("second"));
    assert_eq!(fs::read_dir(folder.path())?.count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    }
    // A folder is no file: that is told, and not taken for nothing.
    assert!(kept(folder.path()).is_err());
    println!("kept, whole, for its owner alone");
    Ok(())
}
