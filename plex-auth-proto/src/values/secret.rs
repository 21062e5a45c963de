use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::wire::lenient::Value;

/// A text that must not be seen by chance: the token of a service, the hash of a PIN.
///
/// `Debug` shows `***`, there is no `Display`, no `Serialize` and no comparison, and the memory is
/// zeroed when the value is dropped. [`expose`](Self::expose) is the one way to the text, so that a
/// reader of the code sees where it leaves.
///
/// ```
/// use plex_auth_proto::Secret;
///
/// let secret: Secret = serde_json::from_str(r#""7f3a""#)?;
/// assert_eq!(format!("{secret:?}"), "***");
/// assert_eq!(secret.expose(), "7f3a");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps `text` as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. What is done with it is the caller's responsibility.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Its text is.
impl ZeroizeOnDrop for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl Value<'_> for Secret {
    const IS_PLAIN: bool = true;

    fn from_integer(number: i128) -> Option<Self> {
        Some(Self::new(number.to_string()))
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self::new(text))
    }
}
