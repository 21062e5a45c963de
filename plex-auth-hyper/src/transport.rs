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
use crate::deadline::{Deadline, SharedTimer};
use crate::error_chain::BoxError;
use crate::exchange;
use crate::request_body::RequestBody;

/// How long a whole exchange may take unless the transport or the call says otherwise: 30 s.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends calls over a [`tower_service::Service`], which unless told otherwise is a `Client` on tokio.
///
/// Clone it freely: the clones share their connections. The futures hold nothing of the transport's, so
/// that they can be spawned, and can be dropped at any point. What it promises, and what not, stands in the
/// [crate's documentation](crate).
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
    /// A transport over a service of yours: hyper-util's client with another connector, a tower stack, a
    /// mock. The timer is your runtime's; hyper-util has tokio's, smol-hyper has smol's.
    ///
    /// Time and size are bounded as they always are, and a redirect that the service hands up is not
    /// followed. A service that follows redirects or sends again by itself is out of reach: see the
    /// [crate's documentation](crate#what-it-does-not-promise).
    ///
    /// The service gets requests with an absolute URI and without a `host` header, as hyper-util's
    /// client takes them.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::future::{ready, Ready};
    /// use std::task::{Context, Poll};
    ///
    /// use plex_auth_hyper::http::{Request, Response};
    /// use plex_auth_hyper::{ClientIdentity, Error, PlexTv, RequestBody, Token, Transport};
    ///
    /// /// Knows no token.
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
    ///         let mut answer = Response::new(r#"{"errors": [{"code": 1001}]}"#.to_owned());
    ///         *answer.status_mut() = plex_auth_hyper::http::StatusCode::UNAUTHORIZED;
    ///         ready(Ok(answer))
    ///     }
    /// }
    ///
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let call = PlexTv::new(me).token_details(&Token::new("xyz-Abc_0123456789ab")?);
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

    /// The time by the clock of flows, for methods of a flow such as `progress` and `save`.
    pub fn now(&self) -> Now {
        (self.clock)()
    }

    /// Sets the clock of flows, in place of the timer's and the system's. All readings must have the same origin, also
    /// those of other transports that drive the same flow.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets how long a whole exchange may take, from the name to the last byte of the answer, in place
    /// of [`DEFAULT_TIMEOUT`]. A call with a [deadline](Call::deadline) of its own keeps that.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Sets how large an answer may be, in bytes, in place of
    /// [1 MiB](plex_auth_proto::call::DEFAULT_MAX_BODY_SIZE). A call with a limit of its own keeps that.
    #[must_use]
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.max_body_size = Some(bytes);
        self
    }

    /// Notifies this observer before each attempt to send a request and after it, whichever method sends it, and also if
    /// the future is dropped. It replaces the previous one; a pair notifies both.
    ///
    /// A retry over the client of `Transport::new` is an attempt of its own. What a service of the caller's sends again by
    /// itself is not reported.
    ///
    /// ```
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
    /// # let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
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
    /// Sends a call and returns the value that it is for.
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Token, Transport};
    ///
    /// # fn stored() -> String { String::new() }
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let call = PlexTv::new(me).token_details(&Token::new(stored())?);
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
    /// The future can be dropped at any point, and does nothing until it is first polled. Afterwards the request may
    /// have been sent, and the server may have carried it out: dropping the future does not reveal which. Send an
    /// [idempotent](plex_auth_proto::Reply::is_idempotent) call again. Do not repeat any other call blindly: a sign-in that was
    /// dropped may have created a token that the program never receives. To limit the time, use [`timeout`](Self::timeout) or
    /// [`Call::deadline`] instead of dropping the future: their error says whether
    /// [the request may have been sent](plex_auth_proto::TransportError::may_have_been_sent).
    ///
    /// # Errors
    ///
    /// [`Error::Response`] where an answer came and says no or is not what was asked for;
    /// [`Error::Transport`] where none came, with the reason, and whether anything was sent.
    pub fn send<T>(&self, call: Call<T>) -> impl Future<Output = Result<T, Error>> + use<S, B, T> {
        let exchange = self.exchange(call);
        async move { Ok(exchange.await?.into_body()) }
    }

    /// Sends a call and returns the value with the answer's status and headers.
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Transport};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let answer = Transport::new().exchange(PlexTv::new(me).plex_keys()).await?;
    /// println!("{}, {:?}", answer.status(), answer.headers().get("date"));
    /// println!("{} keys", answer.body().keys.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// The same as of [`send`](Self::send): after the future was dropped, the request may have been sent.
    ///
    /// # Errors
    ///
    /// The same as of [`send`](Self::send).
    pub fn exchange<T>(
        &self,
        call: Call<T>,
    ) -> impl Future<Output = Result<Response<T>, Error>> + use<S, B, T> {
        let (outgoing, reply) = call.into_outgoing();
        let outgoing = self.with_limit(outgoing);
        let deadline = self.deadline(&outgoing);
        exchange::exchange(self.service.clone(), outgoing, reply, deadline, self.observer.clone())
    }

    /// Sends a request of a flow, or of a call that was taken apart, and returns the response unread.
    ///
    /// A body is cut off at the size limit, and one that ended early is only accepted if the status is not a success: the
    /// [`Reply`](plex_auth_proto::Reply) of the call, or the flow, reports it.
    ///
    #[cfg_attr(feature = "client", doc = "```no_run")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// use plex_auth_hyper::{ClientIdentity, PlexTv, Transport};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let (outgoing, reply) = PlexTv::new(me).plex_keys().into_outgoing();
    /// let response = Transport::new().fetch(outgoing).await?;
    /// println!("{} keys", reply.parse(&response)?.keys.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// The same as of [`send`](Self::send): after the future was dropped, the request may have been sent.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if no response arrived, or only a part of a success.
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
