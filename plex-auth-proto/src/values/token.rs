use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use http::HeaderValue;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::values::typed_text::trim;
use crate::wire::lenient::{self, Value};

/// The longest token that is accepted, in bytes. Plex's own are 20 characters of old and about 540
/// when they are JWTs; servers commonly refuse a header line of more than 8 KiB.
const MAX_LENGTH: usize = 8 * 1024;

/// What goes into `X-Plex-Token`: whoever holds it is the account.
///
/// A token is opaque: 20 characters of old, a JWT of about 540, `transient-<uuid>` when it came from
/// [`MediaServer::transient_token`](crate::MediaServer::transient_token). Which kind works where:
///
/// | token | plex.tv | a media server |
/// |---|---|---|
/// | an account's, as of [`PlexTv::sign_in`](crate::PlexTv::sign_in) | yes | if the account may use that server |
/// | a resource's own [access token](crate::server::Resource::access_token) | no | that server |
/// | a transient one | no | the server that made it, for 48 hours or until it restarts |
/// | a JWT of the device login | yes | no: media servers answer 401 (reported by users up to 2026-08) |
///
/// So at plex.tv use the account's token, and at a media server the access token that
/// [`PlexTv::resources`](crate::PlexTv::resources) has for it: it is the one that always opens it, and the
/// account's token, which opens everything, does not travel to a machine at home. A media server that answers
/// 401 speaks of the token that it was shown, and of itself: ask for the resources again, and do not sign in
/// anew ([`is_token_invalid`](crate::ResponseError::is_token_invalid) is false).
///
/// With a JWT, `resources` has an opaque access token for each server that somebody else shares, and for
/// one's own servers the JWT again, which they refuse. One's own Home user, by
/// [`PlexTv::switch_home_user`](crate::PlexTv::switch_home_user), has an opaque token that they take.
///
/// `Debug` shows `***` and there is no `Display`, no `Serialize` and no comparison: a token is written
/// down on purpose, through [`expose`](Self::expose), or not at all. Its memory is zeroed when its
/// last copy is dropped; the copies that an HTTP client makes on the way to the wire are not ours.
///
/// ```
/// use plex_auth_proto::Token;
/// use plex_auth_proto::error::InvalidToken;
///
/// let token = Token::new("xyz-Abc_0123456789ab\n")?; // as read from a file
/// assert_eq!(token.expose(), "xyz-Abc_0123456789ab");
/// assert_eq!(format!("{token:?}"), "***");
///
/// assert_eq!(Token::new("a\nb").unwrap_err(), InvalidToken::LineBreak);
/// # Ok::<(), InvalidToken>(())
/// ```
#[derive(Clone)]
pub struct Token(HeaderValue);

impl Token {
    /// Checks a token and keeps it. White space around it, such as the line break at the end of a
    /// file, and a byte order mark before it are removed.
    ///
    /// # Errors
    ///
    /// [`InvalidToken`] says which kind of character is in the way, never which token it was.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidToken> {
        let text = trim(text.as_ref());
        check(text)?;
        let owned = owned(Zeroizing::new(text.as_bytes().to_vec()));
        let mut value =
            HeaderValue::from_maybe_shared(owned).map_err(|_| InvalidToken::ControlCharacter)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// Returns whether it has the form of a JSON Web Token, as the token of a device has.
    pub(crate) fn is_jwt(&self) -> bool {
        let text = self.expose();
        text.starts_with("eyJ") && text.split('.').filter(|part| !part.is_empty()).count() == 3
    }

    /// The token itself. What is done with it is the caller's responsibility.
    pub fn expose(&self) -> &str {
        // `check` lets visible ASCII through alone, so this is never the default.
        self.0.to_str().unwrap_or_default()
    }
}

/// Takes only what zeroes itself, so that a plain copy does not compile.
fn owned(bytes: impl AsRef<[u8]> + ZeroizeOnDrop + Send + 'static) -> Bytes {
    Bytes::from_owner(bytes)
}

fn check(text: &str) -> Result<(), InvalidToken> {
    if text.is_empty() {
        return Err(InvalidToken::Empty);
    }
    if text.len() > MAX_LENGTH {
        return Err(InvalidToken::TooLong);
    }
    if let Some(surrounding) = surrounding(text) {
        return Err(surrounding);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(what_is_in_the_way(text));
    }
    if text.starts_with("claim-") {
        return Err(InvalidToken::ClaimCode);
    }
    Ok(())
}

/// Finds what people copy along with a token. A token itself has none of these characters.
fn surrounding(text: &str) -> Option<InvalidToken> {
    let is_quote = |character| matches!(character, '"' | '\'' | '`');
    if text.contains("://") {
        return Some(InvalidToken::Url);
    }
    if text.starts_with(is_quote) || text.ends_with(is_quote) {
        return Some(InvalidToken::Quoted);
    }
    let name = text.as_bytes().get(.."x-plex-token".len());
    if name.is_some_and(|name| name.eq_ignore_ascii_case(b"x-plex-token")) {
        return Some(InvalidToken::Named);
    }
    text.contains('&').then_some(InvalidToken::Parameters)
}

fn what_is_in_the_way(text: &str) -> InvalidToken {
    let first = text.chars().find(|character| !character.is_ascii_graphic());
    match first.unwrap_or_default() {
        '\n' | '\r' => InvalidToken::LineBreak,
        character if character.is_whitespace() => InvalidToken::Space,
        character if character.is_control() => InvalidToken::ControlCharacter,
        _ => InvalidToken::NotAscii,
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        Self::new(text)
    }
}

/// For requests of one's own: `.header("X-Plex-Token", &token)`. The value is marked sensitive.
impl From<&Token> for HeaderValue {
    fn from(token: &Token) -> Self {
        token.0.clone()
    }
}

impl<'de> serde::Deserialize<'de> for Token {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

/// Why a text cannot be a [`Token`]. The text itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// Nothing is left when white space is trimmed.
    #[error("the token is empty")]
    Empty,
    /// There is a line break inside: two lines of a file, or a header that somebody wants to add.
    #[error("the token has a line break inside; pass the one line that holds it")]
    LineBreak,
    /// There is a space or another white space inside.
    #[error("the token has white space inside; pass the token alone")]
    Space,
    /// There is a control character inside.
    #[error("the token has a control character inside; copy it again")]
    ControlCharacter,
    /// There is something beyond ASCII inside: curly quotes or a zero-width space from a web page.
    #[error(
        "the token has a character beyond ASCII inside, such as a curly quote or a zero-width space; \
         copy it again as plain text"
    )]
    NotAscii,
    /// It is a claim code, which ties a new server to an account and is no token.
    #[error(
        "this is a claim code (claim-...), which claims a server; a token is had by signing in"
    )]
    ClaimCode,
    /// It is in quotes, as in a file of settings.
    #[error("the token is in quotes; paste it without them")]
    Quoted,
    /// It starts with the name of the header or of the query parameter.
    #[error("the token starts with its name, X-Plex-Token; paste only the value that follows")]
    Named,
    /// It is a URL, which may have a token in its query.
    #[error("this is a URL; paste only the value of X-Plex-Token in it")]
    Url,
    /// It has an `&`, after which further parameters of a URL follow.
    #[error("the token has further parameters of a URL (&...); paste only the value before them")]
    Parameters,
    /// It is longer than 8 KiB.
    #[error("the token is longer than 8 KiB")]
    TooLong,
}

impl Value<'_> for Token {
    const IS_PLAIN: bool = true;

    fn from_integer(number: i128) -> Option<Self> {
        Self::new(number.to_string()).ok()
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidToken, Token};

    #[test]
    fn white_space_is_trimmed() {
        for text in
            ["abc", "abc\n", " abc", "\u{a0}abc\r\n", "\tabc ", "\u{feff}abc", "\u{feff} abc"]
        {
            assert_eq!(Token::new(text).unwrap().expose(), "abc", "{text:?}");
        }
    }

    #[test]
    fn other_text_is_refused_and_redacted() {
        use InvalidToken::{
            ClaimCode, ControlCharacter, Empty, LineBreak, Named, NotAscii, Parameters, Quoted,
            Space, TooLong, Url,
        };
        let long = "x".repeat(8193);
        for (text, why) in [
            ("", Empty),
            (" \n", Empty),
            ("a\nb", LineBreak),
            ("a\r\nX-Evil: 1", LineBreak),
            ("a b", Space),
            ("a\u{a0}b", Space),
            ("a\0b", ControlCharacter),
            ("a\u{7f}", ControlCharacter),
            ("\u{200b}abc", NotAscii),
            ("\u{201c}abc\u{201d}", NotAscii),
            ("claim-KQ8WQxGTexampleYdmHM", ClaimCode),
            ("\"abc\"", Quoted),
            ("'abc'", Quoted),
            ("\"abc", Quoted),
            ("X-Plex-Token=abc", Named),
            ("x-plex-token: abc", Named),
            ("http://10.0.0.7:32400/identity?X-Plex-Token=abc", Url),
            ("https://rosa:abc@example.com/", Url),
            ("abc&x=1", Parameters),
            (&long, TooLong),
        ] {
            let error = Token::new(text).unwrap_err();
            assert_eq!(error, why, "{text:?}");
            assert!(!error.to_string().contains("abc"), "{error}");
        }
    }

    #[test]
    fn longest_token_is_accepted() {
        assert_eq!(Token::new("x".repeat(8192)).unwrap().expose().len(), 8192);
    }

    #[test]
    fn header_is_sensitive() {
        let token = Token::new("abc").unwrap();
        let value = http::HeaderValue::from(&token);
        assert!(value.is_sensitive());
        assert_eq!(format!("{token:?} {value:?}"), "*** Sensitive");
    }
}
