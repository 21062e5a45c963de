//! Which folder is the platform's for what a program keeps.

use std::path::PathBuf;

use etcetera::app_strategy::{AppStrategy, AppStrategyArgs, choose_native_strategy};

use crate::failure::Failure;

/// `$XDG_STATE_HOME/plex-auth` or `~/.local/state/plex-auth`; on a Mac below `~/Library/Application Support`; on Windows
/// below `%LOCALAPPDATA%`, which does not travel to other machines as `%APPDATA%` does.
pub(super) fn of_the_platform() -> Result<PathBuf, Failure> {
    let name = AppStrategyArgs {
        top_level_domain: String::new(),
        author: String::new(),
        app_name: "plex-auth".to_owned(),
    };
    let strategy = choose_native_strategy(name).map_err(|_| {
        Failure::machine("there is no home folder to keep anything in")
            .next("Name a folder: --state-dir DIR, or PLEX_AUTH_STATE_DIR")
    })?;
    let elsewhere = if cfg!(windows) { strategy.cache_dir() } else { strategy.data_dir() };
    Ok(strategy.state_dir().unwrap_or(elsewhere))
}
