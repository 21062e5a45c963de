//! A device of its own: a second identifier, and a key that renews its token.

use plex_auth_ureq::{Ed25519Key, Secret};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use super::random;
use crate::failure::Failure;

/// What is kept of a device. It is there before Plex hears of it, so that no key is ever lost.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Device {
    pub(crate) client_identifier: String,
    seed: Zeroizing<[u8; 32]>,
    /// What the keeper of its token kept.
    #[serde(default, serialize_with = "expose")]
    pub(crate) kept: Option<Secret>,
}

impl Device {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self { client_identifier: random::uuid()?, seed: random::bytes()?, kept: None })
    }

    /// The same, with what its keeper keeps.
    pub(crate) fn keeping(mut self, kept: Secret) -> Self {
        self.kept = Some(kept);
        self
    }

    pub(crate) fn key(&self) -> Ed25519Key {
        Ed25519Key::from_seed(&self.seed)
    }
}

/// Written down on purpose: this file is where it lives.
fn expose<S: Serializer>(kept: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    kept.as_ref().map(Secret::expose).serialize(serializer)
}
