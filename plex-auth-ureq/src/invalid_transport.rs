use std::fmt;

/// Why a [`Transport`](crate::Transport) cannot be made.
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
    /// An entry of `NO_PROXY` is not understood. Without it, a connection that should be direct would go through the
    /// proxy.
    #[non_exhaustive]
    NoProxyEntry {
        /// Which, counted from 1.
        number: usize,
    },
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
            Self::NoProxyEntry { number } => write!(
                f,
                "entry {number} of NO_PROXY is not understood; write a host, host:port, *.example.com, \
                 192.168.0.* or an IP address (networks such as 192.168.0.0/16 are not supported)"
            ),
        }
    }
}

impl std::error::Error for InvalidTransport {}
