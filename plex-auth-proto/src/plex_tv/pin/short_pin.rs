use std::time::Duration;

use serde::de::MapAccess;

use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::Pin;
use crate::plex_tv::pin::pin_url::PinUrl;
use crate::wire::lenient::{self, Budget, Paths, Value};
use crate::wire::percent;

/// The usual lifetime of Plex's short PINs.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(900);

/// A PIN with a 4-character code that the user enters at `https://plex.tv/link`, for a device with
/// a screen but no keyboard. It is created by [`PlexTv::create_short_pin`], or as part of a
/// [`DevicePin`](crate::pin::DevicePin) by [`PlexTv::create_short_device_pin`].
///
/// Show the [code](Pin::code) and the [URL of the page](Self::link_page), or a QR code with the
/// [URL that includes the code](Self::filled_link_page).
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::{ClientIdentity, PlexTv};
/// use plex_auth_proto::pin::ShortPin;
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let pin: ShortPin = serde_json::from_str(r#"{"id": 7, "code": "G7KX", "expiresIn": 900}"#)?;
///
/// let code = pin.pin().code.expose();
/// let text = format!("Open {} and enter {code}", pin.link_page(&plex_tv));
/// assert_eq!(text, "Open https://plex.tv/link and enter G7KX");
/// assert_eq!(pin.filled_link_page(&plex_tv).as_str(), "https://plex.tv/link/?pin=G7KX");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ShortPin(Pin);

impl ShortPin {
    pub(crate) fn new(pin: Pin) -> Self {
        Self(pin)
    }

    /// Returns the PIN's fields.
    pub fn pin(&self) -> &Pin {
        &self.0
    }

    /// Returns the lifetime of the PIN, which starts when the response to the creation request
    /// arrives.
    ///
    /// This is Plex's value ([`Pin::expires_in`]), capped at one day, or 15 minutes if that value
    /// is missing, unreadable or not positive.
    pub fn expires_in(&self) -> Duration {
        self.0.lifetime(DEFAULT_LIFETIME)
    }

    /// Returns the URL of the page on which the user enters the code, usually
    /// `https://plex.tv/link`. If `plex_tv` uses a URL outside plex.tv, such as the URL of a test
    /// server, the result is that URL with any trailing `/api/v2` removed and `/link` appended.
    pub fn link_page(&self, plex_tv: &PlexTv) -> PinUrl {
        PinUrl::new(plex_tv.url.link_page().to_string())
    }

    /// Returns the URL of the [link page](Self::link_page) with the code filled in. Open it or show
    /// it as a QR code.
    pub fn filled_link_page(&self, plex_tv: &PlexTv) -> PinUrl {
        let code = percent::encoded(self.0.code.expose());
        PinUrl::new(format!("{}/?pin={code}", plex_tv.url.link_page()))
    }
}

impl<'de> Value<'de> for ShortPin {
    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        Ok(Pin::from_object(map, budget)?.map(Self))
    }

    fn unreadable(&self, paths: &mut Paths) {
        self.0.unreadable(paths);
    }
}

impl<'de> serde::Deserialize<'de> for ShortPin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::ShortPin;
    use crate::{ClientIdentity, PlexTv};
    use std::time::Duration;

    fn pin(rest: &str) -> ShortPin {
        serde_json::from_str(&format!(r#"{{"id":7,"code":"G7KX"{rest}}}"#)).unwrap()
    }

    #[test]
    fn plausible_lifetime_is_used() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        for (expires_in, life) in [
            ("900", minutes(15)),
            ("\"600\"", minutes(10)),
            ("1", Duration::from_secs(1)),
            ("0", minutes(15)),
            ("-1", minutes(15)),
            ("-9223372036854775808", minutes(15)),
            ("null", minutes(15)),
            ("\"soon\"", minutes(15)),
            ("[]", minutes(15)),
            ("86400", minutes(24 * 60)),
            ("1000000000000", minutes(24 * 60)),
            ("9223372036854775807", minutes(24 * 60)),
        ] {
            let pin = pin(&format!(r#","expiresIn":{expires_in}"#));
            assert_eq!(pin.expires_in(), life, "{expires_in}");
        }
        assert_eq!(pin("").expires_in(), minutes(15));
    }

    #[test]
    fn pages_follow_the_base_url() {
        for (url, page) in [
            ("https://plex.tv/api/v2", "https://plex.tv/link"),
            ("https://clients.plex.tv/api/v2", "https://plex.tv/link"),
            ("http://127.0.0.1:32400/api/v2", "http://127.0.0.1:32400/link"),
            ("http://127.0.0.1:32400", "http://127.0.0.1:32400/link"),
            ("https://example.com/fake/api/v2/", "https://example.com/fake/link"),
            ("https://notplex.tv/api/v2", "https://notplex.tv/link"),
        ] {
            let me = ClientIdentity::builder("id").build().unwrap();
            let plex_tv = PlexTv::at(me, url.parse().unwrap());
            assert_eq!(pin("").link_page(&plex_tv).to_string(), page);
            let filled = pin("").filled_link_page(&plex_tv);
            assert_eq!(filled.as_str(), format!("{page}/?pin=G7KX"));
            assert!(!format!("{filled:?}").contains("G7KX"));
        }
    }

    #[test]
    fn code_is_encoded_once() {
        let pin: ShortPin = serde_json::from_str(r##"{"id":7,"code":"a&b=c#%20+/?"}"##).unwrap();
        let plex_tv = PlexTv::new(ClientIdentity::builder("id").build().unwrap());
        let page = pin.filled_link_page(&plex_tv).to_string();
        assert_eq!(page, "https://plex.tv/link/?pin=a%26b%3Dc%23%2520%2B%2F%3F");
    }
}
