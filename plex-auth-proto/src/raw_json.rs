use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use crate::lenient::Value;

/// A part of an answer whose shape is not known, as the JSON text that it came as.
///
/// Nobody knows what is in it, so `Debug` shows its length alone. White space is not kept, of a key that
/// comes twice the last one is, and what this library cannot hold (a number out of range, half a surrogate
/// pair, lists in lists without end) is `null`.
///
/// ```
/// use plex_auth_proto::Account;
///
/// let account: Account = serde_json::from_str(
///     r#"{"authToken": "abc", "providers": [{"id": 7, "types": ["movie"]}]}"#,
/// )?;
/// assert_eq!(account.providers[0].as_str(), r#"{"id":7,"types":["movie"]}"#);
/// assert_eq!(format!("{:?}", account.providers[0]), "RawJson(26 bytes)");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Box<str>);

impl RawJson {
    /// The JSON text, for a parser of your own.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(value: &Json) -> Self {
        Self(value.to_string().into())
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({} bytes)", self.0.len())
    }
}

impl<'de> Value<'de> for RawJson {
    fn from_bool(value: bool) -> Option<Self> {
        Some(Self::of(&value.into()))
    }

    fn from_integer(number: i128) -> Option<Self> {
        serde_json::Number::from_i128(number).map(|number| Self::of(&number.into()))
    }

    fn from_float(number: f64) -> Option<Self> {
        number.is_finite().then(|| Self::of(&number.into()))
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self::of(&text.into()))
    }

    fn from_object<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        Tree.visit_map(map).map(|value| Some(Self::of(&value)))
    }

    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Option<Self>, A::Error> {
        Tree.visit_seq(list).map(|value| Some(Self::of(&value)))
    }
}

/// Builds a value of everything that comes. serde_json's own takes an object with a certain key for
/// something else, and fails where it is not.
struct Tree;

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    /// What the second look makes of something that Rust cannot hold.
    fn visit_bytes<E>(self, _: &[u8]) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key()? {
            object.insert(key, map.next_value_seed(Self)?);
        }
        Ok(object.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element_seed(Self)? {
            elements.push(element);
        }
        Ok(elements.into())
    }
}
