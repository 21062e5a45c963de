//! The visitors of one element.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::plain::Plain;
use super::{Seen, UNREADABLE, Value};

/// Visits one element and makes a `T` of it, if it can.
pub(crate) struct One<T>(PhantomData<T>);

impl<T> One<T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<'de, T: Value<'de>> DeserializeSeed<'de> for One<T> {
    type Value = Seen<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen<T>, D::Error> {
        if !T::IS_PLAIN {
            return deserializer.deserialize_any(self);
        }
        let mut value = None::<T>;
        let read = Plain(&mut value).deserialize(deserializer)?;
        Ok(match value {
            Some(value) => Seen::This(value),
            None if read => Seen::Nothing,
            None => Seen::Unreadable,
        })
    }
}

impl<'de, T: Value<'de>> Visitor<'de> for One<T> {
    type Value = Seen<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Seen<T>, E> {
        Ok(Seen::of(T::from_bool(value)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Seen<T>, E> {
        Ok(Seen::of(T::from_integer(number.into())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Seen<T>, E> {
        Ok(Seen::of(T::from_integer(number.into())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Seen<T>, E> {
        Ok(Seen::of(T::from_float(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Seen<T>, E> {
        Ok(match text {
            "" => Seen::Nothing,
            UNREADABLE => Seen::Unreadable,
            text => Seen::of(T::from_text(text)),
        })
    }

    fn visit_unit<E>(self) -> Result<Seen<T>, E> {
        Ok(Seen::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Seen<T>, A::Error> {
        T::from_object(map).map(Seen::of)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Seen<T>, A::Error> {
        T::from_list(list).map(Seen::of)
    }
}

/// Visits what is an object and nothing else; `None` where something that it requires is missing.
#[derive(Debug)]
pub(crate) struct Object<T>(PhantomData<T>);

impl<T> Object<T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<T> Clone for Object<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Object<T> {}

impl<'de, T: Value<'de>> Visitor<'de> for Object<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::from_object(map)
    }
}
