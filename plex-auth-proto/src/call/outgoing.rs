use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, Response, StatusCode};

use super::body::Body;
use super::masked_url::MaskedUrl;
use super::settings::{MAX_REFUSAL_SIZE, Received, Settings};
use crate::error::{ResponseError, TransportError, TransportErrorKind};
use crate::operation::context::RequestContext;

/// A request with everything that its sender needs. The sender is the program's HTTP client or a
/// transport's `fetch`.
///
/// [`Call::into_outgoing`](crate::Call::into_outgoing) returns one, and a flow returns one for each
/// of its requests. The sender must fulfill [its contract](crate::call#the-senders-contract), and
/// return the response or a [transport error](Self::transport_error).
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::error::TransportErrorKind;
/// use plex_auth_proto::{Body, ClientIdentity, Outgoing, PlexTv, Token, TransportError, http};
///
/// # struct Client;
/// # impl Client {
/// #     fn execute(&self, _: http::Request<Body>) -> Result<http::Response<Vec<u8>>, ()> {
/// #         Ok(http::Response::new(br#"{"id":7}"#.to_vec()))
/// #     }
/// # }
/// fn fetch(client: &Client, mut outgoing: Outgoing) -> Result<http::Response<Body>, TransportError> {
///     match client.execute(outgoing.take_request()) {
///         Ok(response) => Ok(response.map(Body::from)),
///         // The client does not report whether anything was sent, so assume that it was.
///         Err(_) => Err(outgoing.transport_error(TransportErrorKind::Other, true)),
///     }
/// }
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let (outgoing, reply) = plex_tv.token_details(&Token::new("xyz-Abc_0123456789ab")?).into_outgoing();
/// let account = reply.parse(&fetch(&Client, outgoing)?)?;
/// assert_eq!(account.id, Some(7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a request does nothing unless it is sent"]
pub struct Outgoing {
    request: Request<Body>,
    settings: Settings,
}

impl Outgoing {
    pub(super) fn new(request: Request<Body>, settings: Settings) -> Self {
        Self { request, settings }
    }

    /// Returns the request.
    pub fn request(&self) -> &Request<Body> {
        &self.request
    }

    /// Returns only the request. It has the `http` crate's `Debug` implementation, which displays
    /// the URL even if it [is secret](Self::has_secret_url).
    pub fn into_request(self) -> Request<Body> {
        self.request
    }

    /// Takes the request and leaves an empty one in its place, for a client that takes requests by
    /// value.
    pub fn take_request(&mut self) -> Request<Body> {
        mem::take(&mut self.request)
    }

    /// Returns the URL for display, with its path and query redacted if they are secret.
    pub fn masked_url(&self) -> impl fmt::Display + '_ {
        MaskedUrl::new(self.request.uri(), self.settings.secret_url)
    }

    /// Returns whether the URL contains a secret and must not be displayed or logged.
    pub fn has_secret_url(&self) -> bool {
        self.settings.secret_url
    }

    /// Returns the context of the request, which errors also contain.
    pub fn context(&self) -> &RequestContext {
        &self.settings.context
    }

    /// Returns whether the request is safe to retry if its outcome is unknown.
    pub fn is_idempotent(&self) -> bool {
        self.settings.context.is_idempotent()
    }

    /// Returns whether the request should have a connection that no other request has used or will
    /// use. [`Reply::wants_own_connection`](crate::Reply::wants_own_connection) explains why.
    pub fn wants_own_connection(&self) -> bool {
        self.settings.own_connection
    }

    /// Requests a connection that no other request has used or will use.
    pub fn on_own_connection(mut self) -> Self {
        self.settings.own_connection = true;
        self
    }

    /// Returns the time limit for the whole exchange, or `None` if the sender's own limit applies.
    pub fn deadline(&self) -> Option<Duration> {
        self.settings.deadline
    }

    /// Sets the size limit for a successful response, in bytes, unless the call has its own limit.
    /// Use this in a sender that replaces
    /// [`DEFAULT_MAX_BODY_SIZE`](crate::call::DEFAULT_MAX_BODY_SIZE) with one limit for all calls.
    pub fn default_max_body_size(mut self, bytes: usize) -> Self {
        self.settings.default_max_body_size = bytes;
        self
    }

    /// Returns the maximum number of bytes to read from the body, given the head of the response.
    /// See [`Reply::body_limit`](crate::Reply::body_limit).
    pub fn body_limit(&self, status: StatusCode, headers: &HeaderMap) -> usize {
        self.settings.body_limit(status, headers)
    }

    /// Attaches information from the sender to the response, for the [`Reply`](crate::Reply) or the
    /// flow that reads it.
    ///
    /// The information includes the [size limit](Self::default_max_body_size), so that a body cut
    /// off there is reported as too large. It also includes `retire`, which must prevent the
    /// connection from being reused. `retire` is called if a successful response cannot be used:
    /// that response may belong to another request, and so may all later ones on the connection.
    pub fn received(
        &self,
        mut response: Response<Body>,
        retire: impl Fn() + Send + Sync + 'static,
    ) -> Response<Body> {
        let default_max_body_size = self.settings.default_max_body_size;
        let own_connection = self.settings.own_connection;
        let received = Received { own_connection, default_max_body_size, retire: Arc::new(retire) };
        response.extensions_mut().insert(received);
        response
    }

    /// Returns whether the sender must confirm the response: that is, repeat the request on [its
    /// own connection](Self::on_own_connection) and use the new response instead.
    ///
    /// If a server or a proxy sends one response too many on a reused connection, each later
    /// request receives the response to a different request. A successful response can be compared
    /// with the request. A refusal has nothing to compare, and could make a program delete a valid
    /// token. So this returns true for an idempotent request without its own connection if the
    /// response is an [`Unauthorized`](ResponseError::Unauthorized) or
    /// [`Forbidden`](ResponseError::Forbidden) error with the outcome
    /// [`Refused`](crate::error::Outcome::Refused), or if it reports that a PIN is gone. The cost
    /// is one extra request if the refusal is genuine.
    ///
    /// Call this only if other requests may have used the connection. The first response on a
    /// connection needs no confirmation.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{Body, ClientIdentity, PlexTv, Token, http};
    ///
    /// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
    /// let (outgoing, _) = plex_tv.token_details(&Token::new("xyz-Abc_0123456789ab")?).into_outgoing();
    ///
    /// let response = |status: u16| http::Response::builder().status(status).body(Body::empty());
    /// assert!(outgoing.must_confirm(&response(401)?));
    /// assert!(!outgoing.must_confirm(&response(200)?) && !outgoing.must_confirm(&response(503)?));
    /// assert!(!outgoing.on_own_connection().must_confirm(&response(401)?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn must_confirm(&self, response: &Response<Body>) -> bool {
        let (status, body) = (response.status(), response.body().as_ref());
        if status.is_success() {
            return false;
        }
        let body = body.get(..MAX_REFUSAL_SIZE).unwrap_or(body);
        let context = &self.settings.context;
        let error = ResponseError::refused(context, status, response.headers(), body);
        self.settings.must_confirm(&error)
    }

    /// Returns the error for an exchange that ended without a complete response. `sent` says
    /// whether any of the request may have reached the server. If in doubt, pass `true`.
    pub fn transport_error(&self, kind: TransportErrorKind, sent: bool) -> TransportError {
        TransportError::new(&self.settings.context, kind, sent)
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, settings } = self;
        f.debug_struct("Outgoing")
            .field("operation", &settings.context.operation())
            .field("method", request.method())
            .field("url", &format_args!("{}", self.masked_url()))
            .field("headers", request.headers())
            .field("body", request.body())
            .finish()
    }
}
