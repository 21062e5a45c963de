//! Repair of JSON documents that the parser rejects.
//!
//! The JSON parser rejects a whole document if a number is out of range, a string contains an
//! unpaired surrogate, or lists and objects are nested too deeply, even in an optional field. This
//! module checks each value separately and replaces unreadable ones with a placeholder, so that the
//! rest can be parsed. A parser that accepts such values would instead need its own code for each
//! type, which would make the library a third larger.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Error;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::wire::lenient::{UNREADABLE, float};

/// The maximum depth that is repaired. Plex's own documents have at most five levels. Each level
/// costs one more pass over the bytes below it.
const MAX_DEPTH: usize = 16;

/// Returns the document with [`UNREADABLE`] in place of each unreadable value. Members with an
/// unreadable key are dropped.
///
/// # Errors
///
/// Returns an error if the text is not exactly one JSON document.
pub(crate) fn repaired(text: &str) -> Result<Zeroizing<String>, Error> {
    let document = serde_json::from_str(text)?;
    let mut repaired = Zeroizing::new(String::with_capacity(text.len()));
    repair(document, MAX_DEPTH, &mut repaired)?;
    Ok(repaired)
}

/// Repairs a value and appends it. Lists and objects more than `depth` levels deep are replaced
/// with the placeholder, unless they are exactly `[]` or `{}`.
fn repair(element: &RawValue, depth: usize, repaired: &mut String) -> Result<(), Error> {
    let text = element.get();
    let is_readable = match text.as_bytes().first() {
        Some(b'{' | b'[') => match depth.checked_sub(1) {
            Some(depth) => {
                let mut json = serde_json::Deserializer::from_str(text);
                return json.deserialize_any(Inside { depth, repaired });
            }
            // An empty list or object is kept, because the placeholder would be longer.
            None => text.len() == 2,
        },
        Some(b'"') => is_text(element),
        // The number is parsed as a float, because a `Number` is never out of range with
        // `arbitrary_precision`.
        Some(b'-' | b'0'..=b'9') => float(text).is_some(),
        _ => true,
    };
    if is_readable {
        repaired.push_str(text);
    } else {
        repaired.extend(["\"", UNREADABLE, "\""]);
    }
    Ok(())
}

fn is_text(element: &RawValue) -> bool {
    serde_json::from_str::<String>(element.get()).is_ok()
}

/// A visitor that appends a list or an object, including its brackets, to the repaired document.
struct Inside<'a> {
    depth: usize,
    repaired: &'a mut String,
}

impl<'de> Visitor<'de> for Inside<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { depth, repaired } = self;
        let mut before = "{";
        while let Some((key, element)) = map.next_entry::<&RawValue, &RawValue>()? {
            if is_text(key) {
                repaired.extend([before, key.get(), ":"]);
                repair(element, depth, repaired).map_err(A::Error::custom)?;
                before = ",";
            }
        }
        repaired.push_str(if before == "{" { "{}" } else { "}" });
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { depth, repaired } = self;
        let mut before = "[";
        while let Some(element) = list.next_element()? {
            repaired.push_str(before);
            repair(element, depth, repaired).map_err(A::Error::custom)?;
            before = ",";
        }
        repaired.push_str(if before == "[" { "[]" } else { "]" });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::repaired;
    use crate::wire::content::Content;
    use crate::wire::decode::{DecodeError, object};
    use crate::wire::lenient::{Budget, Value};

    crate::wire::lenient::object! {
        #[derive(Debug)]
        struct Thing {
            a: Option<u32>,
            b: Option<String>,
            c: Vec<String>,
            d: Option<Box<Thing>>,
        }
    }

    impl<'de> Value<'de> for Box<Thing> {
        fn from_object<A: serde::de::MapAccess<'de>>(
            map: A,
            budget: &Budget,
        ) -> Result<Option<Self>, A::Error> {
            Thing::from_object(map, budget).map(|thing| thing.map(Self::new))
        }
    }

    fn thing(text: &str) -> Thing {
        // Parses the repaired document, even if the original is readable.
        object(repaired(text).unwrap().as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn readable_values_are_unchanged() {
        for text in ["{}", "[]", "7", "null", r#"{"a":[1,{"b":"\u00e9","c":[]}],"d":{}}"#] {
            assert_eq!(repaired(text).unwrap().as_str(), text);
        }
        let without = repaired(r#"{"a":1e999,"\ud800":1}"#).unwrap();
        assert_eq!(without.as_str(), "{\"a\":\"\u{7f}\"}");
    }

    #[test]
    fn only_unreadable_values_are_left_out() {
        let text =
            r#"{"a":1e999,"b":"\ud800","\ud800":1,"c":["1",1e999,"x"],"d":{"a":2,"b":-1e999}}"#;
        let whole = thing(text);
        assert_eq!((whole.a, whole.b), (None, None));
        assert_eq!(whole.c, ["1", "x"]);
        let inside = whole.d.unwrap();
        assert_eq!((inside.a, inside.b), (Some(2), None));
    }

    #[test]
    fn last_readable_of_equal_keys_is_used() {
        let twice = thing(r#"{"a":1,"a":2,"b":"x","b":"\ud800","c":["y"],"c":null}"#);
        assert_eq!((twice.a, twice.b.as_deref()), (Some(2), Some("x")));
        assert_eq!(twice.c, ["y"]);
    }

    #[test]
    fn only_deep_values_are_lost() {
        let deep = format!(r#"{{"a":1,"c":{}{},"b":"x"}}"#, "[".repeat(10_000), "]".repeat(10_000));
        let whole = thing(&deep);
        assert_eq!((whole.a, whole.b.as_deref()), (Some(1), Some("x")));
        let nested = format!("{}{{\"a\":7}}{}", r#"{"a":1,"d":"#.repeat(100), "}".repeat(100));
        let mut whole = &thing(&nested);
        let mut levels = 1;
        while let Some(inside) = &whole.d {
            whole = inside;
            levels += 1;
        }
        assert_eq!((levels, whole.a), (super::MAX_DEPTH, Some(1)));
    }

    #[test]
    fn repaired_document_is_never_longer() {
        // A longer document would be moved in memory and leave a copy that is not zeroed.
        for inner in ["[],".repeat(100) + "[]", "1e999,".repeat(100) + "{}"] {
            let deep = format!("{}{inner}{}", "[".repeat(16), "]".repeat(16));
            assert!(repaired(&deep).unwrap().len() <= deep.len(), "{inner}");
        }
    }

    #[test]
    fn broken_document_is_an_error() {
        for text in ["", "{", r#"{"a":1"#, "{} {}", "[1,]", "nul"] {
            assert!(repaired(text).is_err(), "{text:?}");
        }
        for text in ["[]", "null", "7", "\"{}\"", "\"\\ud800\""] {
            let Err(DecodeError::Shape { path, problem }) = object::<Thing>(text.as_bytes()) else {
                panic!("{text:?}")
            };
            assert_eq!((path.as_str(), problem), (".", "is not an object"), "{text:?}");
        }
        let broken = object::<Thing>(br#"{"a":1e999"#).unwrap_err();
        assert!(matches!(broken, DecodeError::Content(Content::BrokenJson)));
    }
}
