//! The state that is saved between runs: the client identifier, which is created once, and the profiles.
//!
//! | file | what it is |
//! |---|---|
//! | `client-identifier` | written once and never again, so that no damage to the rest makes a new device |
//! | `state.json` | [`State`]: profiles, tokens, device keys |
//! | `lock` | held while something is changed; empty, and never removed |
//!
//! Only their owner can read them, from the first byte on. They are replaced as a whole or not at all.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plex_auth_ureq::ClientIdentity;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::failure::Failure;
use device::Device;
use file::Folder;
use profile::Profile;

pub(crate) mod device;
mod file;
mod folder;
pub(crate) mod profile;
mod random;

const IDENTIFIER: &str = "client-identifier";
const STATE: &str = "state.json";

/// The version of the state's format.
const VERSION: u32 = 1;

/// Everything that is saved besides the client identifier.
#[derive(Deserialize, Serialize)]
pub(crate) struct State {
    version: u32,
    /// By name.
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
    /// Those of profiles that sign in by a key, from before the login on.
    #[serde(default)]
    pub(crate) devices: BTreeMap<String, Device>,
}

impl Default for State {
    fn default() -> Self {
        Self { version: VERSION, profiles: BTreeMap::new(), devices: BTreeMap::new() }
    }
}

impl State {
    /// Returns whether a profile holds the same sign-in as before: nobody's, the same token, or a token of the same device,
    /// which may have been renewed.
    pub(crate) fn has_same_sign_in(&self, before: &Self, name: &str) -> bool {
        let device =
            |state: &Self| state.devices.get(name).map(|device| device.client_identifier.clone());
        let is_same_device = device(self) == device(before);
        match (self.profiles.get(name), before.profiles.get(name)) {
            (Some(profile), Some(before)) if profile.by_device_key && before.by_device_key => {
                is_same_device
            }
            (Some(profile), Some(before)) => profile.token.expose() == before.token.expose(),
            (None, None) => is_same_device,
            _ => false,
        }
    }
}

/// The folder in which the state is saved.
#[derive(Debug)]
pub(crate) struct Store {
    folder: Folder,
}

impl Store {
    /// Uses the given folder, or the platform's. Opens nothing yet.
    pub(crate) fn new(folder: Option<PathBuf>) -> Result<Self, Failure> {
        let folder = folder.map_or_else(folder::of_the_platform, Ok)?;
        Ok(Self { folder: Folder::new(folder) })
    }

    /// Returns the client identifier, which the first run creates.
    pub(crate) fn identifier(&self) -> Result<String, Failure> {
        if let Ok(Some(identifier)) = self.read_identifier()? {
            return Ok(identifier);
        }
        let _lock = self.folder.lock()?;
        // Another process may have been quicker.
        match self.read_identifier()? {
            Ok(Some(identifier)) => return Ok(identifier),
            Ok(None) => {}
            Err(Unreadable) => {
                let next =
                    "The next run makes a new one, which is a new device in the account's list.";
                return Err(self.folder.set_aside(IDENTIFIER, next));
            }
        }
        let identifier = random::uuid()?;
        self.folder.write(IDENTIFIER, format!("{identifier}\n").as_bytes())?;
        Ok(identifier)
    }

    fn read_identifier(&self) -> Result<Result<Option<String>, Unreadable>, Failure> {
        let Some(bytes) = self.folder.read(IDENTIFIER)? else { return Ok(Ok(None)) };
        let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
        let is_one = ClientIdentity::builder(text).build().is_ok();
        Ok(if is_one { Ok(Some(text.to_owned())) } else { Err(Unreadable) })
    }

    /// Returns the saved state. It takes no lock, because files are replaced as a whole.
    pub(crate) fn read(&self) -> Result<State, Failure> {
        match self.parsed()? {
            Ok(state) => Ok(state),
            Err(Unreadable) => {
                let _lock = self.folder.lock()?;
                self.read_locked()
            }
        }
    }

    /// Changes the saved state under the lock. If the change fails, nothing is saved.
    pub(crate) fn change<R>(
        &self,
        change: impl FnOnce(&mut State) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let _lock = self.folder.lock()?;
        let mut state = self.read_locked()?;
        let result = change(&mut state)?;
        let text = serde_json::to_vec_pretty(&state).map(Zeroizing::new);
        let text = text.map_err(|error| {
            Failure::machine(format!("the state cannot be written down: {error}"))
        })?;
        self.folder.write(STATE, &text)?;
        Ok(result)
    }

    /// Checks that the state can be written, before there is something to lose.
    pub(crate) fn check_writable(&self) -> Result<(), Failure> {
        self.change(|_| Ok(()))
    }

    /// Returns the saved state. The lock must be held: a damaged file is moved aside and reported.
    fn read_locked(&self) -> Result<State, Failure> {
        self.parsed()?.map_err(|Unreadable| {
            self.folder.set_aside(
                STATE,
                "Sign in again: plex-auth login (the client identifier is as it was).",
            )
        })
    }

    fn parsed(&self) -> Result<Result<State, Unreadable>, Failure> {
        let Some(bytes) = self.folder.read(STATE)? else { return Ok(Ok(State::default())) };
        let version = serde_json::from_slice::<Version>(&bytes).map(|Version { version }| version);
        if let Some(newer) = version.ok().filter(|version| *version > VERSION) {
            let path = self.folder.path(STATE);
            return Err(Failure::machine(format!(
                "{} was written by a newer plex-auth (version {newer})",
                path.display()
            ))
            .next("Use that one, or another folder: --state-dir DIR"));
        }
        Ok(serde_json::from_slice(&bytes).map_err(|_| Unreadable))
    }
}

/// The file is not what was written there.
struct Unreadable;

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[cfg(test)]
mod tests;
