//! Decoding, encoding and redaction, independent of any operation: lenient parsing, JSON repair,
//! XML, older JSON formats, raw JSON and percent-encoding.

pub(crate) mod content;
pub(crate) mod decode;
pub(crate) mod field_path;
pub(crate) mod lenient;
pub(crate) mod media_container;
pub(crate) mod old_json;
pub(crate) mod open_enum;
pub(crate) mod percent;
pub(crate) mod raw_json;
pub(crate) mod redaction;
pub(crate) mod repair;
pub(crate) mod xml;
