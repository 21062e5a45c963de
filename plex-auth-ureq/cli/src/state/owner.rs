//! Ownership and permissions of the saved files. A file keeps its owner, its group and the group's
//! permissions. Other users get no permissions.

use std::fs::File;
use std::io;
use std::path::Path;

/// The owner, group and permissions for a file that is about to be written.
///
/// With `docker exec` or `sudo`, root often writes into another user's folder. If a new file there
/// belonged to root, that user would be locked out.
#[derive(Debug)]
pub(super) struct Owner {
    #[cfg(unix)]
    user: u32,
    #[cfg(unix)]
    group: u32,
    #[cfg(unix)]
    mode: u32,
}

/// The owner or group, as a numeric ID, that could not be given to a new file.
#[derive(Debug)]
#[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has numeric IDs"))]
pub(super) enum NotKept {
    User(u32, io::Error),
    Group {
        group: u32,
        /// The effective group of the user who runs the tool.
        own: u32,
        error: io::Error,
    },
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, Metadata};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    use rustix::fs::{Mode, OFlags, mkdirat, openat};
    use rustix::io::Errno;

    use super::{File, NotKept, Owner, Path, io};

    impl Owner {
        /// Returns the owner, group and group permissions of the existing file. For a new file,
        /// returns the owner and group of the folder.
        pub(in crate::state) fn of(path: &Path, folder: &Path) -> io::Result<Self> {
            match fs::metadata(path) {
                Ok(file) => Ok(Self::new(&file, file.mode() & 0o070)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Ok(Self::new(&fs::metadata(folder)?, 0))
                }
                Err(error) => Err(error),
            }
        }

        /// Replaces the group with the group of another file, if that file exists, and adds that
        /// file's group permissions.
        pub(in crate::state) fn with_group_of(self, path: &Path) -> io::Result<Self> {
            match fs::metadata(path) {
                Ok(other) => Ok(Self {
                    user: self.user,
                    group: other.gid(),
                    mode: self.mode | (other.mode() & 0o070),
                }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(self),
                Err(error) => Err(error),
            }
        }

        fn new(like: &Metadata, group_mode: u32) -> Self {
            Self { user: like.uid(), group: like.gid(), mode: 0o600 | group_mode }
        }

        /// Applies the owner, group and permissions to an open file. An error from setting the
        /// group is ignored if the group has no permissions.
        pub(in crate::state) fn apply(&self, file: &File) -> Result<(), NotKept> {
            let of_user = |error| NotKept::User(self.user, error);
            let now = file.metadata().map_err(of_user)?;
            let is_other_group = now.gid() != self.group;
            let group = if is_other_group { fchown(file, None, Some(self.group)) } else { Ok(()) };
            if now.uid() != self.user {
                fchown(file, Some(self.user), None).map_err(of_user)?;
            }
            if self.mode & 0o070 != 0 {
                let own = rustix::process::getegid().as_raw();
                group.map_err(|error| NotKept::Group { group: self.group, own, error })?;
            }
            file.set_permissions(fs::Permissions::from_mode(self.mode)).map_err(of_user)
        }
    }

    /// Creates a folder and its missing parents, accessible only to their owner. Folders that root
    /// creates get the owner and group of the existing folder above them, because otherwise that
    /// owner could not use them. Links below that folder are not followed, because its owner could
    /// replace a new folder with a link, and root would give away the folder that the link points
    /// to.
    pub(in crate::state) fn create_folder(path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        let Some(parent) = path.ancestors().find(|folder| folder.exists()) else {
            return create_below(Path::new("."), path);
        };
        create_below(parent, path.strip_prefix(parent).unwrap_or(path))
    }

    fn create_below(parent: &Path, path: &Path) -> io::Result<()> {
        let mut parent = File::open(parent)?;
        let owner = Owner::new(&parent.metadata()?, 0);
        for name in path.components() {
            let is_new = match mkdirat(&parent, name.as_os_str(), Mode::RWXU) {
                Ok(()) => true,
                Err(Errno::EXIST) => false,
                Err(error) => return Err(error.into()),
            };
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            parent = File::from(openat(&parent, name.as_os_str(), flags, Mode::empty())?);
            let is_root = rustix::process::geteuid().is_root();
            if is_new && is_root && parent.metadata()?.uid() != owner.user {
                fchown(&parent, Some(owner.user), Some(owner.group))?;
            }
        }
        Ok(())
    }

    /// Returns what users other than the owner and the group can do with a file.
    pub(in crate::state) fn access_of_others(path: &Path) -> Option<&'static str> {
        match fs::metadata(path).map_or(0, |metadata| metadata.mode() & 0o006) {
            0 => None,
            0o004 => Some("read"),
            0o002 => Some("write"),
            _ => Some("read and write"),
        }
    }

    /// Returns whether users other than the owner and the group can write to a folder.
    pub(in crate::state) fn is_writable_for_others(folder: &Path) -> bool {
        fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o002 != 0)
    }
}

#[cfg(unix)]
pub(super) use unix::{access_of_others, create_folder, is_writable_for_others};

#[cfg(not(unix))]
impl Owner {
    pub(super) fn of(_: &Path, _: &Path) -> io::Result<Self> {
        Ok(Self {})
    }

    pub(super) fn with_group_of(self, _: &Path) -> io::Result<Self> {
        Ok(self)
    }

    pub(super) fn apply(&self, _: &File) -> Result<(), NotKept> {
        Ok(())
    }
}

#[cfg(not(unix))]
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

#[cfg(not(unix))]
pub(super) fn access_of_others(_: &Path) -> Option<&'static str> {
    None
}

#[cfg(not(unix))]
pub(super) fn is_writable_for_others(_: &Path) -> bool {
    false
}
