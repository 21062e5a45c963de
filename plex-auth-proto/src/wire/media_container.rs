//! What media servers, and plex.tv's older paths, put around an answer: `MediaContainer`.

use serde::de::{IgnoredAny, MapAccess};

use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient::{self, Budget, Key, Value};

/// Reads what is inside, of JSON or of XML; `None` where there is nothing, or nothing that `T` can be made of.
pub(crate) fn read<T: for<'de> Value<'de>>(body: &[u8]) -> Result<Option<T>, DecodeError> {
    let around: Option<Around<T>> = decode::object_or_xml(body, NAME, true)?;
    Ok(around.and_then(|Around(inside)| inside))
}

const NAME: &str = "MediaContainer";

struct Around<T>(Option<T>);

impl<'de, T: Value<'de>> Value<'de> for Around<T> {
    fn from_object<A: MapAccess<'de>>(
        mut map: A,
        budget: &Budget,
    ) -> Result<Option<Self>, A::Error> {
        let mut inside = None;
        while let Some(is_it) = map.next_key_seed(Key(|key: &str| key == NAME))? {
            if is_it {
                lenient::read_value(&mut map, &mut inside, budget)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Some(Self(inside)))
    }
}
