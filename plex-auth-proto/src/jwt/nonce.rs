use serde::de::MapAccess;
use zeroize::ZeroizeOnDrop;

use crate::values::secret::Secret;
use crate::wire::lenient::{self, Budget, Value};

/// A nonce from [`PlexTv::nonce`](crate::PlexTv::nonce), for
/// [`DeviceClaims::for_exchange`](crate::jwt::DeviceClaims::for_exchange).
///
/// `Debug` redacts it. In a test, create one from JSON:
///
/// ```
/// let nonce: plex_auth_proto::jwt::Nonce = serde_json::from_str(r#"{"nonce":"b7d0-41c9"}"#)?;
/// assert_eq!(nonce.expose(), "b7d0-41c9");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Nonce {
    text: Secret,
}

impl Nonce {
    /// Returns the nonce as text. It is at most 1024 bytes long.
    pub fn expose(&self) -> &str {
        self.text.expose()
    }
}

/// The inner [`Secret`] is zeroed on drop.
impl ZeroizeOnDrop for Nonce {}

lenient::object! {
    #[derive(Debug)]
    struct Fields {
        nonce: Option<Secret>,
    }
}

/// The maximum length of a nonce, in bytes. It is limited because the nonce is sent back as part of
/// a JWT.
const MAX_LENGTH: usize = 1024;

impl<'de> Value<'de> for Nonce {
    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        let nonce = Fields::from_object(map, budget)?.and_then(|answer| answer.nonce);
        let nonce = nonce.filter(|nonce| (1..=MAX_LENGTH).contains(&nonce.expose().len()));
        Ok(nonce.map(|text| Self { text }))
    }
}

impl<'de> serde::Deserialize<'de> for Nonce {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}
