//! The second look at a JSON document that the first could not read.
//!
//! The reader of JSON fails as a whole where a number is out of range, where text holds half a surrogate
//! pair or where lists lie too deep in each other, even in a field that nobody needs. Here each element
//! is read by itself, and one that cannot be is shown to its visitor as bytes, which JSON does not have.

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Error;
use serde_json::value::RawValue;

/// How deep a document is looked into. The deepest that Plex sends is five; each level costs one more
/// pass over the bytes below it.
const MAX_DEPTH: usize = 16;

/// Reads the document as a `V`.
///
/// # Errors
///
/// It is not one JSON document, or nothing that `V` can be made of.
pub(crate) fn read<'de, V: Visitor<'de>>(text: &'de str, visitor: V) -> Result<V::Value, Error> {
    let raw: &RawValue = serde_json::from_str(text)?;
    Element { raw, depth: MAX_DEPTH }.deserialize_any(visitor)
}

/// An element, and how many levels of it are looked into.
struct Element<'de> {
    raw: &'de RawValue,
    depth: usize,
}

impl<'de> Deserializer<'de> for Element<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.raw.get();
        let mut json = serde_json::Deserializer::from_str(text);
        match text.as_bytes().first() {
            Some(b'{' | b'[') => match self.depth.checked_sub(1) {
                Some(depth) => json.deserialize_any(Inside { visitor, depth }),
                None => unreadable(visitor),
            },
            Some(b'"') => match serde_json::from_str::<String>(text) {
                Ok(text) => visitor.visit_string(text),
                Err(_) => unreadable(visitor),
            },
            // With serde_json's feature `arbitrary_precision` a number out of range would be one.
            Some(b'-' | b'0'..=b'9') if !text.parse().is_ok_and(f64::is_finite) => {
                unreadable(visitor)
            }
            _ => json.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

fn unreadable<'de, V: Visitor<'de>>(visitor: V) -> Result<V::Value, Error> {
    visitor.visit_bytes(&[])
}

/// Shows what is inside a list or an object to the visitor of the whole.
struct Inside<V> {
    visitor: V,
    depth: usize,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Inside<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Each { access: map, depth: self.depth })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Each { access: list, depth: self.depth })
    }
}

/// Hands on each element of a list or an object by itself.
struct Each<A> {
    access: A,
    depth: usize,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Each<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.access.next_key::<&RawValue>()? {
            if let Ok(key) = serde_json::from_str::<String>(key.get()) {
                let key: StringDeserializer<A::Error> = key.into_deserializer();
                return seed.deserialize(key).map(Some);
            }
            self.access.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let raw = self.access.next_value()?;
        seed.deserialize(Element { raw, depth: self.depth }).map_err(serde::de::Error::custom)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Each<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let Some(raw) = self.access.next_element()? else {
            return Ok(None);
        };
        seed.deserialize(Element { raw, depth: self.depth })
            .map(Some)
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::lenient::{Object, Value};

    crate::lenient::object! {
        #[derive(Debug)]
        struct Thing {
            a: Option<u32>,
            b: Option<String>,
            c: Vec<String>,
            d: Option<Box<Thing>>,
        }
    }

    impl<'de> Value<'de> for Box<Thing> {
        fn from_object<A: serde::de::MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
            Thing::from_object(map).map(|thing| thing.map(Self::new))
        }
    }

    fn thing(text: &str) -> Thing {
        read(text, Object::<Thing>::NEW).unwrap().unwrap()
    }

    #[test]
    fn what_cannot_be_read_is_left_out_alone() {
        let text =
            r#"{"a":1e999,"b":"\ud800","\ud800":1,"c":["1",1e999,"x"],"d":{"a":2,"b":-1e999}}"#;
        let whole = thing(text);
        assert_eq!((whole.a, whole.b), (None, None));
        assert_eq!(whole.c, ["1", "x"]);
        let inside = whole.d.unwrap();
        assert_eq!((inside.a, inside.b), (Some(2), None));
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_that_can_be_read_counts() {
        let twice = thing(r#"{"a":1,"a":2,"b":"x","b":"\ud800","c":["y"],"c":null}"#);
        assert_eq!((twice.a, twice.b.as_deref()), (Some(2), Some("x")));
        assert_eq!(twice.c, ["y"]);
    }

    #[test]
    fn depth_costs_what_is_deep_alone() {
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
    fn a_broken_document_is_an_error() {
        for text in ["", "{", r#"{"a":1"#, "{} {}", "[1,]", "nul"] {
            let error = read(text, Object::<Thing>::NEW).unwrap_err();
            assert!(!error.is_data(), "{text:?}");
        }
        for text in ["[]", "null", "7", "\"{}\"", "\"\\ud800\""] {
            let error = read(text, Object::<Thing>::NEW).unwrap_err();
            assert!(error.is_data(), "{text:?}");
        }
    }
}
