use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::MapAccess;
use zeroize::ZeroizeOnDrop;

use crate::values::secret::Secret;
use crate::wire::lenient::{self, Budget, Value};

/// The longest claim token that is accepted, in bytes. Plex's own have 26. Together with the bound of a base
/// URL it keeps every URL under the 64 KiB that one can have.
const MAX_LENGTH: usize = 1024;

/// What makes a media server belong to an account: whoever holds it can give them a server.
///
/// `Debug` shows `***`, and there is no `Display`, no `Serialize` and no comparison, as for a [`Token`](crate::Token). It is
/// zeroed when it is dropped, but not in the URL that it goes into.
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
    /// How long Plex takes it, from when it was made: four minutes.
    pub const LIFETIME: Duration = Duration::from_secs(4 * 60);

    /// Checks a claim token and keeps it. White space around it is trimmed.
    ///
    /// # Errors
    ///
    /// [`InvalidClaimToken`] says what is wrong, never which text it was.
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

    /// The text itself. What is done with it is the caller's responsibility.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(crate) fn percent_encoded(&self) -> String {
        form_urlencoded::byte_serialize(self.expose().as_bytes()).collect()
    }
}

/// Its text is.
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

/// Why a text cannot be a [`ClaimToken`]. The text itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClaimToken {
    /// Nothing is left when white space is trimmed.
    #[error("the claim token is empty")]
    Empty,
    /// It does not start with `claim-`: an account's token, or something else.
    #[error(
        "the claim token does not start with claim-; an account's token is none: get one from \
         https://plex.tv/claim, or by that token"
    )]
    Prefix,
    /// Nothing stands behind `claim-`.
    #[error("the claim token has nothing behind claim-; copy all of it")]
    CutOff,
    /// There is white space, a control character or something beyond ASCII inside.
    #[error("the claim token has a character inside that none has; copy it again as plain text")]
    Character,
    /// It is longer than 1024 bytes.
    #[error("the claim token is longer than 1024 bytes")]
    TooLong,
}

lenient::object! {
    #[derive(Debug)]
    struct Answer {
        token: Option<ClaimToken>,
    }
}

impl<'de> Value<'de> for ClaimToken {
    fn from_text(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }

    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        Ok(Answer::from_object(map, budget)?.and_then(|answer| answer.token))
    }
}

/// From the text, or from the object that Plex answers with.
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
