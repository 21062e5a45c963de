//! Decoding, independent of any operation: lenient parsing, JSON repair, XML, raw JSON,
//! percent-encoding and redaction.

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
