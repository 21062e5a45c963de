//! The state of one exchange, shared with the connection that ureq uses for it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use plex_auth_proto::http::Uri;

use super::buffered::Connection;
use super::connections::Connections;
use super::target::Target;
use crate::deadline::{Deadline, is_exceeded};
use crate::failure::Failure;
#[cfg(feature = "rustls")]
use crate::tls_error;

// If the first address does not respond, enough time remains for the others, because each address
// except the last gets half of the remaining time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The connections that an exchange may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// An idle or fresh connection, which is kept afterwards.
    Any,
    /// A fresh connection, which is kept afterwards. Idle connections to the same target are
    /// closed.
    Fresh,
    /// A fresh connection that is not kept.
    Never,
}

/// One exchange: one attempt to send a request and receive its response.
#[derive(Clone)]
pub(crate) struct Exchange(Arc<Inner>);

struct Inner {
    connections: Arc<Connections>,
    reuse: Reuse,
    deadline: Deadline,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    was_sent: bool,
    was_reused: bool,
    failure: Option<Failure>,
    /// The connection, if ureq has returned it after a complete response.
    returned: Option<(Target, Connection)>,
    /// Whether a returned connection may be kept: nothing failed while the response was read, and
    /// `reuse` allows it.
    is_finished: bool,
}

impl Exchange {
    pub(crate) fn new(connections: &Arc<Connections>, deadline: Deadline, reuse: Reuse) -> Self {
        Self(Arc::new(Inner {
            connections: Arc::clone(connections),
            reuse,
            deadline,
            state: Mutex::default(),
        }))
    }

    /// Returns whether any of the request may have been sent.
    pub(crate) fn was_sent(&self) -> bool {
        self.lock().was_sent
    }

    /// Returns whether an idle connection was reused.
    pub(crate) fn was_reused(&self) -> bool {
        self.lock().was_reused
    }

    /// Returns why the connection failed, if it did.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.lock().failure
    }

    /// Records that the response has been read. When the last clone of this exchange is dropped,
    /// the connection is kept for the next exchange if the response was complete, nothing failed,
    /// `reuse` allows it, and the connection was not [retired](Self::retire).
    pub(crate) fn finish(&self) {
        let mut state = self.lock();
        state.is_finished = state.failure.is_none() && self.0.reuse != Reuse::Never;
    }

    /// Closes the connection instead of keeping it.
    pub(crate) fn retire(&self) {
        let _closed = self.lock().returned.take();
    }

    /// Takes an idle connection or opens a new one.
    pub(super) fn connect(&self, uri: &Uri) -> Result<(Target, Connection), Failure> {
        let result = self.connection(uri);
        if let Err(failure) = &result {
            self.lock().failure = Some(*failure);
        }
        result
    }

    fn connection(&self, uri: &Uri) -> Result<(Target, Connection), Failure> {
        let Inner { connections, reuse, deadline, .. } = &*self.0;
        let reason = "the URL is not an absolute http or https URL";
        let not_started = TransportErrorKind::NotStarted(reason);
        let target = Target::new(uri).ok_or(Failure::not_sent(not_started))?;
        if target.is_secure() && cfg!(not(feature = "rustls")) {
            let no_tls = TransportErrorKind::Tls(TlsErrorKind::NotAvailable);
            return Err(Failure::not_sent(no_tls));
        }
        match reuse {
            Reuse::Any => {
                if let Some(mut connection) = connections.pool().take(&target) {
                    connection.stream.set_deadline(*deadline);
                    self.lock().was_reused = true;
                    return Ok((target, connection));
                }
            }
            Reuse::Fresh => connections.pool().close(&target),
            Reuse::Never => {}
        }
        let mut stream = connections.open(&target, deadline.part(CONNECT_TIMEOUT))?;
        stream.set_deadline(*deadline);
        Ok((target, Connection::new(stream)))
    }

    /// Records that some of the request is about to be sent.
    pub(super) fn sending(&self) {
        self.lock().was_sent = true;
    }

    /// Records an error on the established connection, unless an earlier one has been recorded.
    pub(super) fn fail(&self, error: &io::Error) {
        let failure = Failure::new(self.classify(error), self.was_sent());
        self.lock().failure.get_or_insert(failure);
    }

    /// Takes the connection back from ureq.
    pub(super) fn give_back(&self, target: Target, connection: Connection) {
        self.lock().returned = Some((target, connection));
    }

    fn classify(&self, error: &io::Error) -> TransportErrorKind {
        use io::ErrorKind as Kind;

        #[cfg(feature = "rustls")]
        if tls_error::find(error).is_some() {
            return TransportErrorKind::Tls(TlsErrorKind::Other);
        }
        match error.kind() {
            _ if is_exceeded(error) => TransportErrorKind::TimedOut(self.0.deadline.limit()),
            // Includes a TLS connection that ends without `close_notify`.
            Kind::UnexpectedEof
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe
            // The system reports this if the host no longer responds.
            | Kind::TimedOut => TransportErrorKind::CutOff,
            Kind::InvalidData => TransportErrorKind::NotHttp,
            _ => TransportErrorKind::Other,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((target, connection)) = state.returned.take().filter(|_| state.is_finished) {
            self.connections.pool().put(target, connection);
        }
    }
}
