use plex_auth_proto::http::Uri;
use plex_auth_proto::http::uri::Scheme;

use crate::proxy::ChosenProxy;

/// The host and port of a connection, and whether the connection uses TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    is_secure: bool,
    host: String,
    port: u16,
}

impl Target {
    /// Returns the target of a URL, or `None` if its scheme is neither `http` nor `https` or it has
    /// no host.
    pub(super) fn new(uri: &Uri) -> Option<Self> {
        let is_secure = match uri.scheme()? {
            scheme if *scheme == Scheme::HTTP => false,
            scheme if *scheme == Scheme::HTTPS => true,
            _ => return None,
        };
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        Some(Self { is_secure, host: uri.host()?.to_ascii_lowercase(), port })
    }

    pub(super) fn proxy(proxy: &ChosenProxy) -> Self {
        Self { is_secure: proxy.is_secure(), host: proxy.host().to_owned(), port: proxy.port() }
    }

    pub(super) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Returns the host as it appears in a URL, with brackets around an IPv6 address.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the host without the brackets of an IPv6 address.
    pub(super) fn bare_host(&self) -> &str {
        let inside = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        inside.unwrap_or(&self.host)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn scheme_determines_tls_and_port() {
        for (url, expected) in [
            ("http://Plex.Example/a", Some((false, "plex.example", 80))),
            ("https://plex.example", Some((true, "plex.example", 443))),
            ("http://[::1]:32400", Some((false, "::1", 32400))),
            ("ftp://plex.example", None),
            ("/a", None),
        ] {
            let target = Target::new(&url.parse().unwrap());
            let found = target.as_ref().map(|t| (t.is_secure(), t.bare_host(), t.port()));
            assert_eq!(found, expected, "{url}");
        }
    }
}
