use std::fmt;

use ureq::Proxy;

/// The address of a proxy, without the username and password.
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
