use std::fmt;

use hyper_util::rt::TokioTimer;

use crate::client::{Client, roots, settings};
use crate::transport::Transport;

impl Transport {
    /// A transport that is safe as it is: 30 s for a whole exchange, of which 10 for connecting (name lookup,
    /// TCP and TLS); an answer of at most 1 MiB; no redirect, no proxy, nothing from the environment; Mozilla's roots.
    ///
    /// It can be made anywhere and used in any tokio runtime that has its timer and its I/O enabled.
    /// Where none is running, sending is an error:
    /// [`NotStarted`](plex_auth_proto::error::TransportErrorKind::NotStarted).
    ///
    /// Do not use a transport and its clones in several runtimes at a time: a kept connection works only while the runtime
    /// that opened it runs, and closes when that runtime is dropped. In another runtime, a request on such a connection can
    /// wait until its time limit, and its outcome is unknown.
    pub fn new() -> Self {
        Self::over(Client::new(settings(roots()).ok()), TokioTimer::new())
    }

    /// Starts a transport that needs a client of its own.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }
}

impl Default for Transport {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes a [`Transport`] whose client differs from the usual one; from [`Transport::builder`]. What does not need
/// another client is set on the transport itself.
///
/// ```
/// use plex_auth_hyper::{InvalidTransport, Transport};
///
/// let pem = "-----BEGIN CERTIFICATE-----";
/// let error = Transport::builder().root_certificate(pem).build().unwrap_err();
/// assert!(matches!(error, InvalidTransport::PemCertificate { number: 1, .. }));
/// assert_eq!(error.to_string(), "root certificate 1 is in PEM; it must be in DER");
/// ```
#[derive(Clone, Default)]
#[must_use = "`build` makes the transport"]
pub struct TransportBuilder {
    certificates: Vec<Vec<u8>>,
}

impl TransportBuilder {
    /// Trusts one more authority, given as its X.509 certificate in DER: that of a server of one's own.
    /// Mozilla's roots stay trusted.
    ///
    /// May be called again for another. The certificate of a server that is signed by itself will do,
    /// unless it calls itself an authority, as those of `openssl req -x509` do: rustls takes no such
    /// certificate from a server.
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.certificates.push(der.into());
        self
    }

    /// Makes the transport.
    ///
    /// # Errors
    ///
    /// [`InvalidTransport`], which says what to mend.
    pub fn build(self) -> Result<Transport, InvalidTransport> {
        let mut roots = roots();
        for (index, der) in self.certificates.into_iter().enumerate() {
            let number = index + 1;
            if der.trim_ascii_start().starts_with(b"-----BEGIN") {
                return Err(InvalidTransport::PemCertificate { number });
            }
            roots.add(der.into()).map_err(|_| InvalidTransport::Certificate { number })?;
        }
        let settings = settings(roots).map_err(|_| InvalidTransport::Tls)?;
        Ok(Transport::over(Client::new(Some(settings)), TokioTimer::new()))
    }
}

impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { certificates } = self;
        f.debug_struct("TransportBuilder").field("root_certificates", &certificates.len()).finish()
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
    /// TLS could not be set up. It is rustls's word against ring's, and not to be expected.
    Tls,
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
            Self::Tls => f.write_str("TLS could not be set up"),
        }
    }
}

impl std::error::Error for InvalidTransport {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_root_is_named() {
        let error = Transport::builder().root_certificate("abc").build().unwrap_err();
        assert_eq!(error.to_string(), "root certificate 1 is not a certificate in DER");

        let pem = "\n-----BEGIN CERTIFICATE-----\n";
        let error = Transport::builder().root_certificate(pem).build().unwrap_err();
        assert_eq!(error.to_string(), "root certificate 1 is in PEM; it must be in DER");
    }

    #[test]
    fn debug_shows_the_settings() {
        let transport = Transport::new().max_body_size(10);
        let shown = "Transport { timeout: 30s, max_body_size: Some(10), .. }";
        assert_eq!(format!("{transport:?}"), shown);
        let builder = Transport::builder().root_certificate("abc");
        assert_eq!(format!("{builder:?}"), "TransportBuilder { root_certificates: 1 }");
    }
}
