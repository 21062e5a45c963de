use std::time::Duration;

use serde::de::MapAccess;

use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::Pin;
use crate::plex_tv::pin::hosted_page::HostedPage;
use crate::wire::lenient::{self, Budget, Paths, Value};

/// How long Plex's strong PINs live.
const USUAL_LIFE: Duration = Duration::from_secs(1800);

/// A PIN with a code that nobody types, for a program that can open a browser: somebody signs in on a
/// [page of Plex's](Self::hosted_page), which has the code in its address. [`PlexTv::create_strong_pin`]
/// makes one.
///
/// `https://plex.tv/link` refuses such a code, so it is not offered for that page.
///
/// ```
/// use plex_auth_proto::{ClientIdentity, PlexTv};
/// use plex_auth_proto::pin::{ForwardUrl, StrongPin};
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").product("My App").build()?;
/// let plex_tv = PlexTv::new(me);
/// let pin: StrongPin = serde_json::from_str(r#"{"id": 7, "code": "8lzfqpkmtyfvdqo4q9ri9l35c"}"#)?;
///
/// let back: ForwardUrl = "https://app.example.org/signed-in?a=b&c".parse()?;
/// let page = pin.hosted_page(&plex_tv).forward_to(&back);
/// assert_eq!(
///     page.to_string(),
///     "https://app.plex.tv/auth#?clientID=3381b62b-9ab7-4e37-827b-203e9809eb58\
///      &code=8lzfqpkmtyfvdqo4q9ri9l35c\
///      &forwardUrl=https%3A%2F%2Fapp.example.org%2Fsigned-in%3Fa%3Db%26c\
///      &context%5Bdevice%5D%5Bproduct%5D=My%20App"
/// );
/// assert_eq!(format!("{page:?}"), "HostedPage(https://app.plex.tv/auth#***)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StrongPin(Pin);

impl StrongPin {
    pub(crate) fn new(pin: Pin) -> Self {
        Self(pin)
    }

    /// What Plex says of it: number, code and the rest.
    pub fn pin(&self) -> &Pin {
        &self.0
    }

    /// How long it lives, from the moment on in which the answer came that made it.
    ///
    /// It is what Plex says ([`Pin::expires_in`]), up to a day; and 30 minutes, as usual, where Plex says
    /// nothing that a new PIN can mean: no number, 0, or less.
    pub fn expires_in(&self) -> Duration {
        self.0.lifetime(USUAL_LIFE)
    }

    /// The page to sign in on, for whoever made the PIN: the identity of `plex_tv` must be the one that it
    /// was made under.
    pub fn hosted_page(&self, plex_tv: &PlexTv) -> HostedPage {
        HostedPage::new(&self.0, plex_tv)
    }
}

impl<'de> Value<'de> for StrongPin {
    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        Ok(Pin::from_object(map, budget)?.map(Self))
    }

    fn unreadable(&self, paths: &mut Paths) {
        self.0.unreadable(paths);
    }
}

impl<'de> serde::Deserialize<'de> for StrongPin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::StrongPin;
    use std::time::Duration;

    #[test]
    fn default_lifetime_is_half_an_hour() {
        for (said, seconds) in
            [("null", 1800), ("0", 1800), ("-5", 1800), ("60", 60), ("2e9", 86_400)]
        {
            let pin = format!(r#"{{"id":7,"code":"8lzf","expiresIn":{said}}}"#);
            let pin: StrongPin = serde_json::from_str(&pin).unwrap();
            assert_eq!(pin.expires_in(), Duration::from_secs(seconds), "{said}");
        }
    }
}
