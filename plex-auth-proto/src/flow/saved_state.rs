use serde::de::DeserializeOwned;

use crate::values::typed_text::trim;

/// Reads a saved state. An editor may have added a byte order mark.
pub(crate) fn read<T: DeserializeOwned>(saved: &str) -> Result<T, InvalidSavedState> {
    serde_json::from_str(trim(saved)).map_err(|_| InvalidSavedState::Unreadable)
}

/// Why a saved state cannot be restored. The text is left as it is: it is right for the client identifier, the key
/// and the server that it was saved with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSavedState {
    /// It is not the saved state of such a flow, or not all of it.
    #[error("not a saved state of this kind of flow; start a new one")]
    Unreadable,
    /// It was saved under another client identifier. Plex knows a PIN and a device's key only under the one that
    /// they were made with.
    #[error("the state was saved under another client identifier; use that one")]
    OtherIdentifier,
    /// It was saved with another device key.
    #[error("the state was saved with another device key; use that one")]
    OtherKey,
    /// It was saved for a server at another URL.
    #[error("the state was saved for another server; start a new flow for this one")]
    OtherServer,
}
