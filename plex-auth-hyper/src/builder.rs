use std::fmt;

use hyper_util::rt::TokioTimer;

use crate::client::{Client, roots, settings};
use crate::transport::Transport;

impl Transport {
    /// Creates a transport with safe defaults. An exchange is limited to 30 s, connecting (name
    /// lookup, TCP and TLS) to 10 s, and a response to 1 MiB. The transport trusts Mozilla's root
    /// certificates, follows no redirects, uses no proxy, and ignores the environment.
    ///
    /// It can be created anywhere, and used in any tokio runtime whose timer and I/O are enabled.
    /// Without a runtime, sending returns
    /// [`NotStarted`](plex_auth_proto::error::TransportErrorKind::NotStarted).
    ///
    /// Do not use a transport and its clones in several runtimes at the same time: an idle
    /// connection works only while the runtime that opened it runs, and closes when that runtime is
    /// dropped. In another runtime, a request on such a connection can wait until its time limit
    /// expires, and its outcome is unknown.
    pub fn new() -> Self {
        Self::over(Client::new(settings(roots()).ok()), TokioTimer::new())
    }

    /// Creates a builder for a transport with additional root certificates.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }
}

impl Default for Transport {
    fn default() -> Self {
        Self::new()
    }
}

/// A builder, created by [`Transport::builder`], for a [`Transport`] that uses this crate's client.
/// All other settings are methods of [`Transport`].
///
/// ```
/// use plex_auth_hyper::{InvalidTransport, Transport};
///
/// let pem = "-----BEGIN CERTIFICATE-----";
/// let error = Transport::builder().root_certificate(pem).build().unwrap_err();
/// assert!(matches!(error, InvalidTransport::PemCertificate { number: 1, .. }));
/// assert!(error.to_string().starts_with("root certificate 1 is in PEM format; convert it"));
/// ```
#[derive(Clone, Default)]
#[must_use = "call `build` to create the transport"]
pub struct TransportBuilder {
    certificates: Vec<Vec<u8>>,
}

impl TransportBuilder {
    /// Adds a trusted root certificate in DER format, such as your own certificate authority's.
    /// Mozilla's roots remain trusted. Convert a PEM certificate to DER first:
    /// `openssl x509 -in ca.pem -outform der -out ca.der`.
    ///
    /// Can be called more than once. A self-signed server certificate also works, unless it claims
    /// to be a certificate authority, as certificates from `openssl req -x509` do: rustls does not
    /// accept these from a server.
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.certificates.push(der.into());
        self
    }

    /// Builds the transport.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidTransport`] if a root certificate is invalid or TLS cannot be set up.
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

/// The reason a [`Transport`] cannot be built.
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
    /// TLS could not be set up. This does not happen with the versions of rustls and ring that this
    /// crate uses.
    Tls,
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
        assert_eq!(error.to_string(), "root certificate 1 is not a valid DER certificate");

        let pem = "\n-----BEGIN CERTIFICATE-----\n";
        let error = Transport::builder().root_certificate(pem).build().unwrap_err();
        assert_eq!(
            error.to_string(),
            "root certificate 1 is in PEM format; convert it to DER: \
             openssl x509 -in ca.pem -outform der -out ca.der"
        );
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
