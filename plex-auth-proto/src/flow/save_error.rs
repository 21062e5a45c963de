use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::values::token::Token;

/// The reason a state could not be saved: usually an error or a message from the program.
///
/// Its `Display` and `Debug` output is fixed; the program's error is its [`source`](Error::source).
/// A flow replaces a source that contains the token being saved.
///
/// ```
/// use std::error::Error;
/// use plex_auth_proto::flow::SaveError;
///
/// let error = SaveError::new(std::io::Error::other("disk full"));
/// assert_eq!(error.to_string(), "the state could not be saved");
/// assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("disk full"));
/// let error = SaveError::new("the key store is locked");
/// assert!(error.source().is_some());
/// ```
#[derive(Clone)]
pub struct SaveError(Arc<dyn Error + Send + Sync>);

impl SaveError {
    /// Creates a `SaveError` from any error or from a message.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into().into())
    }

    pub(crate) fn unsupported() -> Self {
        Self::new("the driver does not support saving")
    }

    /// Returns this error, with its source replaced if the source contains the token.
    pub(crate) fn without(self, token: &Token) -> Self {
        let mut next: Option<&(dyn Error + 'static)> = Some(&*self.0);
        while let Some(error) = next {
            if format!("{error} {error:?} {error:#?}").contains(token.expose()) {
                return Self::new("the program's error is redacted because it contains the token");
            }
            next = error.source();
        }
        self
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the state could not be saved")
    }
}

impl fmt::Debug for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaveError(..)")
    }
}

impl Error for SaveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
