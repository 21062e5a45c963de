//! Reading what Plex sends without being thrown by it: drift costs at most the field that drifted.
//!
//! Every output type is written inside [`object!`], which derives `Deserialize` so that each field is
//! read by [`field`]: null, absent and empty text are the same; numbers may come as text and text as
//! numbers; booleans as 0 and 1; a list of one as its element. What fits nowhere leaves its field empty.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

mod values;

/// Declares types that are read from an object of Plex's, with camelCase names on the wire.
///
/// Fields are `Option<_>` or `Vec<_>` of a [`Value`]. Those under `required` are plain values, without
/// which there is no object.
macro_rules! object {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            required {
                $($(#[$required_attribute:meta])* $required_visibility:vis $required:ident: $required_type:ty,)*
            }
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        $visibility struct $name {
            $(
                $(#[$required_attribute])*
                #[serde(deserialize_with = "crate::lenient::required")]
                $required_visibility $required: $required_type,
            )*
            $(
                $(#[$field_attribute])*
                #[serde(default, deserialize_with = "crate::lenient::field")]
                $field_visibility $field: $type,
            )*
        }

        impl<'de> crate::lenient::Value<'de> for $name {
            fn from_object<A: serde::de::MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                serde::Deserialize::deserialize(map).map(Some)
            }
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident { $($fields:tt)* }
    ) => {
        crate::lenient::object! {
            $(#[$attribute])*
            $visibility struct $name { required {} $($fields)* }
        }
    };
}
pub(crate) use object;

/// What one element on the wire can become. What it cannot become is `None`, never an error.
pub(crate) trait Value<'de>: Sized {
    fn from_bool(_: bool) -> Option<Self> {
        None
    }

    fn from_integer(_: i128) -> Option<Self> {
        None
    }

    /// `number` can be infinite, where it is out of range.
    fn from_float(number: f64) -> Option<Self> {
        // `1.0` for a count, from servers whose language has one kind of number.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let whole = number.fract() == 0.0 && number.abs() <= EXACT;
        #[expect(clippy::cast_possible_truncation, reason = "whole, and far within i128")]
        whole.then_some(number as i128).and_then(Self::from_integer)
    }

    /// `text` is never empty.
    fn from_text(_: &str) -> Option<Self> {
        None
    }

    /// Reads the list to its end, whatever becomes of it.
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    /// Reads the map to its end, whatever becomes of it.
    fn from_object<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        let number = number_in_disguise(map)?;
        Ok(number.and_then(|text| match text.parse() {
            Ok(integer) => Self::from_integer(integer),
            Err(_) => text.parse().ok().and_then(Self::from_float),
        }))
    }
}

/// With serde_json's feature `arbitrary_precision`, which any crate of a program can turn on for all,
/// a number comes as a map with this one key and its text.
fn number_in_disguise<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<String>, A::Error> {
    let mut number = None;
    while let Some(disguised) = map.next_key_seed(IsNumber)? {
        if disguised {
            number = map.next_value_seed(One::<String>::NEW)?;
        } else {
            map.next_value::<IgnoredAny>()?;
        }
    }
    Ok(number)
}

struct IsNumber;

impl<'de> DeserializeSeed<'de> for IsNumber {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsNumber {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == "$serde_json::private::Number")
    }
}

/// A field that can be absent: `Option` of a value, or a list.
pub(crate) trait Field<'de>: Sized {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl<'de, T: Value<'de>> Field<'de> for Option<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        One::<T>::NEW.deserialize(deserializer)
    }
}

impl<'de, T: Value<'de>> Field<'de> for Vec<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Many::<T>(PhantomData))
    }
}

/// Reads a field that can be absent.
pub(crate) fn field<'de, T: Field<'de>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    T::read(d)
}

/// Reads a field without which there is no object. The error holds no value.
pub(crate) fn required<'de, T: Value<'de>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    Option::<T>::read(d)?.ok_or_else(|| D::Error::custom("missing or unusable"))
}

/// Visits one element and makes a `T` of it, or nothing.
pub(crate) struct One<T>(PhantomData<T>);

impl<T> One<T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<'de, T: Value<'de>> DeserializeSeed<'de> for One<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Value<'de>> Visitor<'de> for One<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<T>, E> {
        Ok(T::from_bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Option<T>, E> {
        Ok(T::from_integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Option<T>, E> {
        Ok(T::from_integer(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Option<T>, E> {
        Ok(T::from_float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<T>, E> {
        Ok(if text.is_empty() { None } else { T::from_text(text) })
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::from_object(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Option<T>, A::Error> {
        T::from_list(list)
    }
}

/// How much memory a list may take for its elements, what they point to aside: thousands of the largest. An
/// element of two bytes can become a value of some hundred, so that a hostile answer of 1 MiB would take
/// more than a small device has. The longest list that Plex sends has some 120 elements.
const MAX_LIST_BYTES: usize = 1024 * 1024;

/// Visits a list, or one element in place of a list. Elements that cannot be read are left out.
struct Many<T>(PhantomData<T>);

impl<'de, T: Value<'de>> Visitor<'de> for Many<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Vec<T>, E> {
        One::NEW.visit_bool(value).map(Vec::from_iter)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Vec<T>, E> {
        One::NEW.visit_i64(number).map(Vec::from_iter)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Vec<T>, E> {
        One::NEW.visit_u64(number).map(Vec::from_iter)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Vec<T>, E> {
        One::NEW.visit_f64(number).map(Vec::from_iter)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        One::NEW.visit_str(text).map(Vec::from_iter)
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
        T::from_object(map).map(Vec::from_iter)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut elements = Vec::new();
        let most = MAX_LIST_BYTES / size_of::<T>().max(1);
        while elements.len() < most {
            match list.next_element_seed(One::<T>::NEW)? {
                Some(element) => elements.extend(element),
                None => return Ok(elements),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(elements)
    }
}
