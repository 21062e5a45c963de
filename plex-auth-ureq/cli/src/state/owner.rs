//! Ownership and permissions of the files: they keep their owner, their group and the group's permissions, and other users get none.

use std::fs::File;
use std::io;
use std::path::Path;

/// Owner, group and permissions for a file that is about to be written.
///
/// Root often writes into another user's folder, with `docker exec` or `sudo`. A file that it left behind as its own
/// would lock that user out.
#[derive(Debug)]
pub(super) struct Owner {
    #[cfg(unix)]
    user: u32,
    #[cfg(unix)]
    group: u32,
    #[cfg(unix)]
    mode: u32,
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, Metadata};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    use std::path::PathBuf;

    use super::{File, Owner, Path, io};

    impl Owner {
        /// Returns those of the existing file or, for a new file, the owner and the group of the folder.
        pub(in crate::state) fn of(path: &Path, folder: &Path) -> io::Result<Self> {
            match fs::metadata(path) {
                Ok(file) => Ok(Self::new(&file, file.mode() & 0o070)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Ok(Self::new(&fs::metadata(folder)?, 0))
                }
                Err(error) => Err(error),
            }
        }

        /// Returns them with the group of another file and its permissions, if that file exists.
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

        /// Applies them to an open file, which has no name yet that another program would look for.
        pub(in crate::state) fn apply(&self, file: &File) -> io::Result<()> {
            let now = file.metadata()?;
            if now.uid() != self.user {
                fchown(file, Some(self.user), Some(self.group))?;
            } else if now.gid() != self.group {
                fchown(file, None, Some(self.group))?;
            }
            file.set_permissions(fs::Permissions::from_mode(self.mode))
        }

        /// Returns the user's numeric ID.
        pub(in crate::state) fn user(&self) -> u32 {
            self.user
        }
    }

    /// Creates a folder, and those above it, for their owner only. Each belongs to the owner of the folder that it is in.
    pub(in crate::state) fn create_folder(path: &Path) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;

        let missing: Vec<PathBuf> =
            path.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        for folder in missing.iter().rev() {
            let Some(parent) = folder.parent() else { continue };
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Owner::new(&fs::metadata(parent)?, 0).take_over(folder)?;
        }
        Ok(())
    }

    impl Owner {
        fn take_over(&self, folder: &Path) -> io::Result<()> {
            // Only root can give a folder away, and only root's folders would be in the way of another user.
            if fs::metadata(folder)?.uid() == self.user || !rustix::process::geteuid().is_root() {
                return Ok(());
            }
            fchown(File::open(folder)?, Some(self.user), Some(self.group))
        }
    }

    /// Returns whether users other than the owner and the group can read a file.
    pub(in crate::state) fn is_open_to_others(path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o007 != 0)
    }

    /// Returns whether users other than the owner and the group can replace the files in a folder.
    pub(in crate::state) fn is_writable_for_others(folder: &Path) -> bool {
        fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o002 != 0)
    }
}

#[cfg(unix)]
pub(super) use unix::{create_folder, is_open_to_others, is_writable_for_others};

#[cfg(not(unix))]
impl Owner {
    pub(super) fn of(_: &Path, _: &Path) -> io::Result<Self> {
        Ok(Self {})
    }

    pub(super) fn with_group_of(self, _: &Path) -> io::Result<Self> {
        Ok(self)
    }

    pub(super) fn apply(&self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(not(unix))]
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

#[cfg(not(unix))]
pub(super) fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(not(unix))]
pub(super) fn is_writable_for_others(_: &Path) -> bool {
    false
}
