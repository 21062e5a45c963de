use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::MapAccess;
use zeroize::ZeroizeOnDrop;

use crate::values::secret::Secret;
use crate::wire::lenient::{self, Budget, Value};

/// The maximum length of a claim token, in bytes.
// Plex's claim tokens are 26 bytes long. Together with the limit of a base URL, this keeps every
// URL below the 64 KiB that `Uri` supports.
const MAX_LENGTH: usize = 1024;

/// A claim token, which assigns a media server to an account: anyone who has it can add a server to
/// that account.
///
/// Like a [`Token`](crate::Token), it shows `***` in `Debug` and has no `Display`, `Serialize` or
/// comparison. The memory is zeroed on drop, except for copies in the URL of a request.
///
/// ```
/// use plex_auth_proto::server::{ClaimToken, InvalidClaimToken};
///
/// let claim_token = ClaimToken::new("claim-KQ8WQxGTexampleYdmHM\n")?; // as pasted
/// assert_eq!(claim_token.expose(), "claim-KQ8WQxGTexampleYdmHM");
/// assert_eq!(format!("{claim_token:?}"), "***");
///
/// let account_token = ClaimToken::new("xyz-Abc_0123456789ab");
/// assert_eq!(account_token.unwrap_err(), InvalidClaimToken::Prefix);
/// # Ok::<(), InvalidClaimToken>(())
/// ```
#[derive(Clone)]
pub struct ClaimToken(Secret);

impl ClaimToken {
    /// The lifetime of a claim token: Plex accepts it for four minutes after creating it.
    pub const LIFETIME: Duration = Duration::from_secs(4 * 60);

    /// Creates a claim token from text. Surrounding whitespace is trimmed.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidClaimToken`] if the text is not a claim token. The error never contains the
    /// text.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidClaimToken> {
        let text = text.as_ref().trim();
        if text.is_empty() {
            return Err(InvalidClaimToken::Empty);
        }
        match text.strip_prefix("claim-") {
            None => return Err(InvalidClaimToken::Prefix),
            Some("") => return Err(InvalidClaimToken::CutOff),
            Some(_) => {}
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidClaimToken::Character);
        }
        if text.len() > MAX_LENGTH {
            return Err(InvalidClaimToken::TooLong);
        }
        Ok(Self(Secret::new(text)))
    }

    /// Returns the claim token as text. The caller is responsible for keeping it secret.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(crate) fn percent_encoded(&self) -> String {
        form_urlencoded::byte_serialize(self.expose().as_bytes()).collect()
    }
}

/// The inner [`Secret`] is zeroed on drop.
impl ZeroizeOnDrop for ClaimToken {}

impl fmt::Debug for ClaimToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ClaimToken {
    type Err = InvalidClaimToken;

    fn from_str(text: &str) -> Result<Self, InvalidClaimToken> {
        Self::new(text)
    }
}

/// The reason that a string is not a valid [`ClaimToken`]. It never contains the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClaimToken {
    /// The text is empty or only whitespace.
    #[error("the claim token is empty; get one from https://plex.tv/claim")]
    Empty,
    /// The text does not start with `claim-`. It may be an account's token.
    #[error(
        "the claim token does not start with `claim-`; get a claim token from https://plex.tv/claim"
    )]
    Prefix,
    /// Nothing follows `claim-`.
    #[error("the claim token has nothing after `claim-`; copy the whole token")]
    CutOff,
    /// The text contains whitespace, a control character or a non-ASCII character.
    #[error("the claim token contains an invalid character; copy it again as plain text")]
    Character,
    /// The text is longer than 1024 bytes.
    #[error("the claim token is longer than 1024 bytes; copy only the claim token")]
    TooLong,
}

lenient::object! {
    #[derive(Debug)]
    struct Fields {
        token: Option<ClaimToken>,
    }
}

impl<'de> Value<'de> for ClaimToken {
    fn from_text(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }

    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        Ok(Fields::from_object(map, budget)?.and_then(|answer| answer.token))
    }
}

/// Deserializes from a string, or from the object in Plex's response.
impl<'de> serde::Deserialize<'de> for ClaimToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClaimToken, InvalidClaimToken};

    #[test]
    fn other_text_is_refused_and_redacted() {
        use InvalidClaimToken::{Character, CutOff, Empty, Prefix, TooLong};
        let long = format!("claim-{}", "x".repeat(1024));
        for (text, why) in [
            ("", Empty),
            (" \n", Empty),
            ("xyz-Abc", Prefix),
            ("Claim-xyz", Prefix),
            ("https://plex.tv/claim-xyz", Prefix),
            ("claim-", CutOff),
            ("claim-a b", Character),
            ("claim-a\r\nb", Character),
            ("claim-\u{201c}a", Character),
            (&long, TooLong),
        ] {
            let error = ClaimToken::new(text).unwrap_err();
            assert_eq!(error, why, "{text:?}");
            assert!(!error.to_string().contains("xyz"), "{error}");
        }
        assert_eq!("claim-a\n".parse::<ClaimToken>().unwrap().expose(), "claim-a");
    }
}
