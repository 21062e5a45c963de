use std::fmt;
use std::str::FromStr;

use crate::wire::lenient::{self, Value};

/// The longest one that is accepted, in bytes. Plex's own have 16.
const MAX_LENGTH: usize = 64;

/// The identifier of somebody in a [`Home`](crate::home::Home), such as `5e1f0c9b7a3d2468`, by which to switch to
/// them. It is an account's [`uuid`](crate::Account::uuid), too.
///
/// It becomes a part of a path, so it is checked: letters, digits and hyphens.
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
    /// The identifier as text.
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

    /// White space around it is trimmed.
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

/// Why a text cannot be a [`HomeUserUuid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHomeUserUuid {
    /// Nothing is left when white space is trimmed.
    #[error("the identifier of the Home user is empty")]
    Empty,
    /// There is something else in it than letters, digits and hyphens.
    #[error(
        "the identifier of the Home user has a character that none has; it looks like 5e1f0c9b7a3d2468"
    )]
    Character,
    /// It is longer than 64 bytes.
    #[error("the identifier of the Home user is longer than 64 bytes")]
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
