use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use http::HeaderValue;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::values::typed_text::trim;
use crate::wire::lenient::{self, Value};

/// The maximum length of a token, in bytes.
// Servers commonly refuse a header line of more than 8 KiB. Plex's tokens have 20 characters, or
// about 540 if they are JWTs.
const MAX_LENGTH: usize = 8 * 1024;

/// An access token, sent as `X-Plex-Token`. Anyone who has an account's token has full access to
/// the account.
///
/// Old-style tokens are opaque and have 20 characters. JWTs have about 540. Transient tokens, from
/// [`MediaServer::transient_token`](crate::MediaServer::transient_token), have the form
/// `transient-<uuid>`. The kinds of tokens differ in where they are valid:
///
/// | Token | plex.tv | Media servers |
/// |---|---|---|
/// | an account's token, such as one from [`PlexTv::sign_in`](crate::PlexTv::sign_in) | yes | if the account has access to that server |
/// | a resource's [access token](crate::server::Resource::access_token) | no | that server |
/// | a transient token | no | the server that issued it, for 48 hours or until it restarts |
/// | a JWT from a device login | yes | no: media servers answer 401 (reported by users, most recently in August 2026) |
///
/// For plex.tv, use the account's token. For a media server, use the access token that
/// [`PlexTv::resources`](crate::PlexTv::resources) returns for it, so that you do not send the
/// account's token, which has access to everything. A media server's 401 applies only to that
/// server and the token sent to it: request the resources again instead of signing in again
/// ([`is_token_invalid`](crate::ResponseError::is_token_invalid) returns false).
///
/// If you call `resources` with a JWT, it returns an opaque access token for each server that is
/// shared with the account. For the account's own servers, it returns the JWT itself, which those
/// servers refuse. They accept the opaque token that
/// [`PlexTv::switch_home_user`](crate::PlexTv::switch_home_user) returns for the account's own Home
/// user.
///
/// `Debug` shows `***`, and there is no `Display`, `Serialize` or comparison: the text is
/// accessible only through [`expose`](Self::expose) and through the conversion to a
/// [`HeaderValue`]. The memory is zeroed when the last clone is dropped, except for copies that an
/// HTTP client makes.
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
    /// Creates a token from text. Surrounding whitespace, such as the line break at the end of a
    /// file, is removed, and so is a byte order mark at the start.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidToken`] if the text is not a token. The error never contains the text.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidToken> {
        let text = trim(text.as_ref());
        check(text)?;
        let owned = owned(Zeroizing::new(text.as_bytes().to_vec()));
        let mut value =
            HeaderValue::from_maybe_shared(owned).map_err(|_| InvalidToken::ControlCharacter)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// Returns whether the token has the form of a JWT, like the token of a device that signs in
    /// with a key.
    pub(crate) fn is_jwt(&self) -> bool {
        let text = self.expose();
        text.starts_with("eyJ") && text.split('.').filter(|part| !part.is_empty()).count() == 3
    }

    /// Returns the token as text. The caller is responsible for keeping it secret.
    pub fn expose(&self) -> &str {
        // `check` accepts only visible ASCII, so the default is never used.
        self.0.to_str().unwrap_or_default()
    }
}

/// Accepts only types that are zeroed on drop, so that passing a plain copy does not compile.
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
        return Err(invalid_character(text));
    }
    if text.starts_with("claim-") {
        return Err(InvalidToken::ClaimCode);
    }
    Ok(())
}

/// Detects text that is often copied together with a token. A valid token contains none of it.
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

fn invalid_character(text: &str) -> InvalidToken {
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

/// Converts to a header value for custom requests: `.header("X-Plex-Token", &token)`. The value is
/// marked sensitive.
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

/// The reason that a string is not a valid [`Token`]. It never contains the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// The text is empty or only whitespace.
    #[error("the token is empty; sign in to get one")]
    Empty,
    /// The text contains a line break: it may be more than one line of a file, or an attempt to
    /// inject a header.
    #[error("the token contains a line break; copy only the line with the token")]
    LineBreak,
    /// The text contains a space or other whitespace.
    #[error("the token contains whitespace; copy only the token")]
    Space,
    /// The text contains a control character.
    #[error("the token contains a control character; copy it again")]
    ControlCharacter,
    /// The text contains a non-ASCII character, such as a curly quote or a zero-width space from a
    /// web page.
    #[error(
        "the token contains a non-ASCII character, such as a curly quote or a zero-width space; copy it again as plain \
         text"
    )]
    NotAscii,
    /// The text is a claim token, which assigns a server to an account.
    #[error(
        "this is a claim token (claim-...), which can only claim a server; sign in to get an access token"
    )]
    ClaimCode,
    /// The text starts or ends with a quotation mark, as in a settings file.
    #[error("the token is in quotes; remove the quotes")]
    Quoted,
    /// The text starts with the name of the header or query parameter.
    #[error("the token starts with X-Plex-Token; copy only the value after it")]
    Named,
    /// The text is a URL, which may contain a token in its query.
    #[error("this is a URL; copy only the value of its X-Plex-Token parameter")]
    Url,
    /// The text contains an `&`, which separates the parameters of a URL.
    #[error(
        "the token is followed by other URL parameters (&...); copy only the value before them"
    )]
    Parameters,
    /// The text is longer than 8 KiB.
    #[error("the token is longer than 8 KiB; copy only the token")]
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
