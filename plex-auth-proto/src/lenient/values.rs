//! What the simple types can be made of.

use super::Value;
use crate::secret::Secret;
use crate::token::Token;
use crate::unix_seconds::UnixSeconds;

impl<'de> Value<'de> for bool {
    super::plain!('de);

    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }

    fn from_integer(number: i128) -> Option<Self> {
        match number {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        match text.trim() {
            "1" => Some(true),
            "0" => Some(false),
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }
}

macro_rules! integer {
    ($($type:ty),+) => {$(
        impl<'de> Value<'de> for $type {
            super::plain!('de);

            fn from_integer(number: i128) -> Option<Self> {
                number.try_into().ok()
            }

            fn from_text(text: &str) -> Option<Self> {
                let text = text.trim();
                text.parse().ok().or_else(|| Self::from_float(text.parse().ok()?))
            }
        }
    )+};
}
integer!(u16, u32, u64, i64);

impl<'de> Value<'de> for UnixSeconds {
    super::plain!('de);

    fn from_integer(number: i128) -> Option<Self> {
        number.try_into().ok().map(Self)
    }

    fn from_text(text: &str) -> Option<Self> {
        Value::from_text(text).map(Self)
    }
}

impl<'de> Value<'de> for String {
    super::plain!('de);

    fn from_bool(value: bool) -> Option<Self> {
        Some(value.to_string())
    }

    fn from_integer(number: i128) -> Option<Self> {
        Some(number.to_string())
    }

    fn from_float(number: f64) -> Option<Self> {
        number.is_finite().then(|| number.to_string())
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl<'de> Value<'de> for Secret {
    super::plain!('de);

    fn from_integer(number: i128) -> Option<Self> {
        Some(Self::new(number.to_string()))
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self::new(text))
    }
}

impl<'de> Value<'de> for Token {
    super::plain!('de);

    fn from_integer(number: i128) -> Option<Self> {
        Self::new(number.to_string()).ok()
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::new(text).ok()
    }
}
