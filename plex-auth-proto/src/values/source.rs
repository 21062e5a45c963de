use std::fmt;
use std::str::FromStr;

use crate::wire::percent;

/// The maximum length of a source, in bytes.
// Together with the limit of a base URL, this keeps every URL below the 64 KiB that `Uri` supports.
const MAX_LENGTH: usize = 1024;

/// The URI that media servers use for a server or a provider: `server://<client identifier>` or
/// `provider://<provider identifier>`, each with an optional `/<provider id>`.
///
/// The identifier is sent unchanged, except that it is percent-encoded. Surrounding whitespace is
/// trimmed.
///
/// ```
/// use plex_auth_proto::Source;
/// use plex_auth_proto::error::InvalidSource;
///
/// let source: Source = "server://5f0e1c2d".parse()?;
/// assert_eq!(source, Source::server("5f0e1c2d")?);
/// assert_eq!("5f0e1c2d".parse::<Source>(), Err(InvalidSource::Prefix));
/// # Ok::<(), InvalidSource>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source(Box<str>);

impl Source {
    /// Creates the source for a server from its client identifier, which is its
    /// `machineIdentifier`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSource`] if the identifier is empty or too long, is itself a source, or
    /// contains control characters.
    pub fn server(client_identifier: &str) -> Result<Self, InvalidSource> {
        Self::below("server://", client_identifier)
    }

    /// Creates the source for a provider from its identifier, such as `tv.plex.provider.epg`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSource`] if the identifier is empty or too long, is itself a source, or
    /// contains control characters.
    pub fn provider(identifier: &str) -> Result<Self, InvalidSource> {
        Self::below("provider://", identifier)
    }

    fn below(prefix: &str, identifier: &str) -> Result<Self, InvalidSource> {
        if identifier.contains("://") {
            return Err(InvalidSource::Prefix);
        }
        [prefix, identifier.trim()].concat().parse()
    }

    /// Returns the source as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn percent_encoded(&self) -> String {
        percent::encoded(&self.0)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Source {
    type Err = InvalidSource;

    fn from_str(text: &str) -> Result<Self, InvalidSource> {
        let text = text.trim();
        let (prefix, identifier) = text.split_once("://").ok_or(InvalidSource::Prefix)?;
        let is_prefix = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !prefix.starts_with(|first: char| first.is_ascii_alphabetic())
            || !prefix.bytes().all(is_prefix)
        {
            return Err(InvalidSource::Prefix);
        }
        if identifier.is_empty() {
            return Err(InvalidSource::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidSource::ControlCharacter);
        }
        if text.len() > MAX_LENGTH {
            return Err(InvalidSource::TooLong);
        }
        Ok(Self(text.into()))
    }
}

/// The reason that a string is not a valid [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSource {
    /// The prefix, such as `server://`, is missing or invalid, or an identifier passed to
    /// [`Source::server`] or [`Source::provider`] already has one.
    #[error(
        "the source must have exactly one prefix, as in server://CLIENT-IDENTIFIER or provider://IDENTIFIER"
    )]
    Prefix,
    /// Nothing follows the prefix.
    #[error("the source has nothing after its prefix; add the identifier")]
    Empty,
    /// The text contains a control character.
    #[error("the source contains a control character; remove it")]
    ControlCharacter,
    /// The text is longer than 1024 bytes.
    #[error("the source is longer than 1024 bytes; use only a prefix and an identifier")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::{InvalidSource, Source};

    #[test]
    fn identifier_is_sent_unchanged() {
        let longest = "x".repeat(1015);
        for identifier in
            [&longest, "5f0e1c2d", "a b", "a&b=c", "a#b", "a%20b", "a+b", "客厅 📺", "a/b?c"]
        {
            let source = Source::server(identifier).unwrap();
            let query = format!("source={}", source.percent_encoded());
            let (_, decoded) = form_urlencoded::parse(query.as_bytes()).next().unwrap();
            assert_eq!(decoded, format!("server://{identifier}"));
            assert!(!query.contains(['+', ' ', '&', '#']), "{query}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        use InvalidSource::{ControlCharacter, Empty, Prefix, TooLong};
        let long = format!("server://{}", "x".repeat(1016));
        for (text, why) in [
            ("", Prefix),
            ("5f0e1c2d", Prefix),
            ("server:5f0e1c2d", Prefix),
            ("://x", Prefix),
            ("se rver://x", Prefix),
            ("server://", Empty),
            ("server:// ", Empty),
            ("server://a\nb", ControlCharacter),
            (&long, TooLong),
        ] {
            assert_eq!(text.parse::<Source>(), Err(why), "{text:?}");
        }
    }
}
