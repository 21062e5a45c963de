//! The content of `state.json`. Each profile is parsed separately, so that a damaged one does not
//! affect the others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::device::Device;
use super::explain;
use super::profile::Profile;
use crate::failure::Failure;
use crate::hint::{Hint, quoted_path};

/// The format version.
const VERSION: u32 = 1;

/// Everything that is saved besides the client identifier.
pub(crate) struct State {
    path: PathBuf,
    profiles: BTreeMap<String, Entry<Profile>>,
    /// The devices of profiles that sign in with a key. A device is saved before its first login.
    devices: BTreeMap<String, Entry<Device>>,
}

/// An entry in the state. If it cannot be read, its text is kept unchanged.
#[derive(Serialize)]
#[serde(untagged)]
enum Entry<T> {
    Readable(T),
    Damaged(Box<RawValue>),
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
struct Raw<'a> {
    /// Required, because a file without a version is another program's file.
    #[serde(rename = "version")]
    _version: u32,
    #[serde(borrow, default)]
    profiles: BTreeMap<String, &'a RawValue>,
    #[serde(borrow, default)]
    devices: BTreeMap<String, &'a RawValue>,
}

#[derive(Serialize)]
struct Saved<'a> {
    version: u32,
    profiles: &'a BTreeMap<String, Entry<Profile>>,
    devices: &'a BTreeMap<String, Entry<Device>>,
}

impl State {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, profiles: BTreeMap::new(), devices: BTreeMap::new() }
    }

    pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<Self, Failure> {
        let bytes = without_mark(bytes);
        // serde also reads a struct from an array.
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Err(explain::damaged(path, "it is not a JSON object", repair(path)));
        }
        let version = serde_json::from_slice::<Version>(bytes).map(|Version { version }| version);
        if let Some(newer) = version.ok().filter(|version| *version > VERSION) {
            let what = format!(
                "{} was written by a newer version of plex-auth (format version {newer})",
                path.display()
            );
            return Err(Failure::machine(what)
                .likely("Two versions of the tool are using the same folder.")
                .next("Use the newer version, or another folder: --state-dir DIR"));
        }
        let raw: Raw<'_> = serde_json::from_slice(bytes).map_err(|error| {
            // serde's own message could contain a secret from the file.
            let problem =
                if error.is_data() { "missing or unexpected value" } else { "invalid JSON" };
            let place = format!("line {}, column {}", error.line(), error.column());
            explain::damaged(path, &format!("{problem} at {place}"), repair(path))
        })?;
        Ok(Self {
            path: path.to_owned(),
            profiles: entries(raw.profiles),
            devices: entries(raw.devices),
        })
    }

    pub(super) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let Self { path: _, profiles, devices } = self;
        let saved = Saved { version: VERSION, profiles, devices };
        serde_json::to_vec_pretty(&saved)
            .map(Zeroizing::new)
            .map_err(|error| Failure::internal(format!("the state cannot be written: {error}")))
    }

    /// Returns the names of all profiles, including damaged ones.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Returns a profile if it exists, or an error if it is damaged.
    pub(crate) fn profile(&self, name: &str) -> Result<Option<&Profile>, Failure> {
        self.readable(&self.profiles, "profiles", name)
    }

    /// Returns a profile's device if it has one, or an error if the device is damaged.
    pub(crate) fn device(&self, name: &str) -> Result<Option<&Device>, Failure> {
        self.readable(&self.devices, "devices", name)
    }

    pub(crate) fn set_profile(&mut self, name: &str, profile: Profile) {
        self.profiles.insert(name.to_owned(), Entry::Readable(profile));
    }

    pub(crate) fn set_device(&mut self, name: &str, device: Device) {
        self.devices.insert(name.to_owned(), Entry::Readable(device));
    }

    pub(crate) fn remove_device(&mut self, name: &str) {
        self.devices.remove(name);
    }

    /// Removes a profile and its device. Returns whether either existed.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let device = self.devices.remove(name).is_some();
        self.profiles.remove(name).is_some() || device
    }

    /// Returns whether a profile has the same sign-in as in `before`: the same token or, with a
    /// device key, the same device, whose token may have been renewed. A damaged profile must have
    /// the same text. If the profile is missing from both states, its device must be the same.
    pub(crate) fn has_same_sign_in(&self, before: &Self, name: &str) -> bool {
        let device = |state: &Self| match state.devices.get(name) {
            Some(Entry::Readable(device)) => Some(device.client_identifier().to_owned()),
            _ => None,
        };
        let is_same_device = device(self) == device(before);
        match (self.profiles.get(name), before.profiles.get(name)) {
            (Some(Entry::Readable(profile)), Some(Entry::Readable(before)))
                if profile.by_device_key && before.by_device_key =>
            {
                is_same_device
            }
            (Some(Entry::Readable(profile)), Some(Entry::Readable(before))) => {
                profile.token.expose() == before.token.expose()
            }
            (Some(Entry::Damaged(now)), Some(Entry::Damaged(before))) => now.get() == before.get(),
            (None, None) => is_same_device,
            _ => false,
        }
    }

    fn readable<'s, T>(
        &'s self,
        entries: &'s BTreeMap<String, Entry<T>>,
        list: &str,
        name: &str,
    ) -> Result<Option<&'s T>, Failure> {
        match entries.get(name) {
            Some(Entry::Readable(entry)) => Ok(Some(entry)),
            Some(Entry::Damaged(_)) => {
                let problem = format!("the entry \"{name}\" in \"{list}\" is invalid");
                let hint = Hint::from("Repair it, or sign in again after removing this profile: ");
                let hint = hint.command(&profiles_remove(name));
                Err(explain::damaged(&self.path, &problem, hint))
            }
            None => Ok(None),
        }
    }
}

fn entries<T: for<'de> Deserialize<'de>>(
    raw: BTreeMap<String, &RawValue>,
) -> BTreeMap<String, Entry<T>> {
    let entry = |raw: &RawValue| {
        // serde also reads a struct from an array.
        let is_object = raw.get().starts_with('{');
        let entry = is_object.then(|| serde_json::from_str(raw.get()).ok()).flatten();
        entry.map_or_else(|| Entry::Damaged(raw.to_owned()), Entry::Readable)
    };
    raw.into_iter().map(|(name, raw)| (name, entry(raw))).collect()
}

/// Returns the command that removes a profile. A name that looks like an option follows `--`.
fn profiles_remove(name: &str) -> Vec<&str> {
    let end_of_options = name.starts_with('-').then_some("--");
    ["profiles", "remove"].into_iter().chain(end_of_options).chain([name]).collect()
}

fn repair(path: &Path) -> Hint {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".damaged");
    Hint::from(format!(
        "Restore it from a backup, or sign in again after moving it aside: mv {} {}",
        quoted_path(path),
        quoted_path(Path::new(&aside))
    ))
}

/// Returns the bytes without the byte order mark that some editors add.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
