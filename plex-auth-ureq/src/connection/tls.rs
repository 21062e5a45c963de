//! TLS with Mozilla's root certificates and the caller's.

use std::sync::{Arc, OnceLock};

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{ServerName, TrustAnchor};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use webpki_roots::TLS_SERVER_ROOTS;

use super::stream::Stream;
use super::target::Target;
use crate::deadline::{Deadline, is_exceeded};
use crate::failure::Failure;
use crate::tls_error;

/// The additional root certificates, and the TLS configuration, which is created when the first
/// connection needs it.
pub(crate) struct TlsSettings {
    own_roots: Vec<TrustAnchor<'static>>,
    config: OnceLock<Option<Arc<ClientConfig>>>,
}

impl TlsSettings {
    /// Creates settings that trust Mozilla's root certificates and the given ones.
    pub(crate) fn new(own_roots: Vec<TrustAnchor<'static>>) -> Self {
        Self { own_roots, config: OnceLock::new() }
    }

    fn config(&self) -> Option<Arc<ClientConfig>> {
        self.config.get_or_init(|| self.create().ok().map(Arc::new)).clone()
    }

    fn create(&self) -> Result<ClientConfig, rustls::Error> {
        // As in ureq, a provider that the program has installed takes precedence.
        let provider = CryptoProvider::get_default().cloned();
        let provider =
            provider.unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
        let roots = TLS_SERVER_ROOTS.iter().chain(&self.own_roots).cloned().collect();
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(RootCertStore { roots })
            .with_no_client_auth();
        Ok(config)
    }

    /// Completes the handshake over a stream. If it fails, none of the request has been sent.
    pub(super) fn handshake(
        &self,
        target: &Target,
        mut stream: Stream,
        deadline: Deadline,
    ) -> Result<Stream, Failure> {
        let failure = |kind| Failure::not_sent(TransportErrorKind::Tls(kind));
        let config = self.config().ok_or(failure(TlsErrorKind::NotAvailable))?;
        let name = ServerName::try_from(target.bare_host().to_owned())
            .map_err(|_| failure(TlsErrorKind::Other))?;
        let mut tls = ClientConnection::new(config, name)
            .map_err(|error| failure(tls_error::classify_handshake(&error)))?;
        match tls.complete_io(&mut stream) {
            Ok(_) => Ok(Stream::Tls(Box::new(StreamOwned::new(tls, stream)))),
            Err(error) if is_exceeded(&error) => {
                Err(Failure::not_sent(TransportErrorKind::TimedOut(deadline.limit())))
            }
            Err(error) => Err(failure(match tls_error::find(&error) {
                Some(error) => tls_error::classify_handshake(error),
                None => TlsErrorKind::Interrupted,
            })),
        }
    }
}
