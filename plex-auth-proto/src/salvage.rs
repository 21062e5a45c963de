//! The second look at a JSON document that the first could not read.
//!
//! A struct fails as a whole where a known key comes twice, where a number is out of range or where
//! text holds half a surrogate pair, even in a field that nobody needs. Here each element is read by
//! itself; of a key that comes twice the last counts, and what cannot be read is left out.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// How deep a document is looked into. The deepest that Plex sends is five; each level costs one more
/// pass over the bytes below it.
const MAX_DEPTH: usize = 16;

/// What can be read of `text`.
///
/// # Errors
///
/// It is not one JSON document.
pub(crate) fn read(text: &str) -> Result<Value, serde_json::Error> {
    let document: &RawValue = serde_json::from_str(text)?;
    Ok(element(document, MAX_DEPTH).unwrap_or(Value::Null))
}

fn element(raw: &RawValue, depth: usize) -> Option<Value> {
    let text = raw.get();
    match (text.as_bytes().first(), depth.checked_sub(1)) {
        (Some(b'{'), Some(depth)) => {
            let Entries(entries) = serde_json::from_str(text).ok()?;
            let mut object = Map::new();
            for (key, raw) in entries {
                let Ok(key) = serde_json::from_str::<String>(key.get()) else {
                    continue;
                };
                // The last of a key that comes twice, unless it cannot be read and the first can.
                if let Some(value) = element(raw, depth) {
                    object.insert(key, value);
                }
            }
            Some(Value::Object(object))
        }
        (Some(b'['), Some(depth)) => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            Some(
                elements
                    .into_iter()
                    .filter_map(|raw| element(raw, depth))
                    .collect(),
            )
        }
        (Some(b'{' | b'['), None) => None,
        _ => serde_json::from_str(text).ok(),
    }
}

/// The entries of an object, unread.
struct Entries<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Collect)
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
        assert_eq!(
            read(r#"{"a":1,"a":2,"b":3,"b":1e999}"#).unwrap(),
            json!({"a": 2, "b": 3})
        );
    }

    #[test]
    fn depth_costs_what_is_deep_alone() {
        let deep = format!(
            r#"{{"a":1,"b":{}{}}}"#,
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        let value = read(&deep).unwrap();
        assert_eq!(value.get("a"), Some(&Value::from(1)));
    }

    #[test]
    fn a_broken_document_is_an_error() {
        for text in ["", "{", r#"{"a":1"#, "{} {}", "[1,]", "nul"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
