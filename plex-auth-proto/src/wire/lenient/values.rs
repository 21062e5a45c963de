//! Conversions into booleans, integers and strings.

use super::number::{float, whole};
use super::value::Value;

impl Value<'_> for bool {
    const IS_PLAIN: Self = true;

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
        impl Value<'_> for $type {
            const IS_PLAIN: bool = true;

            fn from_integer(number: i128) -> Option<Self> {
                number.try_into().ok()
            }

            fn from_text(text: &str) -> Option<Self> {
                let text = text.trim();
                text.parse().ok().or_else(|| float(text).and_then(Self::from_float))
            }
        }
    )+};
}
integer!(u16, u32, u64, i64);

impl Value<'_> for String {
    const IS_PLAIN: bool = true;

    fn from_bool(value: bool) -> Option<Self> {
        Some(value.to_string())
    }

    fn from_integer(number: i128) -> Option<Self> {
        // `i128::to_string` allocates 39 bytes for any number.
        Some(itoa::Buffer::new().format(number).to_owned())
    }

    fn from_float(number: f64) -> Option<Self> {
        if let Some(number) = whole(number) {
            return Self::from_integer(number);
        }
        serde_json::to_string(&number).ok().filter(|_| number.is_finite())
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeSeed;

    use super::super::budget::Budget;
    use super::super::value::{One, Seen};

    #[test]
    fn scalars_are_read_as_strings() {
        for (json, text) in [
            ("7", Some("7")),
            ("-1.0", Some("-1")),
            ("2.5", Some("2.5")),
            ("1e300", Some("1e+300")),
            ("true", Some("true")),
            ("\"1.0\"", Some("1.0")),
            // The placeholder counts as unreadable, even if a server sends it.
            ("\"\\u007f\"", None),
            ("[\"a\"]", None),
        ] {
            let mut reader = serde_json::Deserializer::from_str(json);
            let seen = One::<String>::new(&Budget::of_unknown()).deserialize(&mut reader).unwrap();
            assert!(text.is_some() || matches!(seen, Seen::Unreadable), "{json}");
            assert_eq!(seen.into_value().as_deref(), text, "{json}");
        }
    }
}
