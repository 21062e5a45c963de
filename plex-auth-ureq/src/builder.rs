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
    /// Creates a transport with safe defaults. An exchange is limited to 30 s, connecting to 10 s,
    /// and a response to 1 MiB. The transport trusts Mozilla's root certificates, follows no
    /// redirects, and uses no proxy, even if the environment sets one.
    pub fn new() -> Self {
        Self::over_own(Connections::new(
            None,
            #[cfg(feature = "rustls")]
            TlsSettings::new(Vec::new()),
        ))
    }

    /// Creates a builder for a transport with additional root certificates or a proxy.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }
}

impl Default for Transport {
    fn default() -> Self {
        Self::new()
    }
}

/// A builder for a [`Transport`], created by [`Transport::builder`].
///
/// ```
/// use plex_auth_ureq::Transport;
///
/// let http = Transport::builder().proxy("http://rosa:secret@proxy.example:3128").build()?;
/// assert!(!format!("{http:?}").contains("secret"));
/// # Ok::<(), plex_auth_ureq::InvalidTransport>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "call `build` to create the transport"]
pub struct TransportBuilder {
    #[cfg(feature = "rustls")]
    roots: Vec<Vec<u8>>,
    proxy: Option<ChosenProxy>,
    /// The error for the first invalid proxy setting, if any. [`build`](Self::build) returns it.
    invalid: Option<InvalidTransport>,
}

impl TransportBuilder {
    /// Adds a trusted root certificate in DER format, such as your own certificate authority's.
    /// Mozilla's roots remain trusted. Convert a PEM certificate to DER first:
    /// `openssl x509 -in ca.pem -outform der -out ca.der`.
    ///
    /// Can be called more than once. A self-signed server certificate also works, unless it claims
    /// to be a certificate authority, as certificates from `openssl req -x509` do: rustls does not
    /// accept these from a server.
    #[cfg(feature = "rustls")]
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.roots.push(der.into());
        self
    }

    /// Sends all requests through an HTTP proxy, such as `http://proxy.example:3128`. If the proxy
    /// requires credentials, put `user:password@` before the host, percent-encoded. They are sent
    /// with Basic authentication; NTLM and Kerberos are not supported.
    ///
    /// A tunnel (`CONNECT`) is requested for both `http` and `https`. For an `https` request, the
    /// proxy learns only the host. For an `http` request, it can read everything, including the
    /// token.
    pub fn proxy(self, url: &str) -> Self {
        self.set_proxy(proxy::from_url(url).map(Some))
    }

    /// Uses the proxy that is set in the environment: the first of `ALL_PROXY`, `HTTPS_PROXY` and
    /// `HTTP_PROXY` (in upper or lower case) that is not empty. If none is set, this changes
    /// nothing.
    ///
    /// Connections to hosts listed in `NO_PROXY` are direct. Its entries are names (which include
    /// their subdomains), patterns such as `*.example.com`, `.example.com` or `192.168.0.*`, and IP
    /// addresses, separated by commas or whitespace. An entry with a port, such as
    /// `plex.example:32400`, applies only to that port. Anything else, such as the network
    /// `192.168.0.0/16`, is reported as [`NoProxyEntry`](InvalidTransport::NoProxyEntry). The
    /// warning under [`proxy`](Self::proxy) about plain HTTP applies here too, and the environment
    /// is not always controlled by the user.
    pub fn proxy_from_env(self) -> Self {
        self.set_proxy(proxy::from_env())
    }

    /// Builds the transport.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidTransport`] if a root certificate or a proxy setting is invalid.
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

    /// Sets the proxy if there is one. If the setting is invalid, records the error, unless an
    /// earlier one has been recorded.
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
            "the proxy's protocol is not supported; use an http proxy, or pass your own agent to Transport::over"
        );
    }
}
