//! Reading what Plex sends without being thrown by it: drift costs at most the field that drifted.
//!
//! Every output type is written inside [`object!`], which makes a reader of it: null, absent and empty text
//! are the same; numbers may come as text and text as numbers; booleans as 0 and 1; a list of one as its
//! element. Of a field that comes twice the last one counts that can be read. What fits nowhere leaves
//! its field empty, and the object remembers which ones these were.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

pub(crate) use unreadable::{Paths, Unreadable, unreadable_fields};

mod unreadable;
mod values;

/// Declares types that are read from an object of Plex's. A field has the same name on the wire, or the one
/// behind `as`.
///
/// Fields are `Option<_>` or `Vec<_>` of a [`Value`]. Those under `required` are plain values, without
/// which there is no object; `or_else` makes one that has values in reserve for them.
macro_rules! object {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            required {
                $($(#[$required_attribute:meta])* $required_visibility:vis
                    $required:ident: $required_type:ty $(as $required_wire:literal)?,)*
            }
            $($(#[$field_attribute:meta])* $field_visibility:vis
                $field:ident: $type:ty $(as $wire:literal)?,)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone)]
        $visibility struct $name {
            $($(#[$required_attribute])* $required_visibility $required: $required_type,)*
            $($(#[$field_attribute])* $field_visibility $field: $type,)*
            unreadable: crate::lenient::Unreadable,
        }

        impl $name {
            /// Reads the object's fields; `None` where one that is required is neither there nor in reserve.
            fn or_else<'de, A: serde::de::MapAccess<'de>>(
                mut map: A,
                $(mut $required: Option<$required_type>,)*
            ) -> Result<Option<Self>, A::Error> {
                #[allow(non_camel_case_types)]
                enum Field { $($required,)* $($field,)* }

                // Not inlined into the reader of each kind of input.
                #[inline(never)]
                fn known(key: &str) -> Option<Field> {
                    match key {
                        $(crate::lenient::wire!($required $($required_wire)?) => Some(Field::$required),)*
                        $(crate::lenient::wire!($field $($wire)?) => Some(Field::$field),)*
                        _ => None,
                    }
                }

                $(let mut $field = <$type>::default();)*
                let mut unreadable = crate::lenient::Unreadable::default();
                while let Some(key) = map.next_key_seed(crate::lenient::Key(known))? {
                    match key {
                        $(Some(Field::$required) => {
                            let read = crate::lenient::read_value(&mut map, &mut $required)?;
                            unreadable.note(crate::lenient::wire!($required $($required_wire)?), read);
                        })*
                        $(Some(Field::$field) => {
                            let read = crate::lenient::read_value(&mut map, &mut $field)?;
                            unreadable.note(crate::lenient::wire!($field $($wire)?), read);
                        })*
                        None => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                $(let Some($required) = $required else { return Ok(None) };)*
                Ok(Some(Self { $($required,)* $($field,)* unreadable }))
            }
        }

        impl<'de> crate::lenient::Value<'de> for $name {
            fn from_object<A: serde::de::MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
                Self::or_else(map, $(None::<$required_type>),*)
            }

            fn unreadable(&self, paths: &mut crate::lenient::Paths) {
                paths.add_all(&self.unreadable);
                $(paths.inside(crate::lenient::wire!($field $($wire)?), |paths| {
                    crate::lenient::Field::unreadable(&self.$field, paths);
                });)*
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::lenient::required(deserializer)
            }
        }

        const _: () = {
            $(crate::lenient::checked_wire!($required $($required_wire)?);)*
            $(crate::lenient::checked_wire!($field $($wire)?);)*
        };
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

/// The name of a field on the wire.
macro_rules! wire {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}
pub(crate) use wire;

/// Plex writes camelCase, so that a name in Rust's way is one where `as` was forgotten.
macro_rules! checked_wire {
    ($field:ident) => {
        assert!(
            crate::lenient::is_one_word(stringify!($field)),
            concat!("say how `", stringify!($field), "` is called on the wire: `as \"...\"`")
        )
    };
    ($field:ident $wire:literal) => {};
}
pub(crate) use checked_wire;

pub(crate) const fn is_one_word(name: &str) -> bool {
    let mut rest = name.as_bytes();
    while let [first, behind @ ..] = rest {
        if *first == b'_' {
            return false;
        }
        rest = behind;
    }
    true
}

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

    /// Names what inside it was there and could not be read.
    fn unreadable(&self, paths: &mut Paths);
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

    fn unreadable(&self, paths: &mut Paths) {
        if let Some(value) = self {
            value.unreadable(paths);
        }
    }
}

impl<'de, T: Value<'de>> Field<'de> for Vec<T> {
    fn read<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(Many(self))
    }

    fn unreadable(&self, paths: &mut Paths) {
        for (index, value) in self.iter().enumerate() {
            paths.inside(index, |paths| value.unreadable(paths));
        }
    }
}

/// Reads the value that comes next into a field.
pub(crate) fn read_value<'de, A: MapAccess<'de>, T: Field<'de>>(
    map: &mut A,
    field: &mut T,
) -> Result<bool, A::Error> {
    match field.as_plain() {
        Some(plain) => read_plain(map, plain),
        None => map.next_value_seed(Slot(field)),
    }
}

/// Not inlined, as an object has dozens of fields.
#[inline(never)]
fn read_plain<'de, A: MapAccess<'de>>(map: &mut A, field: &mut dyn Take) -> Result<bool, A::Error> {
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

/// A key, looked up while it is still where it came from.
pub(crate) struct Key<F>(pub(crate) F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for Key<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Key<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<T, E> {
        Ok((self.0)(key))
    }
}

/// Reads a value without which there is nothing. The error holds no value.
pub(crate) fn required<'de, T: Value<'de>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    let seen = One::<T>::NEW.deserialize(d)?;
    seen.into_value().ok_or_else(|| D::Error::custom("missing or unusable"))
}

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
        Ok(if text.is_empty() { Seen::Nothing } else { Seen::of(T::from_text(text)) })
    }

    fn visit_unit<E>(self) -> Result<Seen<T>, E> {
        Ok(Seen::Nothing)
    }

    /// What the second look makes of something that JSON can hold and Rust cannot.
    fn visit_bytes<E>(self, _: &[u8]) -> Result<Seen<T>, E> {
        Ok(Seen::Unreadable)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Seen<T>, A::Error> {
        T::from_object(map).map(Seen::of)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Seen<T>, A::Error> {
        T::from_list(list).map(Seen::of)
    }
}

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
struct Plain<'a>(&'a mut dyn Take);

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
        Ok(text.is_empty() || self.0.text(text))
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        let Some(text) = number_in_disguise(map)? else { return Ok(false) };
        Ok(match (text.parse(), text.parse()) {
            (Ok(integer), _) => self.0.integer(integer),
            (_, Ok(float)) => self.0.float(float),
            _ => false,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
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

/// Visits what is a list and nothing else; `false` beside it where some of its elements could not be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<T>(PhantomData<T>);

impl<T> List<T> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<'de, T: Value<'de>> Visitor<'de> for List<T> {
    type Value = (Vec<T>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(Vec<T>, bool), A::Error> {
        let mut elements = Vec::new();
        let all_read = Many(&mut elements).visit_seq(list)?;
        Ok((elements, all_read))
    }
}

/// How much memory a list may take for its elements, what they point to aside: thousands of the largest. An
/// element of two bytes can become a value of some hundred, so that a hostile answer of 1 MiB would take
/// more than a small device has. The longest list that Plex sends has some 120 elements.
const MAX_LIST_BYTES: usize = 1024 * 1024;

/// Visits a list, or one element in place of a list. Elements that cannot be read are left out.
struct Many<'a, T>(&'a mut Vec<T>);

impl<T> Many<'_, T> {
    fn one<E>(self, element: Result<Seen<T>, E>) -> Result<bool, E> {
        match element? {
            Seen::This(element) => *self.0 = vec![element],
            Seen::Nothing => {}
            Seen::Unreadable => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de, T: Value<'de>> Visitor<'de> for Many<'_, T> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        self.one(One::NEW.visit_bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<bool, E> {
        self.one(One::NEW.visit_i64(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        self.one(One::NEW.visit_u64(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<bool, E> {
        self.one(One::NEW.visit_f64(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        self.one(One::NEW.visit_str(text))
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        self.one(One::NEW.visit_unit())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<bool, E> {
        self.one(One::NEW.visit_bytes(bytes))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        self.one(One::NEW.visit_map(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let Self(elements) = self;
        elements.clear();
        let mut all_read = true;
        let most = MAX_LIST_BYTES / size_of::<T>().max(1);
        while elements.len() < most {
            match list.next_element_seed(One::<T>::NEW)? {
                Some(Seen::This(element)) => elements.push(element),
                Some(Seen::Nothing) => {}
                Some(Seen::Unreadable) => all_read = false,
                None => {
                    // Most lists are short, and the memory for four elements can be a kilobyte.
                    elements.shrink_to_fit();
                    return Ok(all_read);
                }
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            all_read = false;
        }
        Ok(all_read)
    }
}
