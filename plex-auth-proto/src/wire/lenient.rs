//! Reading what Plex sends without being thrown by it: drift costs at most the field that drifted.
//!
//! Every output type is written inside [`object!`], which makes a reader of it: null, absent and empty text
//! are the same; numbers may come as text and text as numbers; booleans as 0 and 1; a list of one as its
//! element. Of a field that comes twice the last one counts that can be read. What fits nowhere leaves
//! its field empty, and the object remembers which ones these were.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

pub(crate) use list::List;
pub(crate) use object::{Key, checked_wire, is_one_word, object, wire};
pub(crate) use one::{Object, One};
pub(crate) use plain::{NUMBER, Take};
pub(crate) use unreadable::{Paths, Unreadable, unreadable_fields};

mod list;
mod object;
mod one;
mod plain;
mod unreadable;
mod values;

use list::Many;
use plain::Plain;

/// The text that stands for what JSON can hold and Rust cannot, where a document was
/// [mended](crate::wire::repair). Nobody means anything by it, and it is as short as the shortest element.
pub(crate) const UNREADABLE: &str = "\u{7f}";

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
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    /// Reads the map to its end, whatever becomes of it. Not asked where it is [plain](Self::IS_PLAIN).
    fn from_object<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
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

/// The number that a text is. As JSON has it, whose reader and writer of numbers are there already: those of the
/// standard library are 25 kB more.
pub(crate) fn float(text: &str) -> Option<f64> {
    serde_json::from_str(text).ok()
}

/// The whole number that this is: `1.0`, from servers whose language has one kind of number.
fn whole(number: f64) -> Option<i128> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = number.fract() == 0.0 && number.abs() <= EXACT;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and far within i128")]
    whole.then_some(number as i128)
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
    fn of(read: Option<T>) -> Self {
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

/// A field that can be absent: `Option` of a value, or a list.
pub(crate) trait Field<'de>: Sized {
    /// The field itself, where what it holds is plain.
    fn as_plain(&mut self) -> Option<&mut dyn Take> {
        None
    }

    /// Reads what came into the field; `false` where there was something that could not be read.
    fn read<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<bool, D::Error>;

    /// Names what inside it, the field of this name, was there and could not be read.
    fn unreadable(&self, name: &str, paths: &mut Paths);
}

impl<'de, T: Value<'de>> Field<'de> for Option<T> {
    fn as_plain(&mut self) -> Option<&mut dyn Take> {
        if T::IS_PLAIN { Some(self) } else { None }
    }

    fn read<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<bool, D::Error> {
        match One::NEW.deserialize(deserializer)? {
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
    fn read<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(Many(self))
    }

    fn unreadable(&self, name: &str, paths: &mut Paths) {
        if !T::IS_PLAIN {
            paths.inside(&name, &mut |paths| paths.add_each(self));
        }
    }
}

/// Reads the value that comes next into a field.
pub(crate) fn read_value<'de, A: MapAccess<'de>, T: Field<'de>>(
    map: &mut A,
    field: &mut T,
) -> Result<bool, A::Error> {
    map.next_value_seed(Slot(field))
}

/// Reads the value that comes next into a field that is plain. Not inlined, as there are dozens of objects.
#[inline(never)]
pub(crate) fn read_plain<'de, A: MapAccess<'de>>(
    map: &mut A,
    field: &mut dyn Take,
) -> Result<bool, A::Error> {
    map.next_value_seed(Plain(field))
}

/// The place that a field is read into.
struct Slot<'a, T>(&'a mut T);

impl<'de, T: Field<'de>> DeserializeSeed<'de> for Slot<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        self.0.read(deserializer)
    }
}

/// Reads a value without which there is nothing. The error holds no value.
pub(crate) fn required<'de, T: Value<'de>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    let seen = One::<T>::NEW.deserialize(d)?;
    seen.into_value().ok_or_else(|| D::Error::custom("missing or unusable"))
}
