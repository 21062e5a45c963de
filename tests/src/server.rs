//! The thin carrier: a [`FakePlex`] behind a socket.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::kill::{Death, Fates, Kills, Life};
use crate::pace::{Paced, Pacer};
use crate::{Delivery, FakePlex, Reply, ServerCertificate};

/// The header of an answer that says which request it answers: its place among
/// [`FakePlex::requests`], counted from 0. A client that mixes up its connections can be caught by it.
pub const REQUEST_NUMBER: &str = "x-fake-plex-request";

/// A [`FakePlex`] on `127.0.0.1`, on a thread of its own, until it is dropped.
///
/// ```
/// use plex_auth_tests::{FakePlex, Server};
///
/// let server = Server::http(FakePlex::new());
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// assert_eq!(server.with(|plex| plex.seen("POST", "/users/signin")), 0);
/// ```
#[derive(Debug)]
pub struct Server {
    url: String,
    port: u16,
    tls: Option<Arc<ServerConfig>>,
    shared: Shared,
    running: Option<Running>,
}

impl Server {
    /// Starts over HTTP, at a free port.
    ///
    /// # Panics
    ///
    /// When no port can be had. [`bind`](Self::bind) returns the error.
    #[expect(clippy::expect_used, reason = "without a port no test can go on")]
    pub fn http(fake: FakePlex) -> Self {
        Self::bind(fake, 0, None).expect("a free port on 127.0.0.1")
    }

    /// Starts over HTTPS, at a free port, and shows this certificate.
    ///
    /// # Panics
    ///
    /// When no port can be had. [`bind`](Self::bind) returns the error.
    #[expect(clippy::expect_used, reason = "without a port no test can go on")]
    pub fn https(fake: FakePlex, certificate: ServerCertificate) -> Self {
        Self::bind(fake, 0, Some(certificate)).expect("a free port on 127.0.0.1")
    }

    /// Starts at this port, 0 being a free one; over HTTPS when there is a certificate.
    ///
    /// # Errors
    ///
    /// When the port cannot be had, or no thread can be started.
    pub fn bind(
        mut fake: FakePlex,
        port: u16,
        certificate: Option<ServerCertificate>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        let tls = certificate.map(tls).transpose()?;
        let url = match tls {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        fake.set_base_url(&url);
        let shared = Shared {
            fake: Arc::new(Mutex::new(fake)),
            connections: Arc::default(),
            fates: Arc::default(),
        };
        let running = Some(Running::start(listener, tls.clone(), shared.clone())?);
        Ok(Self { url, port, tls, shared, running })
    }

    /// Ends as a process that is killed does, every connection with it, and starts again at the same port
    /// after so long. The fake, the counts and the certificate are as they were.
    ///
    /// # Errors
    ///
    /// When the port cannot be had again, or no thread can be started. It stays down then.
    pub fn restart(&mut self, down: Duration) -> io::Result<()> {
        drop(self.running.take());
        thread::sleep(down);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        self.running = Some(Running::start(listener, self.tls.clone(), self.shared.clone())?);
        Ok(())
    }

    /// Where it is: `http://127.0.0.1:PORT` or `https://localhost:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Looks at the fake, or changes it. Requests wait in the meantime, so send none from inside.
    pub fn with<R>(&self, look: impl FnOnce(&mut FakePlex) -> R) -> R {
        look(&mut self.shared.lock())
    }

    /// The fake, to share it.
    pub fn fake(&self) -> Arc<Mutex<FakePlex>> {
        Arc::clone(&self.shared.fake)
    }

    /// How many connections it has accepted, those included that failed in TLS.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// From now on new connections die early as it is said here, and no others.
    pub fn kill(&self, kills: impl Into<Option<Kills>>) {
        self.shared.fates.set(kills.into());
    }

    /// The connections that died early, oldest first.
    pub fn deaths(&self) -> Vec<Death> {
        self.shared.fates.deaths()
    }
}

/// The thread that serves, until it is dropped.
#[derive(Debug)]
struct Running {
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start(
        listener: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        shared: Shared,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let serve = serve(listener, tls.map(TlsAcceptor::from), shared);
        let thread = thread::Builder::new().name("fake-plex".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there has been printed there.
            drop(thread.join());
        }
    }
}

#[derive(Debug, Clone)]
struct Shared {
    fake: Arc<Mutex<FakePlex>>,
    connections: Arc<AtomicUsize>,
    fates: Arc<Fates>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, FakePlex> {
        self.fake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tls(certificate: ServerCertificate) -> io::Result<Arc<ServerConfig>> {
    let (certificate, key) = certificate.into_parts();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key))
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

async fn serve(listener: tokio::net::TcpListener, tls: Option<TlsAcceptor>, shared: Shared) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        // Small pieces are to go out as they are written.
        let _ = stream.set_nodelay(true);
        let life = Arc::new(shared.fates.next());
        if life.ends_torn() {
            let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
        let (tls, shared) = (tls.clone(), shared.clone());
        tokio::spawn(async move {
            match tls {
                None => converse(stream, shared, life).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, shared, life).await;
                    }
                }
            }
        });
    }
}

async fn converse<S>(stream: S, shared: Shared, life: Arc<Life>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let pacer = Pacer::default();
    let io = TokioIo::new(Paced::new(stream, pacer.clone(), Arc::clone(&life)));
    let service = service_fn(|request| answer(request, &shared, &pacer, &life));
    // A connection that ends badly is the client's to notice, or was ordered.
    let _ = http1::Builder::new().serve_connection(io, service).await;
}

async fn answer(
    request: Request<Incoming>,
    shared: &Shared,
    pacer: &Pacer,
    life: &Life,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
    let request = Request::from_parts(parts, body);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (Reply { mut response, delivery }, number) = {
        let mut fake = shared.lock();
        let number = fake.requests().len();
        (fake.reply(&request, now), number)
    };
    response.headers_mut().insert(REQUEST_NUMBER, HeaderValue::from(number));
    let delivery = life.delivery(&request, response.body().len()).unwrap_or(delivery);
    if life.ends_in_order() {
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
