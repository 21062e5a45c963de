use std::fmt;

use crate::connection::Connections;
#[cfg(feature = "rustls")]
use crate::connection::TlsSettings;
use crate::invalid_transport::InvalidTransport;
use crate::proxy::{self, ChosenProxy};
#[cfg(feature = "rustls")]
use crate::roots;
use crate::transport::Transport;

impl Transport {
    /// A transport that is safe as it is: no redirects, 30 s for an exchange, 1 MiB for an answer,
    /// rustls with Mozilla's roots, and no proxy, whatever the environment says.
    pub fn new() -> Self {
        Self::over_own(Connections::new(
            None,
            #[cfg(feature = "rustls")]
            TlsSettings::new(Vec::new()),
        ))
    }

    /// For what needs an agent of its own: further root certificates, a proxy.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }
}

impl Default for Transport {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes a [`Transport`] with an agent of its own; from [`Transport::builder`].
///
/// ```
/// use plex_auth_ureq::Transport;
///
/// let http = Transport::builder().proxy("http://rosa:secret@proxy.example:3128").build()?;
/// assert!(!format!("{http:?}").contains("secret"));
/// # Ok::<(), plex_auth_ureq::InvalidTransport>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "`build` makes the transport"]
pub struct TransportBuilder {
    #[cfg(feature = "rustls")]
    roots: Vec<Vec<u8>>,
    proxy: Option<ChosenProxy>,
    /// The first invalid setting, which [`build`](Self::build) returns.
    invalid: Option<InvalidTransport>,
}

impl TransportBuilder {
    /// Trusts one more authority, given as its X.509 certificate in DER: that of a server of one's own.
    /// Mozilla's roots stay trusted.
    ///
    /// May be called again for another. The certificate of a server that is signed by itself will do,
    /// unless it calls itself an authority, as those of `openssl req -x509` do: rustls takes no such
    /// certificate from a server.
    #[cfg(feature = "rustls")]
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.roots.push(der.into());
        self
    }

    /// Sends everything through an HTTP proxy: `http://proxy.example:3128`, with `user:password@` before
    /// the host where it asks for them, percent-encoded where need be.
    ///
    /// The proxy is asked for a tunnel (`CONNECT`) for `http` and `https` alike. Of an `https` call it
    /// learns the host alone; of an `http` call it can read everything, the token included.
    pub fn proxy(self, url: &str) -> Self {
        self.set_proxy(proxy::from_url(url).map(Some))
    }

    /// Takes the proxy from the environment, as it is now: the first of `ALL_PROXY`, `HTTPS_PROXY` and
    /// `HTTP_PROXY`, in upper or lower case. None of them set means no proxy.
    ///
    /// Hosts in `NO_PROXY` are connected to directly. It is a list, separated by commas or white space, of names
    /// (which include their subdomains), `*.example.com`, `192.168.0.*` and IP addresses. An entry with a port, such as
    /// `plex.example:32400`, applies to that port only. Anything else, such as the network `192.168.0.0/16`, is
    /// [`NoProxyEntry`](InvalidTransport::NoProxyEntry). The warning of [`proxy`](Self::proxy) about plain HTTP applies
    /// here, too, and the environment is not always the caller's own.
    pub fn proxy_from_env(self) -> Self {
        self.set_proxy(proxy::from_env())
    }

    /// Makes the transport.
    ///
    /// # Errors
    ///
    /// [`InvalidTransport`] for the first setting that cannot be used.
    pub fn build(self) -> Result<Transport, InvalidTransport> {
        if let Some(invalid) = self.invalid {
            return Err(invalid);
        }
        Ok(Transport::over_own(Connections::new(
            self.proxy,
            #[cfg(feature = "rustls")]
            TlsSettings::new(roots::read(&self.roots)?),
        )))
    }

    /// Sets the proxy if there is one.
    fn set_proxy(mut self, proxy: Result<Option<ChosenProxy>, InvalidTransport>) -> Self {
        match proxy {
            Ok(proxy) => self.proxy = proxy.or(self.proxy),
            Err(invalid) => {
                self.invalid.get_or_insert(invalid);
            }
        }
        self
    }
}

impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("TransportBuilder");
        #[cfg(feature = "rustls")]
        shown.field("root_certificates", &self.roots.len());
        shown
            .field("proxy", &self.proxy.as_ref().map(ChosenProxy::address))
            .field("invalid", &self.invalid)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{ChosenProxy, InvalidTransport, TransportBuilder};

    fn refusal(url: &str) -> InvalidTransport {
        TransportBuilder::default().proxy(url).build().unwrap_err()
    }

    #[test]
    fn the_password_of_a_proxy_is_redacted() {
        let builder = TransportBuilder::default().proxy("http://rosa:SECRET@proxy.example:3128");
        assert_eq!(
            format!("{:?}", builder.proxy.as_ref().map(ChosenProxy::address)),
            "Some(http://proxy.example:3128)"
        );
        assert!(!format!("{builder:?}").contains("SECRET"));
        let transport = builder.build().unwrap();
        let shown = format!("{transport:?}");
        assert!(shown.contains("http://proxy.example:3128"), "{shown}");
        assert!(!shown.contains("SECRET") && !shown.contains("rosa"));
    }

    #[test]
    fn an_ambiguous_proxy_url_is_rejected() {
        for url in [
            "",
            "http://",
            "http://rosa:pass/word@proxy.example:3128",
            "http://rosa:12#34@proxy.example",
            "http://rosa:12?34@proxy.example",
            "http://proxy.example:99999",
            "http://proxy.example:",
            "http://proxy.example/path",
            "ftp://proxy.example",
        ] {
            assert_eq!(refusal(url), InvalidTransport::ProxyUrl, "{url}");
        }
    }

    #[test]
    fn an_unsupported_proxy_is_rejected() {
        assert_eq!(refusal("socks5://proxy.example"), InvalidTransport::ProxyProtocol);
        let https = TransportBuilder::default().proxy("https://proxy.example");
        assert_eq!(https.build().is_ok(), cfg!(feature = "rustls"));
    }

    #[test]
    fn the_first_invalid_setting_is_reported() {
        let builder = TransportBuilder::default()
            .proxy("socks5://proxy.example")
            .proxy("")
            .proxy("http://proxy.example");
        let error = builder.build().unwrap_err();
        assert_eq!(error, InvalidTransport::ProxyProtocol);
        assert_eq!(
            error.to_string(),
            "this kind of proxy needs an agent of your own: Transport::over"
        );
    }
}
