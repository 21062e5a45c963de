use std::fmt;
use std::str::FromStr;

/// The maximum length, in bytes.
// Browsers and proxies commonly support URLs of this length.
const MAX_LENGTH: usize = 8 * 1024;

/// The URL of the program's own page, which the browser opens after the user has finished on the
/// [hosted page](crate::pin::HostedPage).
///
/// Plex's page forwards only to `http` and `https` URLs, not to custom schemes such as `myapp://`.
/// The URL may have a query and a fragment, which are preserved. Surrounding whitespace is trimmed.
/// `Debug` redacts the URL, because its query may contain a secret.
///
/// ```
/// use plex_auth_proto::pin::{ForwardUrl, InvalidForwardUrl};
///
/// let forward_url: ForwardUrl = "http://127.0.0.1:8080/signed-in?a=b&c".parse()?;
/// assert_eq!(forward_url.as_str(), "http://127.0.0.1:8080/signed-in?a=b&c");
///
/// let error = "myapp://signed-in".parse::<ForwardUrl>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the forward URL must start with http:// or https:// for Plex's page to forward to it"
/// );
/// # Ok::<(), InvalidForwardUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ForwardUrl(Box<str>);

impl ForwardUrl {
    /// Returns the URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ForwardUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ForwardUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForwardUrl(***)")
    }
}

impl FromStr for ForwardUrl {
    type Err = InvalidForwardUrl;

    fn from_str(text: &str) -> Result<Self, InvalidForwardUrl> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidForwardUrl::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(InvalidForwardUrl::TooLong);
        }
        if text.contains(|character: char| character.is_whitespace() || character.is_control()) {
            return Err(InvalidForwardUrl::Space);
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidForwardUrl::Scheme)?;
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(InvalidForwardUrl::Scheme);
        }
        // Browsers treat a backslash as a slash.
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        if host.is_empty() || host.starts_with(':') {
            return Err(InvalidForwardUrl::Host);
        }
        Ok(Self(text.into()))
    }
}

/// The reason that a string is not a valid [`ForwardUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidForwardUrl {
    /// The text is empty or only whitespace.
    #[error(
        "the forward URL is empty; omit it if the browser does not need to return to your program"
    )]
    Empty,
    /// The text does not start with `http://` or `https://`.
    #[error("the forward URL must start with http:// or https:// for Plex's page to forward to it")]
    Scheme,
    /// The URL has no host.
    #[error("the forward URL has no host; use a URL such as https://app.example.org/signed-in")]
    Host,
    /// The text contains whitespace or a control character.
    #[error("the forward URL contains whitespace or a control character; percent-encode it")]
    Space,
    /// The text is longer than 8 KiB.
    #[error("the forward URL is longer than 8 KiB; shorten it")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::{ForwardUrl, InvalidForwardUrl};

    #[test]
    fn web_address_is_unchanged() {
        for url in [
            "https://app.example.org",
            "HTTP://127.0.0.1:8080/?a=b&c#d",
            "http://[::1]:8080/x",
            "https://bücher.example/ü?x=%20+y",
            "https://user@app.example.org/",
        ] {
            assert_eq!(format!(" {url}\n").parse::<ForwardUrl>().unwrap().as_str(), url);
        }
    }

    #[test]
    fn other_text_is_refused() {
        use InvalidForwardUrl::{Empty, Host, Scheme, Space, TooLong};
        let long = format!("https://a.example/{}", "x".repeat(8192));
        for (text, why) in [
            ("", Empty),
            (" \n", Empty),
            ("app.example.org", Scheme),
            ("/signed-in", Scheme),
            ("//app.example.org", Scheme),
            ("myapp://signed-in", Scheme),
            ("javascript:alert(1)", Scheme),
            ("javascript://x", Scheme),
            ("https:app.example.org", Scheme),
            ("https://", Host),
            ("https:///x", Host),
            ("https://?x", Host),
            ("https://:80/", Host),
            ("https://user@/", Host),
            ("https://\\x", Host),
            ("https://a.example/a b", Space),
            ("https://a.example/\r\nx", Space),
            ("https://a.example/\0", Space),
            (&long, TooLong),
        ] {
            assert_eq!(text.parse::<ForwardUrl>().unwrap_err(), why, "{text:?}");
        }
    }
}
