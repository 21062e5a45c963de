use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::wire::lenient::{self, Budget, UNREADABLE, Value};

/// An undocumented part of a response, as JSON text.
///
/// It may contain personal data, so `Debug` shows only its length. Whitespace, number formats and
/// escape sequences are not preserved, and values that this library cannot represent (numbers out
/// of range, unpaired surrogates, excessive nesting) become `null`.
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
    /// Returns the JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the JSON that `write` writes.
    fn written<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Option<Self>, E> {
        let mut json = Vec::new();
        write(&mut json)?;
        Ok(String::from_utf8(json).ok().map(|json| Self(json.into())))
    }

    fn of(value: impl Serialize) -> Option<Self> {
        Self::written(|json| serde_json::to_writer(json, &value)).ok().flatten()
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({} bytes)", self.0.len())
    }
}

impl<'de> Value<'de> for RawJson {
    fn from_bool(value: bool) -> Option<Self> {
        Self::of(value)
    }

    fn from_integer(number: i128) -> Option<Self> {
        Self::of(number)
    }

    fn from_float(number: f64) -> Option<Self> {
        number.is_finite().then(|| Self::of(number)).flatten()
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::of(text)
    }

    fn from_object<A: MapAccess<'de>>(map: A, _: &Budget) -> Result<Option<Self>, A::Error> {
        Self::written(|json| Writer(json).visit_map(map))
    }

    fn from_list<A: SeqAccess<'de>>(list: A, _: &Budget) -> Result<Option<Self>, A::Error> {
        Self::written(|json| Writer(json).visit_seq(list))
    }
}

/// Writes every visited value as JSON.
struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn put<E: Error>(self, value: impl Serialize) -> Result<(), E> {
        serde_json::to_writer(self.0, &value).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Writer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Writer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.put(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.put(value)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.put(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.put(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.put(number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if text == UNREADABLE { self.put(()) } else { self.put(text) }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(json) = self;
        let start = json.len();
        let mut before = b'{';
        while let Some(()) = map.next_key_seed(Member { json: &mut *json, before })? {
            map.next_value_seed(Writer(&mut *json))?;
            before = b',';
        }
        if before == b'{' {
            json.push(b'{');
        }
        json.push(b'}');
        if let Some(number) = json.get(start..).and_then(number_in_disguise) {
            json.truncate(start);
            json.extend(number);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self(json) = self;
        let mut before = b'[';
        json.push(before);
        loop {
            let start = json.len();
            if before == b',' {
                json.push(before);
            }
            if list.next_element_seed(Writer(&mut *json))?.is_none() {
                json.truncate(start);
                break;
            }
            before = b',';
        }
        json.push(b']');
        Ok(())
    }
}

/// Returns the number, if the object represents one: see [`lenient::plain::NUMBER`].
fn number_in_disguise(object: &[u8]) -> Option<Vec<u8>> {
    let value = object.strip_prefix(b"{\"")?.strip_prefix(lenient::plain::NUMBER.as_bytes())?;
    let number = value.strip_prefix(b"\":\"")?.strip_suffix(b"\"}")?;
    let is_number = serde_json::from_slice::<f64>(number).is_ok();
    is_number.then(|| number.to_vec())
}

/// Writes a key with the separators around it.
struct Member<'a> {
    json: &'a mut Vec<u8>,
    before: u8,
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Member<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        let Self { json, before } = self;
        json.push(before);
        Writer(&mut *json).put(key)?;
        json.push(b':');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::RawJson;
    use crate::wire::lenient::{Budget, One, Seen};
    use serde::de::DeserializeSeed;

    fn raw(text: &str) -> RawJson {
        let mut json = serde_json::Deserializer::from_str(text);
        match One::<RawJson>::new(&Budget::of_unknown()).deserialize(&mut json).unwrap() {
            Seen::This(raw) => raw,
            _ => panic!("nothing of {text}"),
        }
    }

    #[test]
    fn debug_shows_only_the_length() {
        assert_eq!(format!("{:?}", raw(r#"{"a":1}"#)), "RawJson(7 bytes)");
    }

    #[test]
    fn json_is_kept_unchanged() {
        for text in [
            "true",
            "7",
            "-7",
            "1.5",
            r#""a\"b\\\n\u0001é""#,
            "{}",
            "[]",
            r#"{"a":1}"#,
            r#"{"a":null,"b\"":[1,"x",[],{}],"a":{"c":[[2]]}}"#,
            "[null,false,-1,18446744073709551615,2.25]",
        ] {
            assert_eq!(raw(text).as_str(), text);
        }
        let disguised = r#"{"$serde_json::private::Number":"1.5"}"#;
        assert_eq!(raw(disguised).as_str(), "1.5");
        let other = r#"{"$serde_json::private::Number":"x\"}"}"#;
        assert_eq!(raw(other).as_str(), other);
        assert_eq!(raw(" { \"a\" : [ 1 , 2 ] } ").as_str(), r#"{"a":[1,2]}"#);
    }
}
