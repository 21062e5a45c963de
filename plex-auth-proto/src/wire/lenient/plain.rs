//! The visitor for scalars: strings, numbers and booleans.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::key::Key;
use super::number::float;
use super::unreadable::UNREADABLE;

/// A target for scalars. Each method returns `false` if the value could not be converted.
pub(crate) trait Take {
    fn bool(&mut self, value: bool) -> bool;
    fn integer(&mut self, number: i128) -> bool;
    fn float(&mut self, number: f64) -> bool;
    fn text(&mut self, text: &str) -> bool;
}

/// Visits one value and passes it to a scalar target. Returns `false` if the target could not
/// convert the value.
pub(crate) struct Plain<'a>(pub(crate) &'a mut dyn Take);

impl<'de> DeserializeSeed<'de> for Plain<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Plain<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(self.0.bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<bool, E> {
        Ok(self.0.integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<bool, E> {
        Ok(self.0.integer(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<bool, E> {
        Ok(self.0.float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        Ok(match text {
            "" => true,
            UNREADABLE => false,
            text => self.0.text(text),
        })
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        let Some(text) = number_in_disguise(map)? else { return Ok(false) };
        Ok(match (text.parse(), float(&text)) {
            (Ok(integer), _) => self.0.integer(integer),
            (_, Some(float)) => self.0.float(float),
            _ => false,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}

/// The only key of the map that represents a number if `serde_json`'s feature `arbitrary_precision`
/// is enabled. Any crate in the dependency graph can enable it for all others.
pub(crate) const NUMBER: &str = "$serde_json::private::Number";

fn number_in_disguise<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<String>, A::Error> {
    let mut number = None;
    while let Some(disguised) = map.next_key_seed(Key(|key: &str| key == NUMBER))? {
        if disguised {
            let mut text = Text(None);
            map.next_value_seed(Plain(&mut text))?;
            number = text.0;
        } else {
            map.next_value::<IgnoredAny>()?;
        }
    }
    Ok(number)
}

/// The text of a number that is represented as a map with the key [`NUMBER`].
struct Text(Option<String>);

impl Take for Text {
    fn bool(&mut self, _: bool) -> bool {
        false
    }

    fn integer(&mut self, number: i128) -> bool {
        self.text(&number.to_string())
    }

    fn float(&mut self, number: f64) -> bool {
        self.text(&number.to_string())
    }

    fn text(&mut self, text: &str) -> bool {
        self.0 = Some(text.to_owned());
        true
    }
}
