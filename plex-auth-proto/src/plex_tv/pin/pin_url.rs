use std::fmt;

use http::Uri;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::operation::context::Origin;
use crate::wire::lenient::Value;

/// The URL of a page or a QR code image for linking a PIN. It may contain the PIN's code. Open it,
/// or show it to the user who is signing in.
///
/// [`Display`](fmt::Display) shows the complete URL. `Debug` shows only its origin.
///
/// ```
/// let pin: plex_auth_proto::pin::Pin = serde_json::from_str(
///     r#"{"id": 7, "code": "G7KX", "qr": "https://plex.tv/api/v2/pins/qr/G7KX"}"#,
/// )?;
/// let picture = pin.qr.ok_or("there is none")?;
/// assert_eq!(picture.to_string(), "https://plex.tv/api/v2/pins/qr/G7KX");
/// assert_eq!(format!("{picture:?}"), "PinUrl(https://plex.tv/***)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PinUrl(Zeroizing<String>);

impl PinUrl {
    pub(crate) fn new(url: String) -> Self {
        Self(Zeroizing::new(url))
    }

    /// Returns the complete URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The inner string is zeroed on drop.
impl ZeroizeOnDrop for PinUrl {}

impl fmt::Display for PinUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PinUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match origin(&self.0) {
            Some(origin) => write!(f, "PinUrl({origin}/***)"),
            None => f.write_str("PinUrl(***)"),
        }
    }
}

impl Value<'_> for PinUrl {
    const IS_PLAIN: bool = true;

    /// Accepts only `http` and `https` URLs, because a program may open them in a browser.
    fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        origin(text).map(|_| Self::new(text.to_owned()))
    }
}

fn origin(url: &str) -> Option<Origin> {
    Origin::of(&url.parse::<Uri>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::{PinUrl, Value};

    #[test]
    fn only_web_urls_are_accepted() {
        let read = |text| PinUrl::from_text(text).map(|url| url.to_string());
        for url in ["https://plex.tv/api/v2/pins/qr/G7KX", "http://127.0.0.1:32400/qr?x=1"] {
            assert_eq!(read(url).as_deref(), Some(url));
        }
        for text in ["javascript:alert(1)", "data:text/html,x", "/qr/G7KX", "file:///etc", "G7KX"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn debug_redacts_the_code() {
        for url in
            ["https://plex.tv/link/?pin=G7KX", "https://u:G7KX@plex.tv/", "G7KX", "G7KX://G7KX"]
        {
            let shown = format!("{:?}", PinUrl::new(url.to_owned()));
            assert!(!shown.contains("G7KX"), "{shown}");
        }
    }
}
