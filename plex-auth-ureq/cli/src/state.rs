//! The state that is saved between runs: the client identifier, which is created once, and the
//! profiles.
//!
//! | file | content |
//! |---|---|
//! | `client-identifier` | written once and never changed |
//! | `state.json` | [`State`]: profiles, tokens, device keys |
//! | `*.lock` | held during a change or a token renewal; empty |
//!
//! The client identifier has its own file, so damage to `state.json` does not make Plex list a new
//! device. Only the owner of these files can read them, unless the owner also gives their group
//! access. A file is replaced as a whole or not at all. If a file cannot be read, the tool reports
//! that and leaves the file unchanged and in place.

use std::time::Duration;

use plex_auth_ureq::ClientIdentity;

use crate::cli::Options;
use crate::failure::Failure;
use crate::hint::{Hint, quoted_path};
use file::Folder;

mod content;
pub(crate) mod device;
mod explain;
mod file;
mod folder;
mod lock;
mod owner;
pub(crate) mod profile;
mod random;
mod regular_file;

pub(crate) use content::State;
pub(crate) use lock::Lock;

const IDENTIFIER: &str = "client-identifier";
const STATE: &str = "state.json";

/// The folder in which the state is saved.
#[derive(Debug)]
pub(crate) struct Store {
    folder: Folder,
    /// The maximum time to wait for a lock.
    timeout: Duration,
}

impl Store {
    /// Creates a store that uses the folder from the options or, by default, the platform's state
    /// folder. Does not open anything yet.
    pub(crate) fn new(options: &Options) -> Result<Self, Failure> {
        let folder = match &options.state_dir {
            Some(folder) => {
                folder::check(folder)?;
                folder.clone()
            }
            None => folder::of_the_platform()?,
        };
        Ok(Self { folder: Folder::new(folder), timeout: options.timeout })
    }

    /// Returns the folder, as shown to the user.
    pub(crate) fn location(&self) -> String {
        self.folder.path("").to_string_lossy().trim_end_matches('/').to_owned()
    }

    /// Returns the client identifier, which is created on first use.
    pub(crate) fn identifier(&self) -> Result<String, Failure> {
        if let Some(identifier) = self.read_identifier()? {
            return Ok(identifier);
        }
        let _lock = self.folder.lock(STATE, self.timeout)?;
        // Another process may have created the identifier in the meantime.
        if let Some(identifier) = self.read_identifier()? {
            return Ok(identifier);
        }
        let identifier = random::uuid()?;
        self.folder.write_like(IDENTIFIER, STATE, format!("{identifier}\n").as_bytes())?;
        Ok(identifier)
    }

    /// Returns the client identifier if there is one.
    pub(crate) fn read_identifier(&self) -> Result<Option<String>, Failure> {
        let Some(bytes) = self.folder.read(IDENTIFIER)? else { return Ok(None) };
        let text = std::str::from_utf8(content::without_mark(&bytes)).unwrap_or_default().trim();
        if ClientIdentity::builder(text).build().is_ok() {
            return Ok(Some(text.to_owned()));
        }
        let path = self.folder.path(IDENTIFIER);
        let remedy = format!(
            "Restore it from a backup, or remove it (Plex will then see this computer as a new device): rm {}",
            quoted_path(&path)
        );
        Err(explain::damaged(&path, "it is not a single line of plain text", Hint::from(remedy)))
    }

    /// Returns the saved state. Takes no lock, because files are replaced as a whole.
    pub(crate) fn read(&self) -> Result<State, Failure> {
        match self.folder.read(STATE)? {
            Some(bytes) => State::parse(&bytes, &self.folder.path(STATE)),
            None => Ok(State::new(self.folder.path(STATE))),
        }
    }

    /// Changes the saved state while holding the lock. If the change fails, nothing is saved.
    pub(crate) fn change<R>(
        &self,
        change: impl FnOnce(&mut State) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let _lock = self.folder.lock(STATE, self.timeout)?;
        let mut state = self.read()?;
        let result = change(&mut state)?;
        self.folder.write(STATE, &state.to_bytes()?)?;
        Ok(result)
    }

    /// Checks that the state can be written, before a command gets a result that must be saved.
    pub(crate) fn check_writable(&self) -> Result<(), Failure> {
        self.change(|_| Ok(()))
    }

    /// Waits until no other process holds this profile's renewal lock, then takes it. Other
    /// profiles are not affected.
    pub(crate) fn lock_renewal(&self, profile: &str) -> Result<Lock, Failure> {
        self.folder.lock_part(STATE, profile, self.timeout)
    }

    /// Removes the renewal lock of a profile that no longer exists.
    pub(crate) fn remove_renewal_lock(&self, profile: &str) {
        self.folder.remove_part_lock(STATE, profile);
    }
}

#[cfg(test)]
mod tests;
