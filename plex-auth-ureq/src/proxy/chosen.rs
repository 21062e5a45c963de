use std::fmt;

use ureq::{Proxy, ProxyProtocol};

use super::address::ProxyAddress;
use super::no_proxy::NoProxy;

/// A transport's proxy, and the hosts that bypass it.
#[derive(Clone)]
pub(crate) struct ChosenProxy {
    proxy: Proxy,
    no_proxy: NoProxy,
}

impl ChosenProxy {
    pub(super) fn new(proxy: Proxy, no_proxy: NoProxy) -> Self {
        Self { proxy, no_proxy }
    }

    /// Returns whether connections to this host and port use the proxy. An IPv6 address may be in
    /// brackets.
    pub(crate) fn applies_to(&self, host: &str, port: u16) -> bool {
        !self.no_proxy.contains(host, port)
    }

    /// Returns whether the proxy itself is reached over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.proxy.protocol() == ProxyProtocol::Https
    }

    pub(crate) fn host(&self) -> &str {
        self.proxy.host()
    }

    pub(crate) fn port(&self) -> u16 {
        self.proxy.port()
    }

    /// Returns the username and password, if there are any.
    pub(crate) fn credentials(&self) -> Option<(&str, &str)> {
        match (self.proxy.username(), self.proxy.password()) {
            (None, None) => None,
            (user, password) => Some((user.unwrap_or_default(), password.unwrap_or_default())),
        }
    }

    pub(crate) fn address(&self) -> ProxyAddress<'_> {
        ProxyAddress::new(&self.proxy)
    }
}

impl fmt::Debug for ChosenProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address().fmt(f)
    }
}
