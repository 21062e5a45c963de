//! Requests, response parsing, and the contract for the code that sends the requests.
//!
//! [`PlexTv`](crate::PlexTv), [`MediaServer`](crate::MediaServer) and
//! [`MediaServerAddress`](crate::MediaServerAddress) create a [`Call`] for each operation. A
//! transport sends the call. To send the request with your own HTTP client instead, take the call
//! apart with [`Call::into_parts`] or [`Call::into_outgoing`].
//!
//! # The sender's contract
//!
//! Code that sends a request must do the following, whether the request is from a call or from a
//! [flow](crate::flow). The transports `plex-auth-ureq` and `plex-auth-hyper` do all of it.
//!
//! 1. **Send the request unchanged**: its method, URL, headers and body. Do not add an `Accept`
//!    header: plex.tv answers in XML if that header contains anything besides `application/json`.
//!    Do not add `Accept-Encoding`: compressed bodies are not decoded. If a successful response is
//!    compressed, any call that reads its body fails with
//!    [`UnexpectedContent`](crate::ResponseError::UnexpectedContent). If any other response
//!    is compressed, its error codes are lost. `Host` and connection-level headers are up to the
//!    client.
//! 2. **Do not follow redirects.** Following one could send the token to another host. Return the
//!    3xx response like any other. It is reported as
//!    [`Redirected`](crate::ResponseError::Redirected).
//! 3. **Read at most [`Reply::body_limit`] bytes of the body.** The limit depends on the status and
//!    the headers, so call this method after the head of the response has arrived. A longer body
//!    may be cut off there.
//! 4. **Enforce the deadline.** If [`Reply::deadline`] returns a limit, it applies to the whole
//!    exchange, from connecting to reading the last byte. Otherwise, use a limit of your own.
//! 5. **Retry only if it is safe.** Do not send a request again automatically unless
//!    [`Reply::is_idempotent`] returns true, or none of it was sent. This also applies to retries
//!    by the HTTP client itself.
//! 6. **Give the request its own connection if it [wants one](Reply::wants_own_connection)**: a
//!    connection that no other request has used, and that is closed afterwards.
//! 7. **Confirm refusals.** If the response arrived on a connection that other requests may have
//!    used, check [`Outgoing::must_confirm`]. If it returns true, send the request again [on its
//!    own connection](Outgoing::on_own_connection) and use the new response instead. If a
//!    successful response is reported as [`Mismatched`](crate::ResponseError::Mismatched), an
//!    idempotent request can be repeated in the same way.
//! 8. **Do not reuse a connection after an unreadable response.** Use [`Outgoing::received`] to
//!    attach a function that closes the connection. The function is called if [`Reply::parse`]
//!    returns an error for a successful response. If the HTTP client has already passed the
//!    connection to another request by then, close the connection after that request. A sender that
//!    uses a new connection for each request can skip this step and the previous two, and call
//!    [`Reply::on_own_connection`] instead.
//! 9. **Return the status, the headers and the body of every response**, whatever its status. If
//!    the body of an unsuccessful response ends early, return the part that arrived. Return a
//!    [transport error](Reply::transport_error) instead if no response arrived, if a successful
//!    response ended early, or if a 4xx response ended before the first byte of its body. The error
//!    says whether any of the request may have been sent. If in doubt, report that it may have
//!    been.
//! 10. **Never log the URL or the body.** Use [`Call::masked_url`] or [`Outgoing::masked_url`],
//!     which redact a [secret URL](Reply::has_secret_url). Request headers that contain a secret
//!     are marked [sensitive](http::HeaderValue::is_sensitive), and [`Body`] is redacted in
//!     `Debug`.

use std::fmt;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Request};
use serde::de::DeserializeOwned;

use crate::call::request::TOKEN_HEADER;
use crate::operation::context::RequestContext;
use crate::operation::{Host, Operation};
use crate::wire::decode::{self, Decode, DecodeError, Decoded};
pub use body::Body;
use masked_url::MaskedUrl;
pub use outgoing::Outgoing;
pub use reply::Reply;
pub use settings::DEFAULT_MAX_BODY_SIZE;

mod body;
mod masked_url;
mod outgoing;
mod reply;
pub(crate) mod request;
mod settings;

/// A request, and the [`Reply`] that reads its response.
///
/// Every operation is a method that returns a call: see [`PlexTv`](crate::PlexTv) and
/// [`MediaServer`](crate::MediaServer). A transport sends the call. To send the request with your
/// own HTTP client, [take the call apart](Self::into_parts) and fulfill [the sender's
/// contract](crate::call#the-senders-contract).
///
/// # Custom calls
///
/// Any [`http::Request`] can become a call, for an endpoint that this crate does not cover. Its
/// response is handled like any other: the status is checked before the body, redirects and
/// oversized bodies are errors, and error messages contain no secrets.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::{http, Call, ClientIdentity, Host, PlexTv, Token};
///
/// #[derive(serde::Deserialize)]
/// struct Webhook { url: String }
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let token = Token::new("xyz-Abc_0123456789ab")?;
/// let request = plex_tv
///     .request(http::Method::GET, "/user/webhooks")
///     .header("X-Plex-Token", &token)
///     .body(Vec::new())?;
/// let call = Call::<Vec<Webhook>>::json("getWebhooks", request).host(Host::PlexTv).idempotent(true);
///
/// let (request, reply) = call.into_parts();
/// assert_eq!(request.uri(), "https://plex.tv/api/v2/user/webhooks");
/// let answer = http::Response::new(r#"[{"url":"https://example.com/played"}]"#);
/// assert_eq!(reply.parse(&answer)?[0].url, "https://example.com/played");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a call does nothing unless its request is sent"]
pub struct Call<T> {
    request: Request<Body>,
    reply: Reply<T>,
}

impl<T> Call<T> {
    /// Creates a call whose response is JSON, deserialized as `T`.
    ///
    /// Errors report `operation` as the name of the operation. The request is sent unchanged, with
    /// two exceptions: `Content-Length` is added if it is missing and the request has a body or is
    /// a POST, PUT or PATCH, and the headers `X-Plex-Token`, `Authorization`, `Proxy-Authorization`
    /// and `Cookie` are marked sensitive. The call is not idempotent unless [marked as
    /// such](Self::idempotent).
    pub fn json(operation: &'static str, request: Request<impl Into<Body>>) -> Self
    where
        T: DeserializeOwned,
    {
        let decode = |body: &[u8]| decode::json(body).map(Decoded::of);
        Self::own(operation, request.map(Into::into), Box::new(decode))
    }

    fn own(operation: &'static str, mut request: Request<Body>, decode: Decode<T>) -> Self {
        for (name, value) in request.headers_mut() {
            if SECRET_HEADERS.contains(&name.as_str()) {
                value.set_sensitive(true);
            }
        }
        let query = request.uri().query().unwrap_or_default().to_ascii_lowercase();
        let is_token_in_url = query.contains("x-plex-token=");
        let carried_token = is_token_in_url || request.headers().contains_key(TOKEN_HEADER);
        let context = RequestContext::own(operation, request.uri(), carried_token);
        let call = Self::assemble(request, context, decode);
        if is_token_in_url { call.secret_url() } else { call }
    }

    /// Creates a call for one of this crate's operations.
    pub(crate) fn new(
        operation: &Operation,
        request: Request<Body>,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError> + Send + Sync + 'static,
    ) -> Self {
        Self::with_decode(operation, request, Box::new(move |body| decode(body).map(Decoded::of)))
    }

    /// Creates a call for one of this crate's operations. `differs` returns the field, if any, in
    /// which the value differs from the request. Such a value is accepted only if the request had
    /// its own connection.
    pub(crate) fn compared(
        operation: &Operation,
        request: Request<Body>,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError> + Send + Sync + 'static,
        differs: impl Fn(&T) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Self {
        let decode = move |body: &[u8]| {
            let value = decode(body)?;
            let doubtful = differs(&value);
            Ok(Decoded { value, doubtful })
        };
        Self::with_decode(operation, request, Box::new(decode))
    }

    fn with_decode(operation: &Operation, request: Request<Body>, decode: Decode<T>) -> Self {
        let carried_token = request.headers().contains_key(TOKEN_HEADER);
        let context = RequestContext::new(operation, request.uri(), carried_token);
        let call = Self::assemble(request, context, decode);
        let call = if operation.secret_url { call.secret_url() } else { call };
        if operation.own_connection { call.own_connection() } else { call }
    }

    fn assemble(mut request: Request<Body>, context: RequestContext, decode: Decode<T>) -> Self {
        // Some servers and proxies answer 411 to a POST without a length, and clients disagree on
        // whether to add one for an empty body. A GET without a body should not have one.
        let has_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH)
            || !request.body().as_ref().is_empty();
        if has_body && !request.headers().contains_key(CONTENT_LENGTH) {
            let length = HeaderValue::from(request.body().as_ref().len());
            request.headers_mut().insert(CONTENT_LENGTH, length);
        }
        Self { request, reply: Reply::new(context, decode) }
    }

    /// Returns the request.
    pub fn request(&self) -> &Request<Body> {
        &self.request
    }

    /// Returns the reply, which reads the response.
    pub fn reply(&self) -> &Reply<T> {
        &self.reply
    }

    /// Returns the request, for any HTTP client, and the reply that reads its response.
    ///
    /// The sender must fulfill [its contract](crate::call#the-senders-contract). The returned
    /// request has the `http` crate's `Debug` implementation, which displays the URL even if it [is
    /// secret](Reply::has_secret_url).
    pub fn into_parts(self) -> (Request<Body>, Reply<T>) {
        (self.request, self.reply)
    }

    /// Returns the request with everything that its sender needs, and the reply that reads the
    /// response.
    pub fn into_outgoing(self) -> (Outgoing, Reply<T>) {
        (Outgoing::new(self.request, self.reply.settings().clone()), self.reply)
    }

    /// Maps the parsed value.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, Call, ClientIdentity, PlexTv, Token};
    ///
    /// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
    /// let call: Call<bool> =
    ///     plex_tv.token_details(&Token::new("xyz-Abc_0123456789ab")?).map(|account| account.has_plex_pass());
    /// let answer = http::Response::new(r#"{"id":7,"roles":["plexpass"]}"#);
    /// assert!(call.reply().parse(&answer)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map<U>(self, make: impl Fn(T) -> U + Send + Sync + 'static) -> Call<U>
    where
        T: 'static,
    {
        Call { request: self.request, reply: self.reply.map(make) }
    }

    /// Returns the URL for display, with its path and query redacted if they are secret.
    pub fn masked_url(&self) -> impl fmt::Display + '_ {
        MaskedUrl::new(self.request.uri(), self.reply.has_secret_url())
    }

    /// Sets the kind of host that a custom call is sent to. This determines, among other things,
    /// what a 401 means for the token.
    pub fn host(mut self, host: Host) -> Self {
        self.reply.set_host(host);
        self
    }

    /// Sets whether the request is safe to retry if its outcome is unknown.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.reply.set_idempotent(idempotent);
        self
    }

    /// Sets the size limit for a successful response, in bytes. It overrides the transport's limit
    /// and [`DEFAULT_MAX_BODY_SIZE`].
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.reply.set_max_body_size(bytes);
        self
    }

    /// Sets the time limit for the whole exchange. It overrides the transport's limit.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.reply.set_deadline(limit);
        self
    }

    /// Requests a connection that no other request has used or will use.
    /// [`Reply::wants_own_connection`] explains why.
    pub fn own_connection(mut self) -> Self {
        self.reply.set_own_connection();
        self
    }

    /// Marks the URL as secret, so that this library redacts the path and query wherever it
    /// displays the URL.
    pub fn secret_url(mut self) -> Self {
        self.reply.set_secret_url();
        self
    }
}

impl Call<()> {
    /// Creates a call that checks only the status: every success status is accepted, and the body
    /// of a successful response is ignored.
    ///
    /// ```
    /// use plex_auth_proto::{http, Call};
    ///
    /// let request = http::Request::head("http://10.0.0.7:32400/web/index.html").body(())?;
    /// let (_, reply) = Call::status_only("getPlexWeb", request).into_parts();
    /// reply.parse(&http::Response::new("whatever"))?;
    ///
    /// let answer = http::Response::builder().status(404).body("")?;
    /// assert!(reply.parse(&answer).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn status_only(operation: &'static str, request: Request<impl Into<Body>>) -> Self {
        let mut call =
            Self::own(operation, request.map(Into::into), Box::new(|_| Ok(Decoded::of(()))));
        call.reply.set_status_only();
        call
    }
}

impl Call<Body> {
    /// Creates a call that returns the body unchanged, for content that the caller decodes, such as
    /// text, XML or an image. Status, redirects, size and encoding are still checked first.
    ///
    /// ```
    /// use plex_auth_proto::{http, Call};
    ///
    /// let request = http::Request::get("https://plex.tv/devices.xml").body(())?;
    /// let (_, reply) = Call::bytes("getDevices", request).into_parts();
    /// let body = reply.parse(&http::Response::new("<MediaContainer/>"))?;
    /// assert_eq!(body.as_ref(), b"<MediaContainer/>");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bytes(operation: &'static str, request: Request<impl Into<Body>>) -> Self {
        let copy = |body: &[u8]| Ok(Decoded::of(Body::from(body.to_vec())));
        Self::own(operation, request.map(Into::into), Box::new(copy))
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, reply } = self;
        f.debug_struct("Call")
            .field("operation", &reply.context().operation())
            .field("method", request.method())
            .field("url", &format_args!("{}", self.masked_url()))
            .field("headers", request.headers())
            .field("body", request.body())
            .finish()
    }
}

/// The request headers that hold a secret. They are marked sensitive even if the caller did not
/// mark them.
const SECRET_HEADERS: [&str; 4] = [TOKEN_HEADER, "authorization", "proxy-authorization", "cookie"];

#[cfg(test)]
mod tests;
