use http::uri::{Authority, Scheme};

use super::ServerUrl;

impl ServerUrl {
    /// Where the code of a short PIN is typed: `https://plex.tv/link`, or `/link` of what stands in for
    /// plex.tv.
    pub(crate) fn link_page(&self) -> Self {
        self.page("plex.tv", "/link")
    }

    /// Where somebody signs in for a strong PIN: `https://app.plex.tv/auth`, or `/auth` of what stands in
    /// for plex.tv.
    pub(crate) fn hosted_page(&self) -> Self {
        self.page("app.plex.tv", "/auth")
    }

    fn page(&self, host: &'static str, path: &str) -> Self {
        // All hosts of Plex's share their PINs, and have one set of pages.
        let own = self.authority.host();
        if own == "plex.tv" || own.ends_with(".plex.tv") {
            let authority = Authority::from_static(host);
            return Self { scheme: Scheme::HTTPS, authority, prefix: path.into() };
        }
        let outside = self.outside_api();
        Self { prefix: [&outside.prefix, path].concat().into(), ..outside }
    }
}
