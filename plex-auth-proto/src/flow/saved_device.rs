//! What a device keeps over a restart beside its key.

use serde_json::{Map, Value as Json};

use crate::jwt::jwk::Jwk;
use crate::values::client_identity::ClientIdentity;
use crate::values::secret::Secret;
use crate::values::token::Token;
use crate::wire::lenient;

lenient::object! {
    /// What was kept; a PIN's number and code are read by the PIN itself.
    pub(crate) struct KeptDevice {
        client_identifier: Option<String> as "clientIdentifier",
        key_id: Option<String> as "keyId",
        pub(crate) token: Option<Token>,
        pub(crate) ends_at: Option<u64> as "endsAt",
        pub(crate) strong: Option<bool>,
        pub(crate) exchanging: Option<bool>,
    }
}

impl KeptDevice {
    /// Reads what was kept for this identity and key, and for no other.
    pub(crate) fn load(
        identity: &ClientIdentity,
        jwk: &Jwk,
        kept: &str,
    ) -> Result<Self, InvalidKeptDevice> {
        let kept: Self = serde_json::from_str(kept).map_err(|_| InvalidKeptDevice::Unreadable)?;
        let (Some(identifier), Some(key_id)) = (&kept.client_identifier, &kept.key_id) else {
            return Err(InvalidKeptDevice::Unreadable);
        };
        if identifier != identity.identifier() {
            return Err(InvalidKeptDevice::OtherIdentifier);
        }
        if key_id != jwk.key_id() {
            return Err(InvalidKeptDevice::OtherKey);
        }
        Ok(kept)
    }
}

/// Writes down whose device it is, and what more there is to keep.
pub(crate) fn keep(
    identity: &ClientIdentity,
    jwk: &Jwk,
    more: impl IntoIterator<Item = (&'static str, Json)>,
) -> Secret {
    let whose =
        [("clientIdentifier", identity.identifier().into()), ("keyId", jwk.key_id().into())];
    let members = whose.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value));
    Secret::new(Json::Object(Map::from_iter(members)).to_string())
}

/// Why a kept device cannot be gone on with. What was kept is left as it is: it is right for the identifier and
/// the key that it was kept under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKeptDevice {
    /// It is not what was kept, or not all of it.
    #[error("this is no kept device")]
    Unreadable,
    /// It was kept under another client identifier. Plex knows the device's key under that one alone.
    #[error("the device was kept under another client identifier; use that one")]
    OtherIdentifier,
    /// It was kept with another key.
    #[error("the device was kept with another key; use that one")]
    OtherKey,
}
