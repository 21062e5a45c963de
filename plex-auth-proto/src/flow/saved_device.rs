//! A device's saved state, beside its key.

use serde_json::{Map, Value as Json};

use crate::flow::saved_state::{self, InvalidSavedState};
use crate::jwt::Jwk;
use crate::values::client_identity::ClientIdentity;
use crate::values::secret::Secret;
use crate::values::token::Token;
use crate::wire::lenient;

lenient::object! {
    /// The saved fields; a PIN's number and code are read by the PIN itself.
    pub(crate) struct SavedDevice {
        client_identifier: Option<String> as "clientIdentifier",
        key_id: Option<String> as "keyId",
        pub(crate) token: Option<Token>,
        pub(crate) ends_at: Option<u64> as "endsAt",
        pub(crate) strong: Option<bool>,
        pub(crate) exchanging: Option<bool>,
    }
}

impl SavedDevice {
    /// Restores the state saved for this identity and key.
    pub(crate) fn restore(
        identity: &ClientIdentity,
        jwk: &Jwk,
        saved: &str,
    ) -> Result<Self, InvalidSavedState> {
        let saved: Self = saved_state::read(saved)?;
        let (Some(identifier), Some(key_id)) = (&saved.client_identifier, &saved.key_id) else {
            return Err(InvalidSavedState::Unreadable);
        };
        if identifier != identity.identifier() {
            return Err(InvalidSavedState::OtherIdentifier);
        }
        if key_id != jwk.key_id() {
            return Err(InvalidSavedState::OtherKey);
        }
        Ok(saved)
    }
}

/// Writes down whose device it is, and what more there is to keep.
pub(crate) fn save(
    identity: &ClientIdentity,
    jwk: &Jwk,
    more: impl IntoIterator<Item = (&'static str, Json)>,
) -> Secret {
    let whose =
        [("clientIdentifier", identity.identifier().into()), ("keyId", jwk.key_id().into())];
    let members = whose.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value));
    Secret::new(Json::Object(Map::from_iter(members)).to_string())
}
