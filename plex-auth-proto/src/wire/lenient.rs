//! Reading what Plex sends without being thrown by it: drift costs at most the field that drifted.
//!
//! Every output type is written inside [`object!`], which makes a reader of it: null, absent and empty text
//! are the same; numbers may come as text and text as numbers; booleans as 0 and 1; a list of one as its
//! element. Of a field that comes twice the last one counts that can be read. What fits nowhere leaves
//! its field empty, and the object remembers which ones these were.

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
