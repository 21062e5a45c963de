//! A certificate for `127.0.0.1` and its key, for servers that use rustls directly.

use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedKey, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, SupportedProtocolVersion};

pub(crate) struct TlsIdentity(CertifiedKey<KeyPair>);

impl TlsIdentity {
    pub(crate) fn new() -> Self {
        let signing_key = KeyPair::generate().expect("a new key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a valid name");
        let cert = params.self_signed(&signing_key).expect("a certificate");
        Self(CertifiedKey { cert, signing_key })
    }

    /// Returns the certificate, for a client to trust.
    pub(crate) fn root_der(&self) -> Vec<u8> {
        self.0.cert.der().to_vec()
    }

    /// Returns a server configuration for these TLS versions.
    pub(crate) fn config(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Arc<ServerConfig> {
        let key = PrivatePkcs8KeyDer::from(self.0.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("supported versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.0.cert.der().clone()], key.into());
        Arc::new(config.expect("a usable certificate"))
    }
}
