//! The platform's folder for a program's state.

use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};

use crate::failure::Failure;

/// `$XDG_STATE_HOME/plex-auth` or `~/.local/state/plex-auth`; on a Mac below `~/Library/Application Support`; on Windows
/// below `%LOCALAPPDATA%`, which does not travel to other machines as `%APPDATA%` does.
pub(super) fn of_the_platform() -> Result<PathBuf, Failure> {
    let strategy = choose_native_strategy().map_err(|_| {
        Failure::machine("there is no home folder to keep anything in")
            .next("Name a folder: --state-dir DIR, or PLEX_AUTH_STATE_DIR")
    })?;
    // `%LOCALAPPDATA%` is to etcetera the folder of caches.
    let elsewhere = if cfg!(windows) { strategy.cache_dir() } else { strategy.data_dir() };
    Ok(strategy.state_dir().unwrap_or(elsewhere).join("plex-auth"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_named_after_the_program() {
        let folder = super::of_the_platform().unwrap();
        assert!(folder.ends_with("plex-auth"), "{folder:?}");
    }
}
