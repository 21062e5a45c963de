use std::fs;
use std::io;
use std::path::Path;

/// Checks that the path is not a pipe or a device, which could block the tool.
pub(super) fn check_regular(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            Err(io::Error::other("it is not a regular file"))
        }
        _ => Ok(()),
    }
}
