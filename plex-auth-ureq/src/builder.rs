use std::fmt;

use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;
use ureq::{Agent, Proxy, ProxyProtocol};

use crate::transport::Transport;

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
    proxy: Option<Proxy>,
    /// The first setting that was wrong, for [`build`](Self::build) to say.
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
        // What follows a number sign is dropped by the parser: it may be the rest of a password and the
        // host.
        if url.contains('#') {
            return self.refuse(InvalidTransport::ProxyUrl);
        }
        match Proxy::new(url) {
            Ok(proxy) => self.check_proxy(proxy),
            Err(_) => self.refuse(InvalidTransport::ProxyUrl),
        }
    }

    /// Takes the proxy from the environment, as it is now: the first of `ALL_PROXY`, `HTTPS_PROXY` and
    /// `HTTP_PROXY`, in upper or lower case. None of them set means no proxy.
    ///
    /// Hosts in `NO_PROXY` are asked directly. It is a list of names, `*.example.com` or `192.168.0.*`;
    /// networks as `192.168.0.0/16` are not understood, and mean nothing. The warning of
    /// [`proxy`](Self::proxy) about plain HTTP holds here, too, and the environment is not always one's
    /// own.
    pub fn proxy_from_env(self) -> Self {
        match Proxy::try_from_env() {
            Some(proxy) => self.check_proxy(proxy),
            // ureq takes what it cannot read for nothing, and goes to the host directly.
            None if PROXY_VARIABLES.iter().any(|name| is_set(name)) => {
                self.refuse(InvalidTransport::ProxyUrl)
            }
            None => self,
        }
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
        let config = config(self.proxy);
        #[cfg(feature = "rustls")]
        let config = match self.roots.as_slice() {
            [] => config,
            roots => config.tls_config(crate::roots::with_mozillas(roots)?),
        };
        Ok(Transport::over_own(config.build().new_agent()))
    }

    fn check_proxy(mut self, proxy: Proxy) -> Self {
        let spoken = match proxy.protocol() {
            ProxyProtocol::Http => true,
            ProxyProtocol::Https => cfg!(feature = "rustls"),
            // Without its feature for them ureq panics, or goes to the host directly.
            _ => false,
        };
        if !spoken {
            return self.refuse(InvalidTransport::ProxyProtocol);
        }
        if !is_plain(&proxy) {
            return self.refuse(InvalidTransport::ProxyUrl);
        }
        self.proxy = Some(proxy);
        self
    }

    fn refuse(mut self, invalid: InvalidTransport) -> Self {
        self.invalid.get_or_insert(invalid);
        self
    }
}

/// Whether the URL is an authority and nothing else. A password with a slash or a question mark in it
/// would have moved the host.
fn is_plain(proxy: &Proxy) -> bool {
    let uri = proxy.uri();
    let after_user_info =
        uri.authority().and_then(|authority| authority.as_str().rsplit('@').next());
    let port = after_user_info.and_then(|rest| rest.strip_prefix(proxy.host()));
    // A port that is no number counts as none with the parser.
    let port_is_read = port == Some("") || uri.port_u16().is_some();
    let nothing_else = matches!(uri.path(), "" | "/") && uri.query().is_none();
    !proxy.host().is_empty() && port_is_read && nothing_else
}

const PROXY_VARIABLES: [&str; 6] =
    ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// The settings of an agent of our own. What is promised of each request is set with the request.
pub(crate) fn config(proxy: Option<Proxy>) -> ConfigBuilder<AgentScope> {
    Agent::config_builder().proxy(proxy).user_agent("")
}

/// A proxy as it may be shown: without user and password.
pub(crate) struct ProxyAddress<'a>(pub(crate) &'a Proxy);

impl fmt::Debug for ProxyAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.uri().scheme_str().unwrap_or("http");
        write!(f, "{scheme}://{}:{}", self.0.host(), self.0.port())
    }
}

impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("TransportBuilder");
        #[cfg(feature = "rustls")]
        shown.field("root_certificates", &self.roots.len());
        shown
            .field("proxy", &self.proxy.as_ref().map(ProxyAddress))
            .field("invalid", &self.invalid)
            .finish()
    }
}

/// Why a [`Transport`] cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidTransport {
    /// A root certificate cannot be read.
    #[non_exhaustive]
    Certificate {
        /// Which, counted from 1.
        number: usize,
    },
    /// A root certificate is text in PEM. Decode it first: what stands between its lines is the DER in
    /// base64.
    #[non_exhaustive]
    PemCertificate {
        /// Which, counted from 1.
        number: usize,
    },
    /// The proxy's URL cannot be read. Mostly a character in the password is not percent-encoded.
    ProxyUrl,
    /// The proxy is of a kind that this transport does not speak to: SOCKS, or `https` without the
    /// feature `rustls`. An agent of one's own may.
    ProxyProtocol,
}

impl fmt::Display for InvalidTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate { number } => {
                write!(f, "root certificate {number} is not a certificate in DER")
            }
            Self::PemCertificate { number } => {
                write!(f, "root certificate {number} is in PEM; it must be in DER")
            }
            Self::ProxyUrl => f.write_str(
                "the proxy's URL cannot be read; write http://user:password@host:port, with special \
                 characters in the password percent-encoded",
            ),
            Self::ProxyProtocol => {
                f.write_str("this kind of proxy needs an agent of your own: Transport::over")
            }
        }
    }
}

impl std::error::Error for InvalidTransport {}

#[cfg(test)]
mod tests {
    use super::{InvalidTransport, TransportBuilder};

    fn refusal(url: &str) -> InvalidTransport {
        TransportBuilder::default().proxy(url).build().unwrap_err()
    }

    #[test]
    fn no_proxys_password_is_shown() {
        let builder = TransportBuilder::default().proxy("http://rosa:SECRET@proxy.example:3128");
        assert_eq!(
            format!("{:?}", builder.proxy.as_ref().map(super::ProxyAddress)),
            "Some(http://proxy.example:3128)"
        );
        assert!(!format!("{builder:?}").contains("SECRET"));
        let transport = builder.build().unwrap();
        let shown = format!("{transport:?}");
        assert!(shown.contains("http://proxy.example:3128"), "{shown}");
        assert!(!shown.contains("SECRET") && !shown.contains("rosa"));
    }

    #[test]
    fn a_url_that_the_parser_would_read_as_another_host_is_refused() {
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
    fn a_proxy_that_ureq_would_panic_at_is_refused() {
        assert_eq!(refusal("socks5://proxy.example"), InvalidTransport::ProxyProtocol);
        let https = TransportBuilder::default().proxy("https://proxy.example");
        assert_eq!(https.build().is_ok(), cfg!(feature = "rustls"));
    }

    #[test]
    fn the_first_wrong_setting_is_named_and_a_later_right_one_does_not_hide_it() {
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
