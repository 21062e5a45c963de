use std::fmt;
use std::str::FromStr;

use zeroize::ZeroizeOnDrop;

use crate::values::secret::Secret;

/// The four-digit PIN that is needed to switch to a protected user of a Plex Home.
///
/// `Debug` shows `***`. The memory is zeroed on drop, except for copies in the URL of a request.
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
    /// Creates a Home PIN from text. Surrounding whitespace is trimmed.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidHomePin`] if the text is not four digits. A request with any other text
    /// would fail, and Plex counts failures.
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

    /// Returns the digits. The caller is responsible for keeping them secret.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The inner [`Secret`] is zeroed on drop.
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

/// The reason that a string is not a valid [`HomePin`]. It never contains the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHomePin {
    /// The text is empty or only whitespace.
    #[error("the Home PIN is empty; omit it if the user has none")]
    Empty,
    /// The text is not four ASCII digits.
    #[error("the Home PIN is not four digits; enter it again")]
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
