//! Lenient parsing: unexpected data in an optional field does not affect other fields.
//!
//! Most output types are declared with [`object!`], which generates their parsers. Null, an absent
//! field and an empty string are equivalent. Numbers may be sent as strings and strings as numbers,
//! booleans as 0 and 1, and a one-element list as just that element. If a field occurs more than
//! once, the last readable value is used. A value of the wrong type is ignored, and the object
//! records the name of its field.

pub(crate) use budget::Budget;
pub(crate) use field::{Field, add_each, read_value, required};
pub(crate) use key::Key;
pub(crate) use list::List;
pub(crate) use number::float;
pub(crate) use object::object;
pub(crate) use unreadable::{Paths, UNREADABLE, Unreadable};
pub(crate) use value::{Object, One, Seen, Value, unreadable_fields};

pub(crate) mod budget;
pub(crate) mod field;
pub(crate) mod key;
mod list;
mod number;
pub(crate) mod object;
pub(crate) mod plain;
pub(crate) mod unreadable;
pub(crate) mod value;
mod values;
