use std::sync::Arc;

use super::lookup::Lookups;
use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};

use super::pool::Pool;
use super::stream::Stream;
use super::target::Target;
#[cfg(feature = "rustls")]
use super::tls::TlsSettings;
use super::{dial, tunnel};
use crate::deadline::Deadline;
use crate::failure::Failure;
use crate::proxy::ChosenProxy;

/// The settings for new connections, the pool of idle ones, and the pending name lookups.
pub(crate) struct Connections {
    proxy: Option<ChosenProxy>,
    #[cfg(feature = "rustls")]
    tls: TlsSettings,
    pool: Pool,
    lookups: Lookups,
}

impl Connections {
    pub(crate) fn new(
        proxy: Option<ChosenProxy>,
        #[cfg(feature = "rustls")] tls: TlsSettings,
    ) -> Arc<Self> {
        Arc::new(Self {
            proxy,
            #[cfg(feature = "rustls")]
            tls,
            pool: Pool::default(),
            lookups: Lookups::default(),
        })
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn proxy(&self) -> Option<&ChosenProxy> {
        self.proxy.as_ref()
    }

    /// Opens a connection to the target, through the proxy unless the target bypasses it.
    pub(super) fn open(&self, target: &Target, deadline: Deadline) -> Result<Stream, Failure> {
        let stream = match self
            .proxy
            .as_ref()
            .filter(|proxy| proxy.applies_to(target.host(), target.port()))
        {
            Some(proxy) => {
                let mut stream = self
                    .open_directly(&Target::proxy(proxy), deadline)
                    .map_err(tunnel::proxy_failure)?;
                tunnel::establish(&mut stream, target, proxy, deadline)?;
                stream
            }
            None => return self.open_directly(target, deadline),
        };
        self.secure(target, stream, deadline)
    }

    fn open_directly(&self, target: &Target, deadline: Deadline) -> Result<Stream, Failure> {
        let addresses = self.lookups.addresses(target, deadline)?;
        let stream =
            dial::connect(&addresses, deadline).map_err(|failure| match failure.kind() {
                // The TLS handshake would have followed immediately and failed in the same way.
                TransportErrorKind::CutOff if target.is_secure() => {
                    Failure::not_sent(TransportErrorKind::Tls(TlsErrorKind::Interrupted))
                }
                _ => failure,
            })?;
        self.secure(target, stream, deadline)
    }

    #[cfg(feature = "rustls")]
    fn secure(
        &self,
        target: &Target,
        stream: Stream,
        deadline: Deadline,
    ) -> Result<Stream, Failure> {
        if target.is_secure() { self.tls.handshake(target, stream, deadline) } else { Ok(stream) }
    }

    #[cfg(not(feature = "rustls"))]
    #[expect(clippy::unused_self, reason = "same signature as with TLS")]
    fn secure(&self, _: &Target, stream: Stream, _: Deadline) -> Result<Stream, Failure> {
        Ok(stream)
    }
}
