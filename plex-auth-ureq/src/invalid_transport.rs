use std::fmt;

/// The reason a [`Transport`](crate::Transport) cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidTransport {
    /// A root certificate is not a valid DER certificate.
    #[non_exhaustive]
    Certificate {
        /// The number of the certificate, starting at 1.
        number: usize,
    },
    /// A root certificate is in PEM format. Convert it to DER first:
    /// `openssl x509 -in ca.pem -outform der -out ca.der`.
    #[non_exhaustive]
    PemCertificate {
        /// The number of the certificate, starting at 1.
        number: usize,
    },
    /// The proxy URL is invalid, for example because a special character in the password is not
    /// percent-encoded.
    ProxyUrl,
    /// The proxy's protocol is not supported. An `https` proxy requires the feature `rustls`. For a
    /// SOCKS proxy, use your own agent with [`Transport::over`](crate::Transport::over).
    ProxyProtocol,
    /// An entry of `NO_PROXY` is invalid. If it were ignored, a connection that should be direct
    /// would use the proxy.
    #[non_exhaustive]
    NoProxyEntry {
        /// The number of the entry, starting at 1.
        number: usize,
    },
}

impl fmt::Display for InvalidTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate { number } => {
                write!(f, "root certificate {number} is not a valid DER certificate")
            }
            Self::PemCertificate { number } => write!(
                f,
                "root certificate {number} is in PEM format; convert it to DER: \
                 openssl x509 -in ca.pem -outform der -out ca.der"
            ),
            Self::ProxyUrl => f.write_str(
                "the proxy URL is invalid; use the form http://user:password@host:port, and percent-encode \
                 special characters in the password",
            ),
            Self::ProxyProtocol => f.write_str(
                "the proxy's protocol is not supported; use an http proxy, or pass your own agent to Transport::over",
            ),
            Self::NoProxyEntry { number } => write!(
                f,
                "NO_PROXY entry {number} is invalid; use a host, host:port, *.example.com, 192.168.0.* or an IP \
                 address (networks such as 192.168.0.0/16 are not supported)"
            ),
        }
    }
}

impl std::error::Error for InvalidTransport {}
