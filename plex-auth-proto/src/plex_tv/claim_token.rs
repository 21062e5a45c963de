use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::Method;
use serde::de::MapAccess;
use zeroize::ZeroizeOnDrop;

use crate::call::Call;
use crate::decode::{self, Fault};
use crate::lenient::{self, Value};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::request;
use crate::secret::Secret;
use crate::token::Token;

// Another one does no harm: it ends by itself.
pub(crate) const OPERATION: Operation =
    Operation::new("getClaimToken", Host::PlexTv, Method::GET, "/api/claim/token.json")
        .repeatable();

impl PlexTv {
    /// `GET https://plex.tv/api/claim/token.json` (getClaimToken): a token that makes a new media server
    /// belong to the account, for [`claim`](crate::MediaServerAddress::claim).
    ///
    /// The same as the one that <https://plex.tv/claim> shows. It is good for four minutes
    /// ([`ClaimToken::LIFETIME`]); get it right before it is used.
    ///
    /// | Plex answers | error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::Error::Unauthorized): the token is dead |
    /// | a success without one | [`UnexpectedShape`](crate::Error::UnexpectedShape) at `token` |
    ///
    /// Its refusals are `{"error": "text"}`, whose text is [`PlexError::message`](crate::PlexError::message).
    /// It lies outside Plex's API, at the base URL less `/api/v2` at its end. Source: two clients; the name as
    /// in the published API.
    ///
    /// ```
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv, Token};
    ///
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (request, reply) = PlexTv::new(me).claim_token(&token).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/claim/token.json");
    ///
    /// let answer = http::Response::new(r#"{"token":"claim-KQ8WQxGTexampleYdmHM"}"#);
    /// assert_eq!(reply.parse(&answer)?.expose(), "claim-KQ8WQxGTexampleYdmHM");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getClaimToken")]
    pub fn claim_token(&self, token: &Token) -> Call<ClaimToken> {
        let url = self.url.outside_api();
        let request = request::request(&OPERATION, "", &self.identity, &url, Some(token));
        Call::new(&OPERATION, request, read)
    }
}

/// The longest claim token that is accepted, in bytes. Plex's own have 26. Together with the bound of a base
/// URL it keeps every URL under the 64 KiB that one can have.
const MAX_LENGTH: usize = 1024;

/// What makes a media server belong to an account: whoever holds it can give them a server.
///
/// `Debug` shows `***`, and there is no `Display`, no `Serialize` and no comparison, as for a [`Token`]. It is
/// zeroed when it is dropped, but not in the URL that it goes into.
///
/// ```
/// use plex_auth_proto::{ClaimToken, InvalidClaimToken};
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

    fn from_object<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        Ok(Answer::from_object(map)?.and_then(|answer| answer.token))
    }
}

/// From the text, or from the object that Plex answers with.
impl<'de> serde::Deserialize<'de> for ClaimToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

fn read(body: &[u8]) -> Result<ClaimToken, Fault> {
    decode::object(body)?.ok_or_else(|| Fault::shape("token", "is missing or no claim token"))
}

#[cfg(test)]
mod tests {
    use super::{ClaimToken, InvalidClaimToken, read};
    use crate::decode::Fault;
    use crate::{ClientIdentity, PlexTv, Token};

    #[test]
    fn the_request_goes_to_the_place_outside_the_api() {
        let me = ClientIdentity::builder("id").build().unwrap();
        for (url, uri) in [
            ("https://plex.tv/api/v2", "https://plex.tv/api/claim/token.json"),
            ("https://clients.plex.tv/api/v2/", "https://clients.plex.tv/api/claim/token.json"),
            ("http://127.0.0.1:4711", "http://127.0.0.1:4711/api/claim/token.json"),
        ] {
            let plex_tv = PlexTv::at(me.clone(), url.parse().unwrap());
            let call = plex_tv.claim_token(&Token::new("abc").unwrap());
            assert_eq!(call.request().method(), "GET");
            assert_eq!(call.request().uri(), uri);
            assert_eq!(call.request().headers()["x-plex-token"], "abc");
        }
    }

    #[test]
    fn a_claim_token_is_read_or_said_to_be_missing() {
        for body in [
            r#"{"token":"claim-KQ8W"}"#,
            "\u{feff}{\"token\":null,\"token\":\" claim-KQ8W\\n\",\"expires\":1e999}",
        ] {
            assert_eq!(read(body.as_bytes()).unwrap().expose(), "claim-KQ8W", "{body}");
        }
        for body in ["{}", r#"{"token":"xyz"}"#, r#"{"token":7}"#, r#"{"error":"claim-KQ8W"}"#] {
            match read(body.as_bytes()).unwrap_err() {
                Fault::Shape { path, .. } => assert_eq!(path, "token", "{body}"),
                fault => panic!("{body}: {fault:?}"),
            }
        }
        for json in [r#""claim-KQ8W""#, r#"{"token":"claim-KQ8W"}"#] {
            let claim_token: ClaimToken = serde_json::from_str(json).unwrap();
            assert_eq!(claim_token.expose(), "claim-KQ8W");
        }
    }

    #[test]
    fn anything_else_is_refused_and_never_shown() {
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
