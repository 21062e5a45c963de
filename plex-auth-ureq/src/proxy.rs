//! Reading, checking and redacting proxies.

use std::{env, fmt};

use ureq::{Proxy, ProxyProtocol};

use crate::invalid_transport::InvalidTransport;

/// Reads the URL of a proxy.
pub(crate) fn from_url(url: &str) -> Result<Proxy, InvalidTransport> {
    // The parser drops everything after a number sign, which can be the rest of a password and the host.
    if url.contains('#') {
        return Err(InvalidTransport::ProxyUrl);
    }
    Proxy::new(url).map_err(|_| InvalidTransport::ProxyUrl).and_then(check)
}

/// Reads the proxy from the environment.
pub(crate) fn from_env() -> Result<Option<Proxy>, InvalidTransport> {
    match Proxy::try_from_env() {
        Some(proxy) => check(proxy).map(Some),
        // ureq ignores a URL that it cannot read, and connects directly.
        None if PROXY_VARIABLES.iter().any(|name| is_set(name)) => Err(InvalidTransport::ProxyUrl),
        None => Ok(None),
    }
}

fn check(proxy: Proxy) -> Result<Proxy, InvalidTransport> {
    let supported = match proxy.protocol() {
        ProxyProtocol::Http => true,
        ProxyProtocol::Https => cfg!(feature = "rustls"),
        // Without its feature for them, ureq panics or connects directly.
        _ => false,
    };
    if !supported {
        Err(InvalidTransport::ProxyProtocol)
    } else if !is_plain(&proxy) {
        Err(InvalidTransport::ProxyUrl)
    } else {
        Ok(proxy)
    }
}

/// Whether the URL is only an authority. A slash or a question mark in the password would move the host.
fn is_plain(proxy: &Proxy) -> bool {
    let uri = proxy.uri();
    let after_user_info =
        uri.authority().and_then(|authority| authority.as_str().rsplit('@').next());
    let port = after_user_info.and_then(|rest| rest.strip_prefix(proxy.host()));
    // The parser ignores a port that is not a number.
    let has_valid_port = port == Some("") || uri.port_u16().is_some();
    let has_no_path = matches!(uri.path(), "" | "/") && uri.query().is_none();
    !proxy.host().is_empty() && has_valid_port && has_no_path
}

const PROXY_VARIABLES: [&str; 6] =
    ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// A proxy without user and password.
pub(crate) struct ProxyAddress<'a>(&'a Proxy);

impl<'a> ProxyAddress<'a> {
    pub(crate) fn new(proxy: &'a Proxy) -> Self {
        Self(proxy)
    }
}

impl fmt::Debug for ProxyAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.uri().scheme_str().unwrap_or("http");
        write!(f, "{scheme}://{}:{}", self.0.host(), self.0.port())
    }
}
