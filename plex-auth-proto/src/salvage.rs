//! The second look at a JSON document that the first could not read.
//!
//! A struct fails as a whole where a known key comes twice, where a number is out of range or where
//! text holds half a surrogate pair, even in a field that nobody needs. Here each element is read by
//! itself; of a key that comes twice the last counts, and what cannot be read is left out.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// How deep a document is looked into. The deepest that Plex sends is five; each level costs one more
/// pass over the bytes below it.
const MAX_DEPTH: usize = 16;

/// How many values are kept. An account has some 300; a value of two bytes takes a hundred times as much
/// memory when it is read.
const MAX_VALUES: usize = 32 * 1024;

/// What can be read of `text`.
///
/// # Errors
///
/// It is not one JSON document.
pub(crate) fn read(text: &str) -> Result<Value, serde_json::Error> {
    let document: &RawValue = serde_json::from_str(text)?;
    let mut left = MAX_VALUES;
    let document = Inside { depth: MAX_DEPTH, left: &mut left }.element(document);
    Ok(document.unwrap_or(Value::Null))
}

/// What is inside a list or an object: it reads each element by itself, and leaves out what it cannot.
struct Inside<'a> {
    /// How many levels more are looked into.
    depth: usize,
    /// How many values more are kept.
    left: &'a mut usize,
}

impl Inside<'_> {
    fn element(&mut self, raw: &RawValue) -> Option<Value> {
        let text = raw.get();
        *self.left = self.left.checked_sub(1)?;
        match text.as_bytes().first() {
            Some(b'{' | b'[') => {
                let inside = Inside { depth: self.depth.checked_sub(1)?, left: &mut *self.left };
                serde_json::Deserializer::from_str(text).deserialize_any(inside).ok()
            }
            // With serde_json's feature `arbitrary_precision` a number out of range would be one.
            Some(b'-' | b'0'..=b'9') if !text.parse().is_ok_and(f64::is_finite) => None,
            _ => serde_json::from_str(text).ok(),
        }
    }
}

impl<'de> Visitor<'de> for Inside<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while *self.left > 0 {
            let Some((key, raw)) = map.next_entry::<&RawValue, &RawValue>()? else {
                return Ok(Value::Object(object));
            };
            let Ok(key) = serde_json::from_str::<String>(key.get()) else {
                continue;
            };
            // The last of a key that comes twice, unless it cannot be read and the first can.
            if let Some(value) = self.element(raw) {
                object.insert(key, value);
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while *self.left > 0 {
            match list.next_element::<&RawValue>()? {
                Some(raw) => elements.extend(self.element(raw)),
                None => return Ok(Value::Array(elements)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(elements))
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::{Value, json};

    #[test]
    fn what_cannot_be_read_is_left_out_alone() {
        let text = r#"{"a":1e999,"b":"\ud800","\ud800":1,"c":[1,1e999,"x"],"d":{"e":1e999,"f":2}}"#;
        assert_eq!(read(text).unwrap(), json!({"c": [1, "x"], "d": {"f": 2}}));
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_that_can_be_read_counts() {
        assert_eq!(read(r#"{"a":1,"a":2,"b":3,"b":1e999}"#).unwrap(), json!({"a": 2, "b": 3}));
    }

    #[test]
    fn depth_costs_what_is_deep_alone() {
        let deep = format!(r#"{{"a":1,"b":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        let value = read(&deep).unwrap();
        assert_eq!(value.get("a"), Some(&Value::from(1)));
    }

    #[test]
    fn a_document_of_too_many_values_is_read_in_part() {
        let long = format!(r#"{{"a":1,"b":[0{}],"c":2}}"#, ",0".repeat(100_000));
        let value = read(&long).unwrap();
        assert_eq!(value.get("a"), Some(&Value::from(1)));
        assert_eq!(value.get("c"), None, "what comes later is left out");
        assert!(value["b"].as_array().unwrap().len() < 40_000);
    }

    #[test]
    fn a_broken_document_is_an_error() {
        for text in ["", "{", r#"{"a":1"#, "{} {}", "[1,]", "nul"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
