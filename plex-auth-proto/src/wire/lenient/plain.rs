//! The visitor of all that is plain: texts, numbers, yes and no.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Key, One, UNREADABLE, Value, float};

/// A field that takes what is plain, whatever it makes of it; `false` where that is nothing.
pub(crate) trait Take {
    fn bool(&mut self, value: bool) -> bool;
    fn integer(&mut self, number: i128) -> bool;
    fn float(&mut self, number: f64) -> bool;
    fn text(&mut self, text: &str) -> bool;
}

impl<'de, T: Value<'de>> Take for Option<T> {
    fn bool(&mut self, value: bool) -> bool {
        put(self, T::from_bool(value))
    }

    fn integer(&mut self, number: i128) -> bool {
        put(self, T::from_integer(number))
    }

    fn float(&mut self, number: f64) -> bool {
        put(self, T::from_float(number))
    }

    fn text(&mut self, text: &str) -> bool {
        put(self, T::from_text(text))
    }
}

fn put<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    let read = value.is_some();
    if read {
        *field = value;
    }
    read
}

/// Visits one element for a field that takes what is plain; `false` where there was something that it could
/// not take.
pub(super) struct Plain<'a>(pub(super) &'a mut dyn Take);

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

/// With serde_json's feature `arbitrary_precision`, which any crate of a program can turn on for all,
/// a number comes as a map with this one key and its text.
pub(crate) const NUMBER: &str = "$serde_json::private::Number";

fn number_in_disguise<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<String>, A::Error> {
    let mut number = None;
    while let Some(disguised) = map.next_key_seed(Key(|key: &str| key == NUMBER))? {
        if disguised {
            number = map.next_value_seed(One::<String>::NEW)?.into_value();
        } else {
            map.next_value::<IgnoredAny>()?;
        }
    }
    Ok(number)
}
