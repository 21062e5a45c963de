use std::fmt;

use http::HeaderMap;
use zeroize::Zeroizing;

use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::Pin;
use crate::values::forward_url::ForwardUrl;
use crate::values::server_url::ServerUrl;
use crate::wire::percent;

/// The Plex page on which the user signs in to link a [`StrongPin`](crate::pin::StrongPin). Open
/// it in a browser.
///
/// The URL is usually `https://app.plex.tv/auth`, with all parameters in the fragment, which
/// browsers do not send to the server. The page shows the user some fields of the client identity,
/// such as the product, version, platform and device. If the user declines, the PIN stays unlinked
/// until it expires, but the browser is still forwarded if a [forward URL](Self::forward_to) is
/// set.
///
/// [`Display`](fmt::Display) shows the complete URL, which contains the code. `Debug` redacts the
/// parameters. Sources: Plex's published description. The names of the device fields are from
/// clients.
#[derive(Clone)]
pub struct HostedPage {
    page: ServerUrl,
    /// The URL parameters with the client identifier and the code. Like those in `forward` and
    /// `device`, they are already percent-encoded.
    identifier_and_code: Zeroizing<String>,
    forward: Option<String>,
    device: String,
}

/// The device fields that the page shows. Each one has a name, sent in the URL as
/// `context[device][NAME]`, and a request header that contains its value.
const DEVICE: [(&str, &str); 7] = [
    ("product", "x-plex-product"),
    ("version", "x-plex-version"),
    ("platform", "x-plex-platform"),
    ("platformVersion", "x-plex-platform-version"),
    ("device", "x-plex-device"),
    ("deviceName", "x-plex-device-name"),
    ("model", "x-plex-model"),
];

impl HostedPage {
    pub(crate) fn new(pin: &Pin, plex_tv: &PlexTv) -> Self {
        let identifier = percent::encoded(plex_tv.identity.identifier());
        let code = Zeroizing::new(percent::encoded(pin.code.expose()));
        Self {
            page: plex_tv.url.hosted_page(),
            identifier_and_code: Zeroizing::new(format!("clientID={identifier}&code={}", *code)),
            forward: None,
            device: device(plex_tv.identity.headers()),
        }
    }

    /// Sets the URL that the browser is forwarded to after the user has signed in or declined. If
    /// no URL is set, the page asks the user to close it.
    #[must_use]
    pub fn forward_to(mut self, url: &ForwardUrl) -> Self {
        self.forward = Some(format!("&forwardUrl={}", percent::encoded(url.as_str())));
        self
    }

    /// Replaces the URL of the page. The default is `https://app.plex.tv/auth`. If the client uses
    /// a URL outside plex.tv, the default is that URL with any trailing `/api/v2` removed and
    /// `/auth` appended. Call this if the API is reached through a proxy that does not serve the
    /// page.
    #[must_use]
    pub fn at(mut self, page: ServerUrl) -> Self {
        self.page = page;
        self
    }
}

fn device(headers: &HeaderMap) -> String {
    let fields = DEVICE.iter().filter_map(|(name, header)| {
        // Read as bytes, because values such as device names can be non-ASCII.
        let value = std::str::from_utf8(headers.get(*header)?.as_bytes()).ok()?;
        let name = percent::encoded(&format!("context[device][{name}]"));
        Some(format!("&{name}={}", percent::encoded(value)))
    });
    fields.collect()
}

impl fmt::Display for HostedPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { page, identifier_and_code, forward, device } = self;
        let forward = forward.as_deref().unwrap_or_default();
        write!(f, "{page}#?{}{forward}{device}", **identifier_and_code)
    }
}

impl fmt::Debug for HostedPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostedPage({}#***)", self.page)
    }
}

#[cfg(test)]
mod tests {
    use super::{DEVICE, HostedPage};
    use crate::pin::StrongPin;
    use crate::{ClientIdentity, ClientIdentityBuilder, PlexTv};

    fn page_of(identity: ClientIdentityBuilder, url: &str) -> HostedPage {
        let plex_tv = PlexTv::at(identity.build().unwrap(), url.parse().unwrap());
        let pin: StrongPin = serde_json::from_str(r#"{"id":7,"code":"8lzf"}"#).unwrap();
        pin.hosted_page(&plex_tv)
    }

    /// Returns the parameters after `#?`, decoded by an independent implementation.
    fn pairs(page: &HostedPage) -> Vec<(String, String)> {
        let url = page.to_string();
        let (_, fragment) = url.split_once("#?").unwrap();
        form_urlencoded::parse(fragment.as_bytes()).into_owned().collect()
    }

    #[test]
    fn identifier_only_has_no_context() {
        let page = page_of(ClientIdentity::builder("id"), "https://plex.tv/api/v2");
        assert_eq!(page.to_string(), "https://app.plex.tv/auth#?clientID=id&code=8lzf");
    }

    #[test]
    fn every_field_is_encoded_once() {
        let identity = ClientIdentity::builder("id & co")
            .product("My & App #1")
            .version("1.0+x=%20")
            .platform("客厅")
            .platform_version("[1]")
            .device("a b")
            .device_name("Salon d'été?")
            .model("4200X")
            .vendor("Roku")
            .language("de");
        let page = page_of(identity, "https://plex.tv/api/v2");
        let page = page.forward_to(&"https://a.example/x?a=b&c#d".parse().unwrap());
        let url = page.to_string();
        assert!(url.contains("&context%5Bdevice%5D%5Bproduct%5D=My%20%26%20App%20%231&"), "{url}");
        assert_eq!(url.matches('#').count(), 1, "{url}");
        let expected = [
            ("clientID", "id & co"),
            ("code", "8lzf"),
            ("forwardUrl", "https://a.example/x?a=b&c#d"),
            ("context[device][product]", "My & App #1"),
            ("context[device][version]", "1.0+x=%20"),
            ("context[device][platform]", "客厅"),
            ("context[device][platformVersion]", "[1]"),
            ("context[device][device]", "a b"),
            ("context[device][deviceName]", "Salon d'été?"),
            ("context[device][model]", "4200X"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs(&page), expected);
        assert_eq!(expected.len(), 3 + DEVICE.len());
    }

    #[test]
    fn page_follows_the_base_url_or_the_override() {
        for (url, page) in [
            ("https://clients.plex.tv/api/v2", "https://app.plex.tv/auth"),
            ("http://127.0.0.1:32400/api/v2", "http://127.0.0.1:32400/auth"),
            ("https://example.com/fake", "https://example.com/fake/auth"),
        ] {
            let shown = page_of(ClientIdentity::builder("id"), url);
            assert_eq!(shown.to_string(), format!("{page}#?clientID=id&code=8lzf"));
            assert_eq!(format!("{shown:?}"), format!("HostedPage({page}#***)"));
        }
        let page = page_of(ClientIdentity::builder("id"), "https://proxy.example/plex");
        let page = page.at("https://app.plex.tv/auth".parse().unwrap());
        assert_eq!(page.to_string(), "https://app.plex.tv/auth#?clientID=id&code=8lzf");
    }
}
