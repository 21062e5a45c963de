//! A device with its own client identifier and a key that renews its token.

use plex_auth_ureq::jwt::Ed25519Key;
use plex_auth_ureq::{ClientIdentity, Secret};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::random;
use crate::failure::Failure;

/// The saved state of a device. It is saved before its key is sent to Plex, so that no key is lost.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Device {
    #[serde(deserialize_with = "identifier")]
    client_identifier: String,
    seed: Zeroizing<[u8; 32]>,
    /// The saved state of the flow that renews the token. `None` until the first login is complete.
    #[serde(default, serialize_with = "expose")]
    saved: Option<Secret>,
}

impl Device {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self { client_identifier: random::uuid()?, seed: random::bytes()?, saved: None })
    }

    pub(crate) fn client_identifier(&self) -> &str {
        &self.client_identifier
    }

    /// Returns the saved state of the flow that renews the token.
    pub(crate) fn saved(&self) -> Option<&Secret> {
        self.saved.as_ref()
    }

    /// Replaces the saved state of the flow that renews the token.
    pub(crate) fn with_saved(mut self, saved: Secret) -> Self {
        self.saved = Some(saved);
        self
    }

    pub(crate) fn key(&self) -> Ed25519Key {
        Ed25519Key::from_seed(&self.seed)
    }
}

/// Exposes the secret on purpose, because the state file is where it is saved.
fn expose<S: Serializer>(saved: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    saved.as_ref().map(Secret::expose).serialize(serializer)
}

fn identifier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    ClientIdentity::builder(text.as_str()).build().map_err(serde::de::Error::custom)?;
    Ok(text)
}
