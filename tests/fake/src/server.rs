//! A server for a [`FakePlex`].

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;

#[cfg(feature = "tls")]
use crate::authority::ServerCertificate;
use crate::fake::{Delivery, FakePlex, Reply};
use pace::{Paced, Pacer};
use tls::Tls;

mod pace;
mod plan;
mod tls;

use plan::Plans;
#[doc(hidden)]
pub use plan::{ConnectionPlan, ConnectionPlans};

/// The response header that contains the request's number. Numbers start at 0, and start again at 0
/// after [`FakePlex::forget_requests`]. A test can use the header to detect that a client mixes
/// up its connections. The header is missing if the request was refused because its body exceeds
/// 1 MiB.
pub const REQUEST_NUMBER: &str = "x-fake-plex-request";

/// A server on `127.0.0.1` for a [`FakePlex`]. It runs in a separate thread until it is dropped.
///
/// ```
/// use plex_auth_fake::{FakePlex, Server};
///
/// let server = Server::http(FakePlex::new());
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// assert_eq!(server.with(|plex| plex.seen("POST", "/users/signin")), 0);
/// ```
#[derive(Debug)]
pub struct Server {
    url: String,
    port: u16,
    tls: Option<Tls>,
    shared: Shared,
    running: Option<Running>,
}

impl Server {
    /// Starts an HTTP server on a free port.
    ///
    /// # Panics
    ///
    /// Panics if no port is available or no thread can be started. [`bind`](Self::bind) returns an
    /// error instead.
    #[expect(clippy::expect_used, reason = "without a port no test can go on")]
    pub fn http(fake: FakePlex) -> Self {
        Self::bind(fake, 0).expect("cannot listen on 127.0.0.1")
    }

    /// Starts an HTTPS server on a free port with this certificate.
    ///
    /// # Panics
    ///
    /// Panics if no port is available or no thread can be started.
    /// [`bind_https`](Self::bind_https) returns an error instead.
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    #[expect(clippy::expect_used, reason = "without a port no test can go on")]
    pub fn https(fake: FakePlex, certificate: ServerCertificate) -> Self {
        Self::bind_https(fake, 0, certificate).expect("cannot listen on 127.0.0.1")
    }

    /// Starts an HTTP server on this port. 0 selects a free port.
    ///
    /// # Errors
    ///
    /// Returns an error if the port is not available or no thread can be started.
    pub fn bind(fake: FakePlex, port: u16) -> io::Result<Self> {
        Self::start(fake, port, None)
    }

    /// Starts an HTTPS server on this port with this certificate. 0 selects a free port.
    ///
    /// # Errors
    ///
    /// Returns an error if the port is not available or no thread can be started.
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    pub fn bind_https(
        fake: FakePlex,
        port: u16,
        certificate: ServerCertificate,
    ) -> io::Result<Self> {
        Self::start(fake, port, Some(Tls::new(certificate)?))
    }

    fn start(mut fake: FakePlex, port: u16, tls: Option<Tls>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        let url = match tls {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        fake.set_base_url(&url);
        let shared = Shared {
            fake: Arc::new(Mutex::new(fake)),
            connections: Arc::default(),
            plans: Arc::default(),
        };
        let running = Some(Running::start(listener, tls.clone(), shared.clone())?);
        Ok(Self { url, port, tls, shared, running })
    }

    /// Stops the server as if its process had been killed, which closes every connection, and
    /// starts it again on the same port after `down`. The fake, the connection count and the
    /// certificate are kept.
    ///
    /// # Errors
    ///
    /// Returns an error if the port is not available or no thread can be started. The server then
    /// stays stopped.
    pub fn restart(&mut self, down: Duration) -> io::Result<()> {
        drop(self.running.take());
        thread::sleep(down);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        self.running = Some(Running::start(listener, self.tls.clone(), self.shared.clone())?);
        Ok(())
    }

    /// Returns the URL: `http://127.0.0.1:PORT` or `https://localhost:PORT`, without a trailing
    /// slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Calls `look` with the fake, to inspect or change it. Requests are blocked during the call,
    /// so do not send any from the closure.
    pub fn with<R>(&self, look: impl FnOnce(&mut FakePlex) -> R) -> R {
        look(&mut self.shared.lock())
    }

    /// Returns a shared handle to the fake.
    pub fn fake(&self) -> Arc<Mutex<FakePlex>> {
        Arc::clone(&self.shared.fake)
    }

    /// Returns the number of accepted connections, including those whose TLS handshake failed.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Sets the plans that decide how new connections end.
    #[doc(hidden)]
    pub fn set_connection_plans(&self, plans: Arc<dyn ConnectionPlans>) {
        self.shared.plans.set(plans);
    }
}

/// A handle to the server's thread, which stops when the handle is dropped.
#[derive(Debug)]
struct Running {
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start(listener: TcpListener, tls: Option<Tls>, shared: Shared) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let serve = serve(listener, tls, shared);
        let thread = thread::Builder::new().name("fake-plex".to_owned()).spawn(move || {
            // Equivalent to `tokio::select!`, without the dependencies of tokio's macros.
            runtime.block_on(async {
                let (mut serve, mut stopped) = (pin!(serve), pin!(stopped));
                poll_fn(|cx| match (serve.as_mut().poll(cx), stopped.as_mut().poll(cx)) {
                    (Poll::Pending, Poll::Pending) => Poll::Pending,
                    _ => Poll::Ready(()),
                })
                .await;
            });
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has already been printed.
            drop(thread.join());
        }
    }
}

#[derive(Debug, Clone)]
struct Shared {
    fake: Arc<Mutex<FakePlex>>,
    connections: Arc<AtomicUsize>,
    plans: Arc<Plans>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, FakePlex> {
        self.fake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(listener: tokio::net::TcpListener, tls: Option<Tls>, shared: Shared) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        // Small pieces must be sent immediately.
        let _ = stream.set_nodelay(true);
        let plan = shared.plans.next();
        if plan.ends_with_reset() {
            let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
        let (tls, shared) = (tls.clone(), shared.clone());
        tokio::spawn(async move {
            match tls {
                None => converse(stream, shared, plan).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, shared, plan).await;
                    }
                }
            }
        });
    }
}

async fn converse<S>(stream: S, shared: Shared, plan: Arc<dyn ConnectionPlan>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let pacer = Pacer::default();
    let io = TokioIo::new(Paced::new(stream, pacer.clone(), Arc::clone(&plan)));
    let service = service_fn(|request| answer(request, &shared, &pacer, &*plan));
    // A connection error can be ignored: either the test asked for it, or the client has to handle
    // it.
    let _ = http1::Builder::new().serve_connection(io, service).await;
}

/// The maximum size of a body that is accepted and recorded. Bodies of requests to Plex are a few
/// kilobytes at most.
const MAX_BODY_SIZE: usize = 1024 * 1024;

/// Returns the response to a request whose body is too large. The body is not read completely, and
/// the request is not recorded.
fn too_large() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn answer(
    request: Request<Incoming>,
    shared: &Shared,
    pacer: &Pacer,
    plan: &dyn ConnectionPlan,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    // The body is not read, because a client may wait for the response before it sends the body.
    if body.size_hint().lower() > MAX_BODY_SIZE as u64 {
        return Ok(too_large());
    }
    let body = match Limited::new(body, MAX_BODY_SIZE).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(too_large()),
        Err(error) => return Err(io::Error::other(error)),
    };
    let request = Request::from_parts(parts, body);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (Reply { mut response, delivery }, number) = {
        let mut fake = shared.lock();
        let number = fake.number_of_requests();
        (fake.reply(&request, now), number)
    };
    response.headers_mut().insert(REQUEST_NUMBER, HeaderValue::from(number));
    let delivery = plan.delivery(&request, response.body().len()).unwrap_or(delivery);
    if plan.announces_end() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    match delivery {
        Delivery::After(pause) => tokio::time::sleep(pause).await,
        Delivery::Never => std::future::pending().await,
        Delivery::CloseUnanswered => return Err(io::ErrorKind::ConnectionAborted.into()),
        _ => {}
    }
    pacer.next_answer(delivery, response.body().len());
    Ok(response.map(|body| Full::new(Bytes::from(body))))
}

#[cfg(test)]
mod tests;
