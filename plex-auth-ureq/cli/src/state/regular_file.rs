use std::fs;
use std::io;
use std::path::Path;

/// Checks that the path is not a pipe or a device, which could block the tool, and that a link may be followed.
pub(super) fn check_regular(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            Err(io::Error::other("it is not a regular file"))
        }
        Ok(metadata) if !is_trusted(path, &metadata) => Err(io::Error::other(
            "it is a link that another user made, to a file that does not belong to that user",
        )),
        _ => Ok(()),
    }
}

/// Returns whether a path may lead to this file. In another user's folder, a link must not make root read or replace any
/// file.
#[cfg(unix)]
fn is_trusted(path: &Path, target: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    let link = fs::symlink_metadata(path).map(|link| link.uid());
    let own = rustix::process::geteuid().as_raw();
    link.is_ok_and(|link| [target.uid(), own, 0].contains(&link))
}

#[cfg(not(unix))]
fn is_trusted(_: &Path, _: &fs::Metadata) -> bool {
    true
}
