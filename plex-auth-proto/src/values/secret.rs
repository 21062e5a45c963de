use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::wire::lenient::Value;

/// A secret string: redacted in `Debug`, zeroed on drop.
///
/// It has no `Display`, `Serialize` or comparison. [`expose`](Self::expose) is the only way to
/// access the text, so that every use is visible in the code.
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
    /// Creates a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the text. The caller is responsible for keeping it secret.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The inner string is zeroed on drop.
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
