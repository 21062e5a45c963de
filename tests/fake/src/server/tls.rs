//! TLS for accepted connections. Without the feature `tls`, `Tls` has no values.

use std::io;

use tokio::net::TcpStream;

#[cfg(feature = "tls")]
pub(super) use with_rustls::Tls;

#[cfg(feature = "tls")]
mod with_rustls {
    use std::sync::Arc;

    use rustls::ServerConfig;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::server::TlsStream;

    use super::{TcpStream, io};
    use crate::authority::ServerCertificate;

    #[derive(Debug, Clone)]
    pub(in crate::server) struct Tls(Arc<ServerConfig>);

    impl Tls {
        pub(in crate::server) fn new(certificate: ServerCertificate) -> io::Result<Self> {
            let (certificate, key) = certificate.into_parts();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let mut config = ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .and_then(|config| {
                    config.with_no_client_auth().with_single_cert(vec![certificate], key)
                })
                .map_err(io::Error::other)?;
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Ok(Self(Arc::new(config)))
        }

        pub(in crate::server) async fn accept(
            self,
            stream: TcpStream,
        ) -> io::Result<TlsStream<TcpStream>> {
            TlsAcceptor::from(self.0).accept(stream).await
        }
    }
}

#[cfg(not(feature = "tls"))]
#[derive(Debug, Clone)]
pub(super) enum Tls {}

#[cfg(not(feature = "tls"))]
impl Tls {
    #[expect(clippy::unused_async, reason = "the version with TLS is async")]
    pub(super) async fn accept(self, _: TcpStream) -> io::Result<TcpStream> {
        match self {}
    }
}
