use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::{Request, Response, Uri};
use rustls::ClientConfig;
use tower_service::Service;

use crate::client_error::ClientError;
use crate::error_chain::{self, BoxError};
use crate::observed::Observed;
use crate::request_body::RequestBody;
use crate::send_state::SendState;
use crate::sleep::GuardedSleep;
use connector::{ConnectionUse, Connector};
pub(crate) use tls::{roots, settings};

mod connector;
mod resolver;
mod tls;

/// The time after which an idle connection is closed.
// The same as in ureq. The server can close an idle connection at any time, and the outcome of a
// request that is in flight at that moment is unknown.
const IDLE: Duration = Duration::from_secs(15);

/// The HTTP client that [`Transport::new`](crate::Transport::new) uses: hyper-util's pooling client
/// on tokio, with rustls, ring and Mozilla's root certificates.
///
/// It follows no redirects, supports no proxies, ignores the environment, and adds only `host` to a
/// request.
///
/// # Retries
///
/// hyper-util retries a request if it reused a connection that closed before any of the request was
/// written, which is safe.
///
/// This client also retries a partly or completely written request, but only once, and only if all
/// of the following hold: the call is [idempotent](plex_auth_proto::Reply::is_idempotent), which a
/// sign-in is not; the connection had already delivered an earlier response; and it ended before
/// the response to this request. The retry uses a new connection, because a server that closes one
/// idle connection often closes all of them.
#[derive(Clone)]
pub struct Client {
    pools: Result<Arc<Pools>, ClientError>,
}

struct Pools {
    /// A pool that reuses connections.
    reusing: Pool,
    /// A pool that opens a connection for each request.
    fresh: Pool,
}

type Pool = legacy::Client<Connector, RequestBody>;

impl Client {
    /// Creates a client with these settings. If there are none, every call returns an error.
    pub(crate) fn new(settings: Option<ClientConfig>) -> Self {
        let pools = settings
            .map(|settings| {
                let connector = Connector::new(Arc::new(settings));
                let reusing = legacy::Client::builder(TokioExecutor::new())
                    .pool_idle_timeout(IDLE)
                    .pool_timer(TokioTimer::new())
                    .retry_canceled_requests(true)
                    .build(connector.clone());
                let fresh = legacy::Client::builder(TokioExecutor::new())
                    .pool_max_idle_per_host(0)
                    .build(connector);
                Arc::new(Pools { reusing, fresh })
            })
            .ok_or(ClientError::NotStarted("TLS could not be set up"));
        Self { pools }
    }
}

impl Service<Request<RequestBody>> for Client {
    type Response = Response<Incoming>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let pools = self.pools.clone();
        Box::pin(async move {
            let send_state = request.extensions_mut().remove::<SendState>().unwrap_or_else(|| {
                let mut send_state = SendState::new(None, false, Observed::default());
                send_state.attach_to(&mut request);
                send_state
            });
            send_state.set_sent(false);
            check_runtime()?;
            check_url(&request)?;
            if !send_state.wants_own_connection() {
                // A runtime with one thread may not have read from the idle connections since the
                // last call. Yielding lets it notice those that were closed or have an unread
                // response, so that they are not used.
                tokio::task::yield_now().await;
            }
            fetch(&*pools?, request, &send_state).await
        })
    }
}

async fn fetch(
    pools: &Pools,
    mut request: Request<RequestBody>,
    send_state: &SendState,
) -> Result<Response<Incoming>, BoxError> {
    let pool = if send_state.wants_own_connection() { &pools.fresh } else { &pools.reusing };
    let captured = send_state.connection().cloned();
    let captured = captured.unwrap_or_else(|| capture_connection(&mut request));
    let first = match attempt(pool, request, captured, send_state).await {
        Ok(response) => return Ok(response),
        Err(failed) => failed,
    };
    match send_state.copy() {
        Some(copy) if first.stale => {
            let observed = send_state.observed();
            observed.finish(0, Err(first.kind));
            let mut request = copy.to_request();
            observed.start();
            let captured = capture_connection(&mut request);
            match attempt(&pools.fresh, request, captured, send_state).await {
                Ok(response) => Ok(response),
                Err(second) => {
                    // The first request may have arrived, whatever happened to the second.
                    send_state.set_sent(true);
                    // The transport sees only one of the two errors.
                    observed.finish(0, Err(second.kind));
                    Err(if second.sent { second.error } else { first.error })
                }
            }
        }
        _ => {
            send_state.set_sent(first.sent);
            Err(first.error)
        }
    }
}

/// A failed attempt.
struct FailedAttempt {
    error: BoxError,
    kind: TransportErrorKind,
    sent: bool,
    /// Whether the connection had already delivered an earlier response, and ended before the
    /// response to this request.
    stale: bool,
}

async fn attempt(
    pool: &Pool,
    mut request: Request<RequestBody>,
    captured: CaptureConnection,
    send_state: &SendState,
) -> Result<Response<Incoming>, FailedAttempt> {
    remove_user_info(request.uri_mut());
    let mut pending = pool.request(request);
    let response = poll_fn(|cx| {
        let polled = Pin::new(&mut pending).poll(cx);
        // This is recorded immediately, because the caller can drop the future at any time.
        if captured.connection_metadata().is_some() {
            send_state.set_sent(true);
        }
        polled
    })
    .await;
    let connection_use = captured.connection_metadata().as_ref().and_then(ConnectionUse::of);
    response
        .inspect(|_| {
            if connection_use.as_ref().is_some_and(ConnectionUse::record_response) {
                send_state.set_fresh();
            }
        })
        .map_err(|error| {
            let error = BoxError::from(error);
            let failure = error_chain::head_failure(&error);
            FailedAttempt {
                kind: failure.kind(),
                sent: failure.may_have_been_sent() && connection_use.is_some(),
                stale: failure.kind() == TransportErrorKind::CutOff
                    && connection_use.is_some_and(|connection_use| connection_use.had_response()),
                error,
            }
        })
}

// If a timer is due sooner than all others, starting it wakes the runtime's thread, which costs two
// system calls. This is longer than the default time limit of an exchange.
const NEVER_AWAITED: Duration = Duration::from_secs(60);

/// Checks for a runtime with a working timer, without which hyper-util and tokio panic.
fn check_runtime() -> Result<(), ClientError> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(ClientError::NotStarted(
            "the request must be sent from within a tokio runtime",
        ));
    }
    // The only way to find out whether a runtime's timer can be used is to use it.
    let mut sleep = GuardedSleep::start(&TokioTimer::new(), NEVER_AWAITED).map_err(|_| {
        ClientError::NotStarted(
            "this tokio runtime has no timer; call enable_time or enable_all on its builder",
        )
    })?;
    match Pin::new(&mut sleep).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Err(_)) => {
            Err(ClientError::NotStarted("this tokio runtime is being shut down"))
        }
        _ => Ok(()),
    }
}

/// Rejects a URL that hyper-util cannot use, because hyper-util would log it.
fn check_url(request: &Request<RequestBody>) -> Result<(), ClientError> {
    match (request.uri().scheme_str(), request.uri().authority()) {
        (Some("http" | "https"), Some(_)) => Ok(()),
        _ => Err(ClientError::NotStarted("the URL is not an absolute http or https URL")),
    }
}

/// Removes the user information from the URL, because hyper-util would log it. It is not sent
/// anyway.
fn remove_user_info(uri: &mut Uri) {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let Some((_, host)) = authority.rsplit_once('@') else { return };
    let mut parts = uri.clone().into_parts();
    parts.authority = host.parse().ok();
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
