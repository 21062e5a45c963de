use std::fmt;
use std::str::FromStr;

use zeroize::ZeroizeOnDrop;

use crate::values::secret::Secret;
use crate::wire::lenient::Value;

/// The longest code, in bytes. Plex's have 4 and 25 characters.
const MAX_LENGTH: usize = 128;

/// Up to here a code is one that somebody has read off a screen and typed.
const LONGEST_TYPED: usize = 8;

/// The code of a PIN: what somebody who is signed in types, or a program passes, to let the PIN's maker in.
///
/// Of an answer it is kept as it came. Of what a person typed ([`new`](Self::new)) white space is taken out,
/// also between the characters, as people group them; and up to 8 characters are written in capitals,
/// which is how Plex makes short codes. Long ones have small letters that count, and stay as they are. An
/// `O` that may be a `0` is not guessed at: Plex's short codes have neither, and a wrong guess could link
/// a stranger's device.
///
/// It is a secret while the PIN lives: `Debug` shows `***`, and [`expose`](Self::expose) is the way to
/// show it to whom it is meant for.
///
/// ```
/// use plex_auth_proto::pin::{InvalidPinCode, PinCode};
///
/// let typed: PinCode = " g7k x\n".parse()?;
/// assert_eq!(typed.expose(), "G7KX");
/// assert_eq!(format!("{typed:?}"), "***");
///
/// assert_eq!(PinCode::new("  ").unwrap_err(), InvalidPinCode::Empty);
/// # Ok::<(), InvalidPinCode>(())
/// ```
#[derive(Clone)]
pub struct PinCode(Secret);

impl PinCode {
    /// The code that somebody typed or passed on.
    ///
    /// # Errors
    ///
    /// [`InvalidPinCode`]
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidPinCode> {
        // As long as the text, so that it never grows, which would leave a copy behind.
        let mut code = String::with_capacity(text.as_ref().len());
        code.extend(text.as_ref().chars().filter(|character| !character.is_whitespace()));
        if code.len() <= LONGEST_TYPED {
            code.make_ascii_uppercase();
        }
        Self::checked(code)
    }

    fn checked(code: String) -> Result<Self, InvalidPinCode> {
        let code = Secret::new(code);
        let text = code.expose();
        if text.is_empty() {
            return Err(InvalidPinCode::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(InvalidPinCode::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidPinCode::Character);
        }
        Ok(Self(code))
    }

    /// The code itself, to be shown to whom it is meant for.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for PinCode {
    type Err = InvalidPinCode;

    fn from_str(text: &str) -> Result<Self, InvalidPinCode> {
        Self::new(text)
    }
}

/// Its text is.
impl ZeroizeOnDrop for PinCode {}

impl fmt::Debug for PinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Value<'_> for PinCode {
    const IS_PLAIN: bool = true;

    fn from_integer(number: i128) -> Option<Self> {
        Self::checked(number.to_string()).ok()
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::checked(text.trim().to_owned()).ok()
    }
}

/// Why a text cannot be a [`PinCode`]. The text itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPinCode {
    /// Nothing is left when white space is taken out.
    #[error("the code is empty; type the characters that the device shows")]
    Empty,
    /// There is a control character inside, or one beyond ASCII.
    #[error("the code has a character that no code has; type it again as plain letters and digits")]
    Character,
    /// It is longer than 128 bytes.
    #[error("the code is longer than 128 bytes; Plex's have 4 or 25 characters")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::{InvalidPinCode, PinCode};

    #[test]
    fn typed_code_is_normalized_without_guessing() {
        for (typed, code) in [
            ("G7KX", "G7KX"),
            ("g7kx", "G7KX"),
            (" g7 kx\r\n", "G7KX"),
            ("g7\u{a0}kx", "G7KX"),
            ("go0x", "GO0X"),
            ("8lzfqpkmtyfvdqo4q9ri9l35c", "8lzfqpkmtyfvdqo4q9ri9l35c"),
            ("8lzfqpkmty\nfvdqo4q9ri9l35c", "8lzfqpkmtyfvdqo4q9ri9l35c"),
        ] {
            assert_eq!(PinCode::new(typed).unwrap().expose(), code, "{typed:?}");
        }
    }

    #[test]
    fn other_text_is_refused_and_redacted() {
        use InvalidPinCode::{Character, Empty, TooLong};
        let long = "x".repeat(129);
        for (text, why) in [
            ("", Empty),
            (" \n\u{2003}", Empty),
            ("g7\0x", Character),
            ("g7\u{200b}kx", Character),
            ("\u{ff27}7kx", Character),
            (&long, TooLong),
        ] {
            let error = PinCode::new(text).unwrap_err();
            assert_eq!(error, why, "{text:?}");
            assert!(!error.to_string().contains("g7"), "{error}");
        }
        assert_eq!(PinCode::new("x".repeat(128)).unwrap().expose().len(), 128);
    }
}
