use std::error::Error;
use std::io::{self, IoSlice};
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBufCursor, Sleep, Timer, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioTimer;
use plex_auth_proto::http::{Extensions, Uri};
use rustls::ClientConfig;
use tower_service::Service;

use super::resolver::Resolver;
use crate::client_error::ClientError;
use crate::error_chain::BoxError;

// This counts toward the 30 s limit of an exchange. hyper-util divides it among the addresses of
// each family, so that an address that does not respond leaves time for the others.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

type Https = HttpsConnector<HttpConnector<Resolver>>;
type Stream = <Https as Service<Uri>>::Response;
type Connecting = <Https as Service<Uri>>::Future;

/// A connector that gives each connection a [`ConnectionUse`].
#[derive(Clone)]
pub(super) struct Connector {
    https: Https,
}

impl Connector {
    pub(super) fn new(settings: Arc<ClientConfig>) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver::new());
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let https = HttpsConnector::from((http, settings));
        Self { https }
    }
}

impl Service<Uri> for Connector {
    type Response = Socket;
    type Error = BoxError;
    type Future = Opening;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, destination: Uri) -> Opening {
        Opening {
            connecting: self.https.call(destination),
            limit: None,
            since: TokioTimer::new().now(),
        }
    }
}

/// A connection being opened, with a time limit for name lookup, TCP and TLS together.
pub(super) struct Opening {
    connecting: Connecting,
    /// The timer, which is started at the first wait.
    limit: Option<Pin<Box<dyn Sleep>>>,
    /// The time at which the connection was requested.
    since: Instant,
}

impl Opening {
    fn poll_within_limit(&mut self, cx: &mut Context<'_>) -> Poll<Result<Stream, BoxError>> {
        if let Poll::Ready(result) = self.connecting.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        let limit = self.limit.get_or_insert_with(|| TokioTimer::new().sleep(CONNECT_TIMEOUT));
        ready!(limit.as_mut().poll(cx));
        Poll::Ready(Err(ClientError::ConnectTimedOut(CONNECT_TIMEOUT).into()))
    }

    /// Returns the elapsed time, but at most `CONNECT_TIMEOUT`. If it is at least one second, it is
    /// rounded down to whole seconds. hyper-util does not report its limit for a single address,
    /// which is shorter if there are several addresses.
    fn exceeded_limit(&self) -> Duration {
        let passed = TokioTimer::new().now().saturating_duration_since(self.since);
        let seconds = Duration::from_secs(passed.as_secs());
        if seconds.is_zero() { passed } else { seconds.min(CONNECT_TIMEOUT) }
    }
}

impl Future for Opening {
    type Output = Result<Socket, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // tokio panics if its runtime has no I/O driver, which cannot be checked in advance, and if
        // the runtime is being shut down.
        let polled = panic::catch_unwind(AssertUnwindSafe(|| self.poll_within_limit(cx)));
        let Ok(polled) = polled else {
            let reason = "this tokio runtime is being shut down or has no I/O driver; call \
                          enable_io or enable_all on its builder";
            return Poll::Ready(Err(ClientError::NotStarted(reason).into()));
        };
        polled.map_ok(Socket::new).map_err(|error| {
            if is_connect_timeout(&*error) {
                ClientError::ConnectTimedOut(self.exceeded_limit()).into()
            } else {
                error
            }
        })
    }
}

/// Returns whether the error means that hyper-util's time limit was exceeded. Unlike a timeout
/// reported by the operating system, such an error has no OS error code.
fn is_connect_timeout(error: &(dyn Error + 'static)) -> bool {
    let mut link = Some(error);
    while let Some(error) = link {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut && io.raw_os_error().is_none())
        {
            return true;
        }
        link = error.source();
    }
    false
}

/// A record of whether a connection has already delivered a response. It is attached to
/// hyper-util's [`Connected`].
#[derive(Clone, Debug, Default)]
pub(super) struct ConnectionUse {
    had_response: Arc<AtomicBool>,
}

impl ConnectionUse {
    pub(super) fn of(connected: &Connected) -> Option<Self> {
        let mut extras = Extensions::new();
        connected.get_extras(&mut extras);
        extras.remove()
    }

    /// Records that a response arrived on the connection, and returns whether it is the first one.
    pub(super) fn record_response(&self) -> bool {
        !self.had_response.swap(true, Ordering::Relaxed)
    }

    /// Returns whether a response has arrived on the connection.
    pub(super) fn had_response(&self) -> bool {
        self.had_response.load(Ordering::Relaxed)
    }
}

/// An open connection.
pub(super) struct Socket {
    stream: Stream,
    connection_use: ConnectionUse,
    /// An upper bound on the number of bytes read since the last wait.
    read: usize,
}

// Much larger than an ordinary response, so that an ordinary exchange does not yield.
const MAX_READ: usize = 64 * 1024;

impl Socket {
    fn new(stream: Stream) -> Self {
        Self { stream, connection_use: ConnectionUse::default(), read: 0 }
    }

    /// Yields to the runtime when `MAX_READ` bytes may have been read without waiting. hyper reads
    /// interim responses (1xx) as long as there are any, and tokio would let it read tens of
    /// megabytes without a break.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.read < MAX_READ {
            return Poll::Ready(());
        }
        self.read = 0;
        // Wakes the task after the runtime has processed its timers. Waking it directly would be
        // too early: on a single-threaded runtime, the call's time limit would have no effect.
        pin!(tokio::task::yield_now()).poll(cx)
    }
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.connection_use.clone())
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_turn(cx));
        let space = buf.remaining();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.read = if polled.is_ready() { self.read.saturating_add(space) } else { 0 };
        polled
    }
}

impl Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::task::Waker;

    use super::*;

    #[test]
    fn connect_timeout_is_the_time_that_passed() {
        for (passed, reported) in [(5, 5), (11, 10)] {
            let error = io::Error::from(io::ErrorKind::TimedOut);
            let connecting: Connecting = Box::pin(ready(Err(error.into())));
            let since = TokioTimer::new().now() - Duration::from_secs(passed);
            let opening = pin!(Opening { connecting, limit: None, since });
            let Poll::Ready(Err(error)) = opening.poll(&mut Context::from_waker(Waker::noop()))
            else {
                panic!("no error");
            };
            let error = error.downcast_ref::<ClientError>();
            let expected = Duration::from_secs(reported);
            assert!(
                matches!(error, Some(ClientError::ConnectTimedOut(time)) if *time == expected),
                "{error:?}"
            );
        }
    }
}
