//! Conversion of a JSON or XML value into a Rust value, and the visitors that perform it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::budget::Budget;
use super::number::whole;
use super::plain::{Plain, Take};
use super::unreadable::{Paths, UNREADABLE};

/// A type that a value can be converted into. A failed conversion is `None`, not an error.
pub(crate) trait Value<'de>: Sized {
    fn from_bool(_: bool) -> Option<Self> {
        None
    }

    fn from_integer(_: i128) -> Option<Self> {
        None
    }

    /// Converts a float, which can be infinite if it was out of range.
    fn from_float(number: f64) -> Option<Self> {
        whole(number).and_then(Self::from_integer)
    }

    /// Converts a string, which is never empty.
    fn from_text(_: &str) -> Option<Self> {
        None
    }

    /// Converts a list, consuming it completely. Not called if the type is [plain](Self::IS_PLAIN).
    fn from_list<A: SeqAccess<'de>>(mut list: A, _: &Budget) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    /// Converts a map, consuming it completely. Called for a [plain](Self::IS_PLAIN) type only if
    /// the map takes the place of a list of that type.
    fn from_object<A: MapAccess<'de>>(map: A, _: &Budget) -> Result<Option<Self>, A::Error> {
        let mut value = None;
        Plain(&mut value).visit_map(map)?;
        Ok(value)
    }

    /// Whether the type is a scalar that is never converted from an object or a list. All such
    /// types share one visitor, because each separate visitor would take several kilobytes of code.
    const IS_PLAIN: bool = false;

    /// Adds the paths of unreadable values inside this value.
    fn unreadable(&self, _: &mut Paths) {}
}

/// The result of parsing one value.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Seen<T> {
    /// Null or an empty string.
    Nothing,
    /// A readable value.
    This(T),
    /// A value that cannot be converted into `T`.
    Unreadable,
}

impl<T> Seen<T> {
    pub(crate) fn of(read: Option<T>) -> Self {
        read.map_or(Self::Unreadable, Self::This)
    }

    pub(crate) fn into_value(self) -> Option<T> {
        match self {
            Self::This(value) => Some(value),
            Self::Nothing | Self::Unreadable => None,
        }
    }

    pub(crate) fn value(&self) -> Option<&T> {
        match self {
            Self::This(value) => Some(value),
            Self::Nothing | Self::Unreadable => None,
        }
    }
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

/// Visits one value and converts it into a `T`.
pub(crate) struct One<'b, T>(&'b Budget, PhantomData<T>);

impl<'b, T> One<'b, T> {
    pub(crate) fn new(budget: &'b Budget) -> Self {
        Self(budget, PhantomData)
    }
}

impl<'de, T: Value<'de>> DeserializeSeed<'de> for One<'_, T> {
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

impl<'de, T: Value<'de>> Visitor<'de> for One<'_, T> {
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
        T::from_object(map, self.0).map(Seen::of)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Seen<T>, A::Error> {
        T::from_list(list, self.0).map(Seen::of)
    }
}

/// Accepts only an object. Returns `None` if a required field is missing or unreadable.
#[derive(Debug)]
pub(crate) struct Object<'b, T>(&'b Budget, PhantomData<T>);

impl<'b, T> Object<'b, T> {
    pub(crate) fn new(budget: &'b Budget) -> Self {
        Self(budget, PhantomData)
    }
}

impl<'de, T: Value<'de>> Visitor<'de> for Object<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::from_object(map, self.0)
    }
}

/// Returns the paths of all unreadable fields in `value`.
pub(crate) fn unreadable_fields<'de>(value: &impl Value<'de>) -> Vec<String> {
    let mut paths = Paths::default();
    value.unreadable(&mut paths);
    paths.into_found()
}
