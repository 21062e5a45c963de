//! The `MediaContainer` envelope in responses from media servers and from plex.tv's older
//! endpoints.

use serde::de::{IgnoredAny, MapAccess};

use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient::{self, Budget, Key, Value};

/// Parses the content of the envelope, from JSON or XML. Returns `None` if the envelope is missing,
/// null or an empty element, or if its content cannot be converted into a `T`.
pub(crate) fn read<T: for<'de> Value<'de>>(body: &[u8]) -> Result<Option<T>, DecodeError> {
    let envelope: Option<Envelope<T>> = decode::object_or_xml(body, NAME, true)?;
    Ok(envelope.and_then(|Envelope(content)| content))
}

const NAME: &str = "MediaContainer";

struct Envelope<T>(Option<T>);

impl<'de, T: Value<'de>> Value<'de> for Envelope<T> {
    fn from_object<A: MapAccess<'de>>(
        mut map: A,
        budget: &Budget,
    ) -> Result<Option<Self>, A::Error> {
        let mut content = None;
        while let Some(is_envelope) = map.next_key_seed(Key(|key: &str| key == NAME))? {
            if is_envelope {
                lenient::read_value(&mut map, &mut content, budget)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Some(Self(content)))
    }
}
