use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http_body::Body;
use hyper::rt::Timer;
use plex_auth_proto::flow::Now;
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::{Call, Error, Observer, Outgoing, TransportError};
use tower_service::Service;

#[cfg(feature = "client")]
use crate::client::Client;
use crate::clock::{self, SharedClock};
use crate::deadline::Deadline;
use crate::error_chain::BoxError;
use crate::exchange;
use crate::request_body::RequestBody;
use crate::sleep::SharedTimer;

/// The default time limit for an exchange: 30 s.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// A transport that sends calls with a [`tower_service::Service`]. By default, the service is a
/// `Client` on tokio.
///
/// Clones are cheap and share the connections. The futures of [`send`](Self::send),
/// [`exchange`](Self::exchange) and [`fetch`](Self::fetch) can be spawned, because they borrow
/// nothing from the transport, and can be dropped at any time. The [crate's documentation](crate)
/// lists the guarantees and limitations.
///
#[cfg_attr(feature = "client", doc = "```")]
#[cfg_attr(not(feature = "client"), doc = "```ignore")]
/// use std::time::Duration;
/// use plex_auth_hyper::Transport;
///
/// let http = Transport::new().timeout(Duration::from_secs(5)).max_body_size(64 * 1024);
/// # let _ = http;
/// ```
#[derive(Clone)]
pub struct Transport<#[cfg(feature = "client")] S = Client, #[cfg(not(feature = "client"))] S> {
    service: S,
    timer: SharedTimer,
    clock: SharedClock,
    timeout: Duration,
    max_body_size: Option<usize>,
    observer: Option<Arc<dyn Observer>>,
}

impl<S> Transport<S> {
    /// Creates a transport that uses your own service, such as hyper-util's client with another
    /// connector, a tower stack or a mock. `timer` is your runtime's timer: hyper-util has a timer
    /// for tokio, and smol-hyper has a timer for smol.
    ///
    /// The limits for time and size apply, and redirects that the service returns are not followed.
    /// A service that retries or follows redirects cannot be controlled: see the [crate's
    /// documentation](crate#limitations).
    ///
    /// Unlike with `Transport::new`, there is no separate time limit for connecting, and a call
    /// that wants [its own connection](plex_auth_proto::Reply::wants_own_connection) may not get
    /// one. With a client from hyper-util, `pool_max_idle_per_host(0)` gives every call its own
    /// connection.
    ///
    /// The service receives requests with an absolute URI and without a `host` header, as
    /// hyper-util's client expects.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::convert::Infallible;
    /// use std::future::{ready, Ready};
    /// use std::task::{Context, Poll};
    ///
    /// use plex_auth_hyper::http::{Request, Response};
    /// use plex_auth_hyper::{ClientIdentity, Error, PlexTv, RequestBody, Token, Transport};
    ///
    /// /// Rejects every token.
    /// #[derive(Clone)]
    /// struct Mock;
    ///
    /// impl tower_service::Service<Request<RequestBody>> for Mock {
    ///     type Response = Response<String>;
    ///     type Error = Infallible;
    ///     type Future = Ready<Result<Response<String>, Infallible>>;
    ///
    ///     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
    ///         Poll::Ready(Ok(()))
    ///     }
    ///
    ///     fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
    ///         assert_eq!(request.uri(), "https://plex.tv/api/v2/user");
    ///         let mut response = Response::new(r#"{"errors": [{"code": 1001}]}"#.to_owned());
    ///         *response.status_mut() = plex_auth_hyper::http::StatusCode::UNAUTHORIZED;
    ///         ready(Ok(response))
    ///     }
    /// }
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let call = PlexTv::new(identity).token_details(&Token::new("xyz-Abc_0123456789ab")?);
    ///
    /// let transport = Transport::over(Mock, smol_hyper::rt::SmolTimer::new());
    /// let error = smol::block_on(transport.send(call)).unwrap_err();
    /// assert!(error.is_token_invalid());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn over(service: S, timer: impl Timer + Send + Sync + 'static) -> Self {
        let timer: SharedTimer = Arc::new(timer);
        let clock = clock::of_timer(timer.clone());
        Self {
            service,
            timer,
            clock,
            timeout: DEFAULT_TIMEOUT,
            max_body_size: None,
            observer: None,
        }
    }

    pub(crate) fn timer(&self) -> &SharedTimer {
        &self.timer
    }

    pub(crate) fn shared_clock(&self) -> SharedClock {
        self.clock.clone()
    }

    /// Returns the current time for flow methods such as `progress`, `save` and `restore`.
    pub fn now(&self) -> Now {
        (self.clock)()
    }

    /// Replaces the clock for flows, which by default combines the timer and the system clock. The
    /// clock must always measure time from the same origin. All transports that drive the same flow
    /// must use that origin.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the time limit for an exchange, from the name lookup to the last byte of the response.
    /// A call's own [deadline](Call::deadline) overrides it.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Sets the size limit for successful responses, in bytes. The default is
    /// [1 MiB](plex_auth_proto::call::DEFAULT_MAX_BODY_SIZE). A call's own limit overrides it.
    #[must_use]
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.max_body_size = Some(bytes);
        self
    }

    /// Sets the observer, which is notified before and after each attempt to send a request, and if
    /// a future is dropped during an attempt. It replaces any previous observer; to notify two,
    /// pass a pair.
    ///
    /// A retry by this crate counts as a separate attempt. Retries by your own service are not
    /// reported, and neither are retries by hyper-util, which happen only if none of the request
    /// was written.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::sync::{Arc, Mutex};
    ///
    /// use plex_auth_hyper::observer::{Attempt, AttemptEnd, Observer};
    /// # use std::convert::Infallible;
    /// # use std::future::{ready, Ready};
    /// # use std::task::{Context, Poll};
    /// # use plex_auth_hyper::http::{Request, Response};
    /// # use plex_auth_hyper::{ClientIdentity, PlexTv, RequestBody, Transport};
    /// #
    /// # #[derive(Clone)]
    /// # struct Mock;
    /// #
    /// # impl tower_service::Service<Request<RequestBody>> for Mock {
    /// #     type Response = Response<String>;
    /// #     type Error = Infallible;
    /// #     type Future = Ready<Result<Response<String>, Infallible>>;
    /// #
    /// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
    /// #         Poll::Ready(Ok(()))
    /// #     }
    /// #
    /// #     fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
    /// #         ready(Ok(Response::new(r#"{"keys": []}"#.to_owned())))
    /// #     }
    /// # }
    ///
    /// #[derive(Default)]
    /// struct Lines(Mutex<Vec<String>>);
    ///
    /// impl Observer for Lines {
    ///     fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
    ///         let line = format!("{} {}: {:?}", attempt.method(), attempt.url(), end.status());
    ///         self.0.lock().unwrap().push(line);
    ///     }
    /// }
    ///
    /// let lines = Arc::new(Lines::default());
    /// # let transport = Transport::over(Mock, smol_hyper::rt::SmolTimer::new());
    /// let transport = transport.observer(Arc::clone(&lines));
    /// # let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
    /// # smol::block_on(async {
    /// transport.send(plex_tv.plex_keys()).await?;
    /// assert_eq!(*lines.0.lock().unwrap(), ["GET https://plex.tv/api/v2/auth/keys: Some(200)"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }
}

impl<S, B> Transport<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    /// Sends a call and returns its value.
    ///
    /// A rate limit (429) and an outage (5xx) are returned as errors, not retried. To retry,
    /// [drive](Self::drive) a [`RetriedCall`](plex_auth_proto::flow::RetriedCall).
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Token, Transport};
    ///
    /// # fn stored() -> String { String::new() }
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let call = PlexTv::new(identity).token_details(&Token::new(stored())?);
    /// match Transport::new().send(call).await {
    ///     Ok(account) => println!("hello {}", account.title.unwrap_or_default()),
    ///     Err(error) if error.is_token_invalid() => println!("please sign in again"),
    ///     Err(error) if error.is_retryable() => println!("please try later: {error}"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// The future does nothing until it is first polled, and can be dropped at any time. If it is
    /// dropped after the first poll, the request may have been sent, and the server may have
    /// carried it out; there is no way to find out. An
    /// [idempotent](plex_auth_proto::Reply::is_idempotent) call can be repeated. Do not repeat any
    /// other call blindly: a dropped sign-in may have created a token that the program never
    /// receives. To limit the time, use [`timeout`](Self::timeout) or [`Call::deadline`] instead of
    /// dropping the future: the resulting error says whether [the request may have been
    /// sent](plex_auth_proto::TransportError::may_have_been_sent).
    ///
    /// # Errors
    ///
    /// Returns [`Error::Response`] if a response arrived but is an error or cannot be read, and
    /// [`Error::Transport`] if no complete response arrived.
    pub fn send<T>(&self, call: Call<T>) -> impl Future<Output = Result<T, Error>> + use<S, B, T> {
        let exchange = self.exchange(call);
        async move { Ok(exchange.await?.into_body()) }
    }

    /// Sends a call and returns its value, along with the status and the headers of the response.
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Transport};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let response = Transport::new().exchange(PlexTv::new(identity).plex_keys()).await?;
    /// println!("{}, {:?}", response.status(), response.headers().get("date"));
    /// println!("{} keys", response.body().keys.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Same as [`send`](Self::send): after the future is dropped, the request may have been sent.
    ///
    /// # Errors
    ///
    /// Same as [`send`](Self::send).
    pub fn exchange<T>(
        &self,
        call: Call<T>,
    ) -> impl Future<Output = Result<Response<T>, Error>> + use<S, B, T> {
        let (outgoing, reply) = call.into_outgoing();
        let outgoing = self.with_limit(outgoing);
        let deadline = self.deadline(&outgoing);
        exchange::exchange(self.service.clone(), outgoing, reply, deadline, self.observer.clone())
    }

    /// Sends a request from a flow or from [`Call::into_outgoing`], and returns the unparsed
    /// response.
    ///
    /// A body is cut off at the size limit. If the body ends early, returns an error for a
    /// successful response, and for a 4xx response if none of the body arrived; any other response
    /// is returned with the part that arrived. Error statuses and unreadable bodies are reported by
    /// the call's [`Reply`](plex_auth_proto::Reply), or by the flow.
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Transport};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let (outgoing, reply) = PlexTv::new(identity).plex_keys().into_outgoing();
    /// let response = Transport::new().fetch(outgoing).await?;
    /// println!("{} keys", reply.parse(&response)?.keys.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Same as [`send`](Self::send): after the future is dropped, the request may have been sent.
    ///
    /// # Errors
    ///
    /// Returns a [`TransportError`] if no response arrived, or if the response ended too early.
    pub fn fetch(
        &self,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<Response<plex_auth_proto::Body>, TransportError>> + use<S, B>
    {
        let outgoing = self.with_limit(outgoing);
        let deadline = self.deadline(&outgoing);
        exchange::fetch(self.service.clone(), outgoing, deadline, self.observer.clone())
    }

    fn with_limit(&self, outgoing: Outgoing) -> Outgoing {
        match self.max_body_size {
            Some(bytes) => outgoing.default_max_body_size(bytes),
            None => outgoing,
        }
    }

    fn deadline(&self, outgoing: &Outgoing) -> Deadline {
        Deadline::new(self.timer.clone(), outgoing.deadline().unwrap_or(self.timeout))
    }
}

impl<S> fmt::Debug for Transport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service: _, timer: _, clock: _, timeout, max_body_size, observer: _ } = self;
        f.debug_struct("Transport")
            .field("timeout", timeout)
            .field("max_body_size", max_body_size)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
