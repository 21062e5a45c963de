use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The error for a link that must not be followed.
#[derive(Debug)]
pub(super) struct ForeignLink {
    /// The user who created the link, as a numeric ID.
    pub(super) owner: u32,
}

impl fmt::Display for ForeignLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is a link created by another user")
    }
}

impl std::error::Error for ForeignLink {}

/// Resolves a path: if it is a link, returns the path of the link's target, so that replacing the
/// file keeps the link. Checks that the link may be followed, and that the file is not a pipe or a
/// device, which could block the tool.
pub(super) fn resolve(path: &Path) -> io::Result<PathBuf> {
    let link = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(path.to_owned()),
        found => found?,
    };
    if !link.is_symlink() {
        return check(&link).map(|()| path.to_owned());
    }
    // A link to a missing file is an error. It may point to a volume that is not mounted, and the
    // token would then be saved outside that volume.
    let target = fs::canonicalize(path)?;
    let metadata = fs::metadata(&target)?;
    check(&metadata)?;
    check_link(&link, &metadata).map_err(io::Error::other)?;
    Ok(target)
}

/// Opens a file that [`resolve`] returned. If a link has taken the file's place, it is not
/// followed.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let file = open_without_following(path)?;
    check(&file.metadata()?).map(|()| file)
}

fn check(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() || metadata.is_dir() {
        Ok(())
    } else {
        Err(io::Error::other("it is not a regular file"))
    }
}

/// Checks that a link to this file may be followed. In another user's folder, a link must not make
/// this user read or replace a file that the other user chose. For root, comparing the owners of
/// the link and the target is not enough, because the other user can swap the target before it is
/// used.
#[cfg(unix)]
fn check_link(link: &Metadata, target: &Metadata) -> Result<(), ForeignLink> {
    use std::os::unix::fs::MetadataExt;

    let own = rustix::process::geteuid().as_raw();
    let owner = link.uid();
    let is_trusted = [own, 0].contains(&owner) || (own != 0 && owner == target.uid());
    if is_trusted { Ok(()) } else { Err(ForeignLink { owner }) }
}

#[cfg(not(unix))]
fn check_link(_: &Metadata, _: &Metadata) -> Result<(), ForeignLink> {
    Ok(())
}

#[cfg(unix)]
fn open_without_following(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};

    // NONBLOCK, because a pipe may have taken the file's place.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open_without_following(path: &Path) -> io::Result<File> {
    File::open(path)
}
