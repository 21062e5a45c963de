//! The parts that ureq needs to build an agent. Their interface can change in any minor release of
//! ureq.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use plex_auth_proto::http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

use super::buffered::Connection;
use super::exchange::Exchange;
use super::stream::Stream;
use super::target::Target;

impl Exchange {
    /// Returns an agent for this exchange only. It starts with no connections and no cookies.
    pub(crate) fn agent(&self, config: Config) -> Agent {
        Agent::with_parts(config, OwnConnector(self.clone()), NoLookup)
    }
}

/// A resolver that resolves nothing, because the connector looks up names itself. ureq calls the
/// resolver for each request, even if there is an idle connection.
#[derive(Debug)]
struct NoLookup;

impl Resolver for NoLookup {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        // ureq requires at least one address.
        addresses.push(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
        Ok(addresses)
    }
}

struct OwnConnector(Exchange);

impl Connector for OwnConnector {
    type Out = OwnTransport;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<OwnTransport>, Error> {
        // The exchange has recorded the cause.
        let (target, connection) =
            self.0.connect(details.uri).map_err(|_| Error::ConnectionFailed)?;
        let Connection { stream, buffers } = connection;
        let is_tls = stream.is_tls();
        let open = Some((target, stream));
        Ok(Some(OwnTransport { exchange: self.0.clone(), open, buffers, is_tls, is_idle: false }))
    }
}

/// A connection in use. It is returned to the exchange if ureq drops it after a complete response.
struct OwnTransport {
    exchange: Exchange,
    /// `None` only while this value is being dropped.
    open: Option<(Target, Stream)>,
    buffers: LazyBuffers,
    is_tls: bool,
    /// Whether ureq has checked that the connection is open and has not used it since. An agent
    /// that sends a single request checks this only before it keeps the connection for reuse.
    is_idle: bool,
}

impl OwnTransport {
    /// Runs an operation and records its error, because ureq mistakes some errors for the end of
    /// the body.
    fn run<T>(
        &mut self,
        operation: impl FnOnce(&mut Stream, &mut LazyBuffers) -> io::Result<T>,
    ) -> Result<T, Error> {
        self.is_idle = false;
        let (_, stream) = self.open.as_mut().ok_or(Error::ConnectionFailed)?;
        operation(stream, &mut self.buffers).map_err(|error| {
            self.exchange.fail(&error);
            Error::ConnectionFailed
        })
    }
}

impl Transport for OwnTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        if amount > 0 {
            self.exchange.sending();
        }
        self.run(|stream, buffers| {
            stream.write_all(buffers.output().get(..amount).unwrap_or_default())?;
            stream.flush()
        })
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        self.run(|stream, buffers| {
            let space = buffers.input_append_buf();
            if space.is_empty() {
                // The head of a chunk or the trailers do not fit. Reading into an empty buffer
                // would look like the end of the stream.
                return Err(ErrorKind::InvalidData.into());
            }
            let length = stream.read(space)?;
            buffers.input_appended(length);
            Ok(length > 0)
        })
    }

    fn is_open(&mut self) -> bool {
        let is_empty = self.buffers.input().is_empty();
        self.is_idle = is_empty && self.open.as_mut().is_some_and(|(_, stream)| stream.is_idle());
        self.is_idle
    }

    fn is_tls(&self) -> bool {
        self.is_tls
    }
}

impl Drop for OwnTransport {
    fn drop(&mut self) {
        if let Some((target, stream)) = self.open.take().filter(|_| self.is_idle) {
            self.exchange.give_back(target, Connection::rejoin(stream, &mut self.buffers));
        }
    }
}

impl fmt::Debug for OwnConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnConnector").finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnTransport").field("is_tls", &self.is_tls).finish_non_exhaustive()
    }
}
