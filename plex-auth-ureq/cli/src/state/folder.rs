//! The state folder: the one that the user named, or the platform's default.

use std::env;
use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};

use crate::failure::Failure;

const NAME: &str = "plex-auth";

/// Returns `$XDG_STATE_HOME/plex-auth` or `~/.local/state/plex-auth`; on macOS, a folder in
/// `~/Library/Application Support`; on Windows, a folder in `%LOCALAPPDATA%`, which, unlike
/// `%APPDATA%`, is not copied to other machines.
pub(super) fn of_the_platform() -> Result<PathBuf, Failure> {
    // A service often has no home folder, in which case etcetera reads no variable.
    if cfg!(all(unix, not(target_os = "macos"))) {
        let folder = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        if let Some(folder) = folder.filter(|folder| folder.is_absolute()) {
            return Ok(folder.join(NAME));
        }
    }
    let strategy = choose_native_strategy().map_err(|_| {
        Failure::machine("there is no home folder to save the state in")
            .likely("HOME is not set, which happens in some services and containers.")
            .next("Set PLEX_AUTH_STATE_DIR, or pass --state-dir DIR.")
    })?;
    let home = strategy.home_dir();
    if cfg!(unix) && !home.is_dir() {
        // The home folder is not created, even if root could do so: it may be another user's, or
        // on a disk that is lost with the container.
        let what = format!("the home folder {} does not exist", home.display());
        return Err(Failure::machine(what)
            .likely("The tool is running as a service or in a container, as a user without a home folder.")
            .next("Set PLEX_AUTH_STATE_DIR, or pass --state-dir DIR."));
    }
    // In etcetera, `%LOCALAPPDATA%` is the folder for caches.
    let elsewhere = if cfg!(windows) { strategy.cache_dir() } else { strategy.data_dir() };
    Ok(strategy.state_dir().unwrap_or(elsewhere).join(NAME))
}

/// Checks that a folder path given by the user needs no shell. A value from a configuration file
/// may contain quotes, `~` or variables, which only a shell interprets.
pub(super) fn check(folder: &Path) -> Result<(), Failure> {
    let text = folder.to_string_lossy();
    let problem = if text.starts_with('~') {
        "starts with ~, which only a shell expands"
    } else if text.starts_with(['"', '\'']) || text.ends_with(['"', '\'']) {
        "has quotes around it, which only a shell removes"
    } else if has_variable(&text) {
        "contains a variable, which only a shell expands"
    } else {
        return Ok(());
    };
    Err(Failure::usage(format!("the path of the state folder {problem}"))
        .likely("It was quoted, it follows `--state-dir=`, or it comes from a file that no shell reads.")
        .next("Write the full path, without quotes."))
}

/// Returns whether a path contains a variable: `${NAME}` anywhere, or `$NAME` at the start of a
/// folder's name.
fn has_variable(path: &str) -> bool {
    let starts_name = |character: char| character.is_ascii_alphabetic() || character == '_';
    let is_variable =
        |folder: &str| folder.strip_prefix('$').is_some_and(|name| name.starts_with(starts_name));
    path.contains("${") || path.split('/').any(is_variable)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn it_is_named_after_the_program() {
        let folder = super::of_the_platform().unwrap();
        assert!(folder.ends_with("plex-auth"), "{folder:?}");
    }

    #[test]
    fn shell_syntax_is_refused() {
        for wrong in [
            "~",
            "~/plex",
            "~root/plex",
            "\"/state\"",
            "'/state'",
            "\"/state",
            "$HOME",
            "/data/$USER/plex",
            "/data/plex-${USER}",
        ] {
            assert!(super::check(Path::new(wrong)).is_err(), "{wrong}");
        }
        for right in ["/state", "state", "/a b/c~", "/it's", "/a$b", "/$", "/$1"] {
            assert!(super::check(Path::new(right)).is_ok(), "{right}");
        }
    }
}
