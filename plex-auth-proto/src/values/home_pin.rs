use std::fmt;
use std::str::FromStr;

use zeroize::ZeroizeOnDrop;

use crate::values::secret::Secret;

/// The four digits that protect somebody in a Plex Home from the others there.
///
/// `Debug` shows `***`, and it is zeroed when it is dropped, but not in the URL that it goes into.
///
/// ```
/// use plex_auth_proto::home::{HomePin, InvalidHomePin};
///
/// let pin = HomePin::new("0815\n")?; // as typed
/// assert_eq!(format!("{pin:?}"), "***");
/// assert_eq!(HomePin::new("815").unwrap_err(), InvalidHomePin::NotFourDigits);
/// # Ok::<(), InvalidHomePin>(())
/// ```
#[derive(Clone)]
pub struct HomePin(Secret);

impl HomePin {
    /// Checks a PIN and keeps it. White space around it is trimmed.
    ///
    /// # Errors
    ///
    /// [`InvalidHomePin`], so that nothing is sent that cannot be right: failures are counted.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidHomePin> {
        let text = text.as_ref().trim();
        match text.as_bytes() {
            [] => Err(InvalidHomePin::Empty),
            [_, _, _, _] if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Self(Secret::new(text)))
            }
            _ => Err(InvalidHomePin::NotFourDigits),
        }
    }

    /// The digits. What is done with them is the caller's responsibility.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Its text is.
impl ZeroizeOnDrop for HomePin {}

impl fmt::Debug for HomePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for HomePin {
    type Err = InvalidHomePin;

    fn from_str(text: &str) -> Result<Self, InvalidHomePin> {
        Self::new(text)
    }
}

/// Why a text cannot be a [`HomePin`]. The text itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHomePin {
    /// Nothing is left when white space is trimmed.
    #[error("the Home PIN is empty; pass none for somebody who has none")]
    Empty,
    /// It is shorter or longer, or has something else in it than digits.
    #[error("a Home PIN is four digits, and this is something else")]
    NotFourDigits,
}

#[cfg(test)]
mod tests {
    use super::{HomePin, InvalidHomePin};

    #[test]
    fn only_four_digits_are_accepted() {
        for text in ["815", "08155", "0 15", "081x", "-815", "\u{660}\u{661}", "٠٨١٥", "0815;"]
        {
            let error = HomePin::new(text).unwrap_err();
            assert_eq!(error, InvalidHomePin::NotFourDigits, "{text:?}");
            assert!(!error.to_string().contains("15"), "{error}");
        }
        for blank in ["", " ", "\r\n"] {
            assert_eq!(HomePin::new(blank).unwrap_err(), InvalidHomePin::Empty);
        }
        let pin: HomePin = " 0815\n".parse().unwrap();
        assert_eq!((pin.expose(), format!("{pin:?}").as_str()), ("0815", "***"));
    }
}
