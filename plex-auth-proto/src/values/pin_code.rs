use std::fmt;
use std::str::FromStr;

use zeroize::ZeroizeOnDrop;

use crate::values::secret::Secret;
use crate::wire::lenient::Value;

/// The maximum length of a code, in bytes. Plex's codes have 4 or 25 characters.
const MAX_LENGTH: usize = 128;

/// The maximum length of a code that a user is expected to type.
const LONGEST_TYPED: usize = 8;

/// The code of a PIN. A signed-in user enters it, or a program submits it, to link the PIN to the
/// user's account.
///
/// A code in a response is kept unchanged, except for whitespace around it. [`new`](Self::new)
/// normalizes typed codes: it removes whitespace, including within the code, and converts codes of
/// up to 8 characters to uppercase, because Plex's short codes are uppercase. Long codes are
/// case-sensitive. `O` and `0` are not substituted for each other: Plex's short codes contain
/// neither, and a wrong guess could link another user's device.
///
/// The code is a secret until the PIN expires: `Debug` shows `***`, and [`expose`](Self::expose)
/// returns it for display to the user.
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
    /// Creates a code from typed or pasted text.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidPinCode`] if the text is not a code. The error never contains the text.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidPinCode> {
        // The capacity is reserved in advance, because growing would leave a copy in memory.
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

    /// Returns the code as text. Show it only to the user who is signing in.
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

/// The inner [`Secret`] is zeroed on drop.
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

/// The reason that a string is not a valid [`PinCode`]. It never contains the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPinCode {
    /// The text is empty or only whitespace.
    #[error("the code is empty; enter the characters that the device displays")]
    Empty,
    /// The text contains a control character or a non-ASCII character.
    #[error("the code contains an invalid character; enter it again as plain letters and digits")]
    Character,
    /// The text is longer than 128 bytes.
    #[error(
        "the code is longer than 128 bytes; enter only the code, which is 4 or 25 characters long"
    )]
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
