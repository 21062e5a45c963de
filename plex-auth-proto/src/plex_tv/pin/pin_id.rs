use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::wire::lenient::{self, Value};

/// The ID that is used to poll a PIN.
///
/// Anyone who knows the ID and the client identifier can get the token once the PIN is linked, so
/// the ID is a secret: `Debug` shows `***`, there is no `Display`, `Serialize` or comparison, and
/// the memory is zeroed on drop. To save the ID, use [`expose`](Self::expose); to restore it, use
/// [`new`](Self::new).
///
/// IDs are assigned sequentially and have reached about 2³¹, so store them as 64-bit integers.
///
/// ```
/// use plex_auth_proto::pin::PinId;
///
/// let restored = PinId::new(2_147_483_650);
/// assert_eq!(restored.expose(), 2_147_483_650);
/// assert_eq!(format!("{restored:?}"), "***");
/// ```
#[derive(Clone)]
pub struct PinId(Zeroizing<u64>);

impl PinId {
    /// Creates an ID from a saved number.
    pub fn new(number: u64) -> Self {
        Self(Zeroizing::new(number))
    }

    /// Returns the number. The caller is responsible for keeping it secret.
    pub fn expose(&self) -> u64 {
        *self.0
    }
}

/// The inner number is zeroed on drop.
impl ZeroizeOnDrop for PinId {}

impl fmt::Debug for PinId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Value<'_> for PinId {
    const IS_PLAIN: bool = true;

    fn from_integer(number: i128) -> Option<Self> {
        number.try_into().ok().map(Self::new)
    }

    fn from_text(text: &str) -> Option<Self> {
        Value::from_text(text).map(Self::new)
    }
}

impl<'de> serde::Deserialize<'de> for PinId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::PinId;

    #[test]
    fn number_is_read_exactly_in_any_form() {
        for (json, number) in [
            ("0", 0),
            ("2147483647", 2_147_483_647),
            ("2147483648", 2_147_483_648),
            ("4294967296", 4_294_967_296),
            ("9007199254740991", 9_007_199_254_740_991),
            ("9007199254740993", 9_007_199_254_740_993),
            ("18446744073709551615", u64::MAX),
            ("\"9007199254740993\"", 9_007_199_254_740_993),
            ("\" 7 \"", 7),
            ("2147483648.0", 2_147_483_648),
        ] {
            assert_eq!(serde_json::from_str::<PinId>(json).unwrap().expose(), number, "{json}");
        }
    }

    #[test]
    fn other_values_are_refused() {
        for json in ["-1", "1.5", "18446744073709551616", "\"\"", "\"7a\"", "null", "true", "[]"] {
            let error = serde_json::from_str::<PinId>(json).unwrap_err();
            assert!(!error.to_string().contains("7a"), "{error}");
        }
    }
}
