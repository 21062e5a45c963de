//! What one element becomes, and the visitors that make it so.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::budget::Budget;
use super::number::whole;
use super::plain::{Plain, Take};
use super::unreadable::{Paths, UNREADABLE};

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
        whole(number).and_then(Self::from_integer)
    }

    /// `text` is never empty.
    fn from_text(_: &str) -> Option<Self> {
        None
    }

    /// Reads the list to its end, whatever becomes of it. Not asked where it is [plain](Self::IS_PLAIN).
    fn from_list<A: SeqAccess<'de>>(mut list: A, _: &Budget) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    /// Reads the map to its end, whatever becomes of it. Not asked where it is [plain](Self::IS_PLAIN).
    fn from_object<A: MapAccess<'de>>(map: A, _: &Budget) -> Result<Option<Self>, A::Error> {
        let mut value = None;
        Plain(&mut value).visit_map(map)?;
        Ok(value)
    }

    /// Whether it is neither an object nor a list that it can become. All such are read by one visitor, where
    /// each would have some kilobytes of code.
    const IS_PLAIN: bool = false;

    /// Names what inside it was there and could not be read.
    fn unreadable(&self, _: &mut Paths) {}
}

/// What became of one element.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Seen<T> {
    /// Nothing was there: null, or a text without a letter.
    Nothing,
    /// This was.
    This(T),
    /// Something was that is no `T`.
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

/// Visits one element and makes a `T` of it, if it can.
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

/// Visits what is an object and nothing else; `None` where something that it requires is missing.
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

/// The paths of all that was there in `value` and could not be read.
pub(crate) fn unreadable_fields<'de>(value: &impl Value<'de>) -> Vec<String> {
    let mut paths = Paths::default();
    value.unreadable(&mut paths);
    paths.into_found()
}
