//! Parsing of an object's fields.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess};

use super::budget::Budget;
use super::list::Many;
use super::plain::{Plain, Take};
use super::unreadable::Paths;
use super::value::{One, Seen, Value};

/// A field that can be absent: an `Option` or a list.
pub(crate) trait Field<'de>: Sized {
    /// Returns the field as a target for scalars, if its type is a scalar.
    fn as_plain(&mut self) -> Option<&mut dyn Take> {
        None
    }

    /// Parses a value into the field. Returns `false` if the value could not be read.
    fn read<D: Deserializer<'de>>(
        &mut self,
        deserializer: D,
        budget: &Budget,
    ) -> Result<bool, D::Error>;

    /// Adds the paths of unreadable values inside this field.
    fn unreadable(&self, name: &str, paths: &mut Paths);
}

impl<'de, T: Value<'de>> Field<'de> for Option<T> {
    fn as_plain(&mut self) -> Option<&mut dyn Take> {
        if T::IS_PLAIN { Some(self) } else { None }
    }

    fn read<D: Deserializer<'de>>(
        &mut self,
        deserializer: D,
        budget: &Budget,
    ) -> Result<bool, D::Error> {
        match One::new(budget).deserialize(deserializer)? {
            Seen::This(value) => *self = Some(value),
            Seen::Nothing => {}
            Seen::Unreadable => return Ok(false),
        }
        Ok(true)
    }

    fn unreadable(&self, name: &str, paths: &mut Paths) {
        if let (Some(value), false) = (self, T::IS_PLAIN) {
            paths.inside(&name, &mut |paths| value.unreadable(paths));
        }
    }
}

impl<'de, T: Value<'de>> Field<'de> for Vec<T> {
    fn read<D: Deserializer<'de>>(
        &mut self,
        deserializer: D,
        budget: &Budget,
    ) -> Result<bool, D::Error> {
        deserializer.deserialize_any(Many::field(self, budget))
    }

    fn unreadable(&self, name: &str, paths: &mut Paths) {
        if !T::IS_PLAIN {
            paths.inside(&name, &mut |paths| add_each(paths, self));
        }
    }
}

/// Parses the next value into a field.
pub(crate) fn read_value<'de, A: MapAccess<'de>, T: Field<'de>>(
    map: &mut A,
    field: &mut T,
    budget: &Budget,
) -> Result<bool, A::Error> {
    map.next_value_seed(Slot(field, budget))
}

/// Parses the next value into a scalar field. Not inlined, because there are dozens of object
/// types.
#[inline(never)]
pub(crate) fn read_plain<'de, A: MapAccess<'de>>(
    map: &mut A,
    field: &mut dyn Take,
) -> Result<bool, A::Error> {
    map.next_value_seed(Plain(field))
}

/// The field that a value is parsed into.
struct Slot<'a, T>(&'a mut T, &'a Budget);

impl<'de, T: Field<'de>> DeserializeSeed<'de> for Slot<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        self.0.read(deserializer, self.1)
    }
}

/// Parses a value that must be present. The error does not quote the value.
pub(crate) fn required<'de, T: Value<'de>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    let seen = One::<T>::new(&Budget::of_unknown()).deserialize(d)?;
    seen.into_value().ok_or_else(|| D::Error::custom("missing or invalid value"))
}

/// Adds the paths of unreadable values inside each element of the current list.
pub(crate) fn add_each<'de, T: Value<'de>>(paths: &mut Paths, elements: &[T]) {
    for (index, element) in elements.iter().enumerate() {
        paths.inside(&index, &mut |paths| element.unreadable(paths));
    }
}
