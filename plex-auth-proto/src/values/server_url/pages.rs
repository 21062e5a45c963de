use http::uri::{Authority, Scheme};

use super::ServerUrl;

impl ServerUrl {
    /// Returns the URL of the page on which users enter the code of a short PIN:
    /// `https://plex.tv/link` or, for a base URL outside plex.tv, that URL with any trailing
    /// `/api/v2` removed and `/link` appended.
    pub(crate) fn link_page(&self) -> Self {
        self.page("plex.tv", "/link")
    }

    /// Returns the URL of the page on which users sign in for a strong PIN:
    /// `https://app.plex.tv/auth` or, for a base URL outside plex.tv, that URL with any trailing
    /// `/api/v2` removed and `/auth` appended.
    pub(crate) fn hosted_page(&self) -> Self {
        self.page("app.plex.tv", "/auth")
    }

    fn page(&self, host: &'static str, path: &str) -> Self {
        // All of Plex's hosts share their PINs and use the same pages.
        let own = self.authority.host();
        if own == "plex.tv" || own.ends_with(".plex.tv") {
            let authority = Authority::from_static(host);
            return Self { scheme: Scheme::HTTPS, authority, prefix: path.into() };
        }
        let outside = self.outside_api();
        Self { prefix: [&outside.prefix, path].concat().into(), ..outside }
    }
}
