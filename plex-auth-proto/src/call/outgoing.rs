use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, Response, StatusCode};

use super::body::Body;
use super::masked_url::MaskedUrl;
use super::settings::{Received, Settings};

use crate::error::{TransportError, TransportErrorKind};
use crate::operation::context::RequestContext;

/// A request with everything that its sender must know: an HTTP client of the program's own, or a transport's `fetch`.
///
/// [`Call::into_outgoing`](crate::Call::into_outgoing) returns one, and so does each
/// request of a flow. The sender
///
/// - sends the request as it is: it follows no redirect, which would send the token to another host, adds no `Accept`,
///   and repeats the request only if it [is idempotent](Self::is_idempotent);
/// - gives up when the [deadline](Self::deadline) is over, and reads no more of the body than
///   [is useful](Self::body_limit);
/// - returns the status, the headers and the body, or a [transport error](Self::transport_error).
///
/// ```
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
///         // The client does not say whether anything was sent: it may have been.
///         Err(_) => Err(outgoing.transport_error(TransportErrorKind::Other, true)),
///     }
/// }
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
/// let (outgoing, reply) = plex_tv.token_details(&Token::new("xyz-Abc_0123456789ab")?).into_outgoing();
/// let account = reply.parse(&fetch(&Client, outgoing)?)?;
/// assert_eq!(account.id, Some(7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "it has to be sent"]
pub struct Outgoing {
    request: Request<Body>,
    settings: Settings,
}

impl Outgoing {
    pub(super) fn new(request: Request<Body>, settings: Settings) -> Self {
        Self { request, settings }
    }

    /// The request.
    pub fn request(&self) -> &Request<Body> {
        &self.request
    }

    /// Returns the request only. Its `Debug` is that of the `http` crate: it shows the URL even if that
    /// [is secret](Self::has_secret_url).
    pub fn into_request(self) -> Request<Body> {
        self.request
    }

    /// Takes the request and leaves an empty one, for a sender that needs the request by value and everything else
    /// afterwards.
    pub fn take_request(&mut self) -> Request<Body> {
        mem::take(&mut self.request)
    }

    /// The URL for display: without its path and query if they are secret.
    pub fn masked_url(&self) -> impl fmt::Display + '_ {
        MaskedUrl { uri: self.request.uri(), secret: self.settings.secret_url }
    }

    /// Whether the URL contains a secret and must not be displayed or logged.
    pub fn has_secret_url(&self) -> bool {
        self.settings.secret_url
    }

    /// The operation, the host and the origin, which errors report.
    pub fn context(&self) -> &RequestContext {
        &self.settings.context
    }

    /// Whether the request may be sent again if it is unknown whether the server has carried it out.
    pub fn is_idempotent(&self) -> bool {
        self.settings.context.is_idempotent()
    }

    /// Whether the request should have a connection that no other request has used or will use.
    /// [`Reply::wants_own_connection`](crate::Reply::wants_own_connection) says why.
    pub fn wants_own_connection(&self) -> bool {
        self.settings.own_connection
    }

    /// Requests a connection that no other request has used or will use.
    pub fn on_own_connection(mut self) -> Self {
        self.settings.own_connection = true;
        self
    }

    /// The time limit of the whole exchange. Absent if the limit of the sender applies.
    pub fn deadline(&self) -> Option<Duration> {
        self.settings.deadline
    }

    /// Sets the size limit for a response, in bytes, unless the call has its own: for a sender with a limit for all
    /// calls in place of [`DEFAULT_MAX_BODY_SIZE`](crate::call::DEFAULT_MAX_BODY_SIZE).
    pub fn default_max_body_size(mut self, bytes: usize) -> Self {
        self.settings.default_max_body_size = bytes;
        self
    }

    /// Returns how many bytes of the body are useful once the head of the response has arrived.
    /// [`Reply::body_limit`](crate::Reply::body_limit) has an example.
    pub fn body_limit(&self, status: StatusCode, headers: &HeaderMap) -> usize {
        self.settings.body_limit(status, headers)
    }

    /// Returns the response with facts that only its sender knows, for the [`Reply`](crate::Reply) or the flow that reads
    /// it: the [size limit](Self::default_max_body_size), so that a body which was cut off there is reported as too large;
    /// and `retire`, which keeps the connection from being used again.
    ///
    /// `retire` is called if a success cannot be read. The response may be that to another request then, and so may all
    /// later ones on the connection.
    pub fn received(
        &self,
        mut response: Response<Body>,
        retire: impl Fn() + Send + Sync + 'static,
    ) -> Response<Body> {
        let default_max_body_size = self.settings.default_max_body_size;
        let received = Received { default_max_body_size, retire: Arc::new(retire) };
        response.extensions_mut().insert(received);
        response
    }

    /// Returns the error of an exchange without a response. `sent` says whether any of the request may have reached the
    /// server; if in doubt, it may have.
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
