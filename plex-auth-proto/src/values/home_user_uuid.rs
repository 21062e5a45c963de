use std::fmt;
use std::str::FromStr;

use crate::wire::lenient::{self, Value};

/// The maximum length, in bytes. Plex's identifiers are 16 bytes long.
const MAX_LENGTH: usize = 64;

/// The identifier of a user in a [`Home`](crate::home::Home), such as `5e1f0c9b7a3d2468`. It is the
/// [`uuid`](crate::Account::uuid) of the user's account.
///
/// It becomes a path segment of a URL, so it may contain only ASCII letters, digits and hyphens.
///
/// ```
/// use plex_auth_proto::home::{HomeUserUuid, InvalidHomeUserUuid};
///
/// let uuid: HomeUserUuid = "5e1f0c9b7a3d2468".parse()?;
/// assert_eq!(uuid.as_str(), "5e1f0c9b7a3d2468");
/// assert_eq!("../user".parse::<HomeUserUuid>(), Err(InvalidHomeUserUuid::Character));
/// # Ok::<(), InvalidHomeUserUuid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HomeUserUuid(Box<str>);

impl HomeUserUuid {
    /// Returns the identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HomeUserUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HomeUserUuid {
    type Err = InvalidHomeUserUuid;

    /// Parses an identifier. Surrounding whitespace is trimmed.
    fn from_str(text: &str) -> Result<Self, InvalidHomeUserUuid> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidHomeUserUuid::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(InvalidHomeUserUuid::Character);
        }
        if text.len() > MAX_LENGTH {
            return Err(InvalidHomeUserUuid::TooLong);
        }
        Ok(Self(text.into()))
    }
}

impl Value<'_> for HomeUserUuid {
    const IS_PLAIN: bool = true;

    fn from_integer(number: i128) -> Option<Self> {
        Self::from_text(&number.to_string())
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl<'de> serde::Deserialize<'de> for HomeUserUuid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

/// The reason that a string is not a valid [`HomeUserUuid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHomeUserUuid {
    /// The text is empty or only whitespace.
    #[error("the Home user's UUID is empty; copy it from the list of Home users")]
    Empty,
    /// The text contains a character other than an ASCII letter, a digit or a hyphen.
    #[error(
        "the Home user's UUID contains an invalid character; copy it from the list of Home users (it looks like 5e1f0c9b7a3d2468)"
    )]
    Character,
    /// The text is longer than 64 bytes.
    #[error("the Home user's UUID is longer than 64 bytes; copy only the UUID")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::{HomeUserUuid, InvalidHomeUserUuid};

    #[test]
    fn text_that_could_change_the_path_is_refused() {
        use InvalidHomeUserUuid::{Character, Empty, TooLong};
        let long = "a".repeat(65);
        for (text, why) in [
            ("", Empty),
            (" \n", Empty),
            ("a/b", Character),
            ("..", Character),
            ("a?b", Character),
            ("a%2fb", Character),
            ("a b", Character),
            ("\u{e9}", Character),
            (&long, TooLong),
        ] {
            assert_eq!(text.parse::<HomeUserUuid>(), Err(why), "{text:?}");
        }
        assert_eq!(" 5E1F-0c9b\n".parse::<HomeUserUuid>().unwrap().to_string(), "5E1F-0c9b");
    }
}
