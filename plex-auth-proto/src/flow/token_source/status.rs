use std::error::Error as StdError;
use std::sync::Arc;

use super::error::TokenError;
use crate::flow::save_error::SaveError;

/// The state of a token source, for display or logging.
#[derive(Clone, Debug, Default)]
pub struct TokenSourceStatus {
    pub(super) revision: u64,
    pub(super) last_error: Option<Arc<dyn StdError + Send + Sync>>,
    pub(super) save_error: Option<SaveError>,
    pub(super) end: Option<TokenError>,
}

impl TokenSourceStatus {
    /// Returns a number that increases each time a new token becomes the current one.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the error from the last attempt to get a token, if it failed and is being retried.
    /// An error that ends the token source is available only from [`end`](Self::end).
    pub fn last_error(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.last_error.as_deref()
    }

    /// Returns the error from the last attempt to save the state, if it failed. A new token is
    /// handed out anyway.
    pub fn save_error(&self) -> Option<&SaveError> {
        self.save_error.as_ref()
    }

    /// Returns the reason there will be no more tokens, or `None` if there can be more.
    pub fn end(&self) -> Option<&TokenError> {
        self.end.as_ref()
    }
}
