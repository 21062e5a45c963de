use std::time::Duration;

use serde::de::MapAccess;

use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::Pin;
use crate::plex_tv::pin::hosted_page::HostedPage;
use crate::wire::lenient::{self, Budget, Paths, Value};

/// The usual lifetime of Plex's strong PINs.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(1800);

/// A PIN with a long code, for a program that can open a browser: the user signs in on [Plex's
/// hosted page](Self::hosted_page), whose URL contains the code. It is created by
/// [`PlexTv::create_strong_pin`], or as part of a [`DevicePin`](crate::pin::DevicePin) by
/// [`PlexTv::create_strong_device_pin`].
///
/// `https://plex.tv/link` does not accept such a code.
///
/// ```
/// use plex_auth_proto::{ClientIdentity, PlexTv};
/// use plex_auth_proto::pin::{ForwardUrl, StrongPin};
///
/// # fn saved_identifier() -> String { "example".into() }
/// let identity = ClientIdentity::builder(saved_identifier()).product("Example Player").build()?;
/// let plex_tv = PlexTv::new(identity);
/// let pin: StrongPin = serde_json::from_str(r#"{"id": 7, "code": "8lzfqpkmtyfvdqo4q9ri9l35c"}"#)?;
///
/// let forward_url: ForwardUrl = "https://app.example.org/signed-in?a=b&c".parse()?;
/// let page = pin.hosted_page(&plex_tv).forward_to(&forward_url);
/// assert_eq!(
///     page.to_string(),
///     "https://app.plex.tv/auth#?clientID=example\
///      &code=8lzfqpkmtyfvdqo4q9ri9l35c\
///      &forwardUrl=https%3A%2F%2Fapp.example.org%2Fsigned-in%3Fa%3Db%26c\
///      &context%5Bdevice%5D%5Bproduct%5D=Example%20Player"
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

    /// Returns the PIN's fields.
    pub fn pin(&self) -> &Pin {
        &self.0
    }

    /// Returns the lifetime of the PIN, which starts when the response to the creation request
    /// arrives.
    ///
    /// This is Plex's value ([`Pin::expires_in`]), capped at one day, or 30 minutes if that value
    /// is missing, unreadable or not positive.
    pub fn expires_in(&self) -> Duration {
        self.0.lifetime(DEFAULT_LIFETIME)
    }

    /// Returns the page on which the user signs in. `plex_tv` must have the same client identity as
    /// the client that created the PIN.
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
        for (expires_in, seconds) in
            [("null", 1800), ("0", 1800), ("-5", 1800), ("60", 60), ("2e9", 86_400)]
        {
            let pin = format!(r#"{{"id":7,"code":"8lzf","expiresIn":{expires_in}}}"#);
            let pin: StrongPin = serde_json::from_str(&pin).unwrap();
            assert_eq!(pin.expires_in(), Duration::from_secs(seconds), "{expires_in}");
        }
    }
}
