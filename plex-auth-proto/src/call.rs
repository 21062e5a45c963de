//! One request and the way its response is read.

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

/// A finished request and, tied to it by type, how its answer is read.
///
/// Every operation is a method that returns one ([`PlexTv`](crate::PlexTv),
/// [`MediaServer`](crate::MediaServer)). A transport sends it; whoever has a client of their own takes
/// it [apart](Self::into_parts).
///
/// # A call of your own
///
/// Whoever can build an [`http::Request`] can make a `Call` for an endpoint that is not here, and its
/// answer is read with the same care: status before body, no redirect, bounded, no secret in an error.
///
/// ```
/// use plex_auth_proto::{http, Call, ClientIdentity, Host, PlexTv, Token};
///
/// #[derive(serde::Deserialize)]
/// struct Friend { username: String }
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
/// let token = Token::new("xyz-Abc_0123456789ab")?;
/// let request = plex_tv
///     .request(http::Method::GET, "/friends")
///     .header("X-Plex-Token", &token)
///     .body(Vec::new())?;
/// let call = Call::<Vec<Friend>>::json("getFriends", request).host(Host::PlexTv).idempotent(true);
///
/// let (request, reply) = call.into_parts();
/// assert_eq!(request.uri(), "https://plex.tv/api/v2/friends");
/// let answer = http::Response::new(r#"[{"username":"rosa"}]"#);
/// assert_eq!(reply.parse(&answer)?[0].username, "rosa");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a call is sent by a transport, or taken apart with `into_parts`"]
pub struct Call<T> {
    request: Request<Body>,
    reply: Reply<T>,
}

impl<T> Call<T> {
    /// A call whose answer is JSON, read as `T`.
    ///
    /// `operation` is the name that errors will use. The request is sent as it is, save that
    /// a missing `content-length` is set where there is a body or one is usual (POST, PUT, PATCH), and
    /// that headers which hold a secret are marked sensitive. Until told otherwise the call is taken for
    /// one that must not be sent twice.
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
        let secret_url = query.contains("x-plex-token=");
        let carried_token = request.headers().contains_key(TOKEN_HEADER);
        let context = RequestContext::own(operation, request.uri(), carried_token);
        let call = Self::assemble(request, context, decode);
        if secret_url { call.secret_url() } else { call }
    }

    /// An operation of this crate.
    pub(crate) fn new(
        operation: &Operation,
        request: Request<Body>,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError> + Send + Sync + 'static,
    ) -> Self {
        Self::with_decode(operation, request, Box::new(move |body| decode(body).map(Decoded::of)))
    }

    /// An operation of this crate. `differs` names the field in which a value differs from what was requested; it
    /// is accepted only from a connection of its own.
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
        // whether they add one to an empty body. A GET must not have one.
        let has_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH)
            || !request.body().as_ref().is_empty();
        if has_body && !request.headers().contains_key(CONTENT_LENGTH) {
            let length = HeaderValue::from(request.body().as_ref().len());
            request.headers_mut().insert(CONTENT_LENGTH, length);
        }
        Self { request, reply: Reply::new(context, decode) }
    }

    /// The request, to look at.
    pub fn request(&self) -> &Request<Body> {
        &self.request
    }

    /// How the answer will be read, to look at.
    pub fn reply(&self) -> &Reply<T> {
        &self.reply
    }

    /// The request, to send with whatever client there is, and the reply that reads what comes.
    ///
    /// Send the request as it is: do not follow redirects (the token would go along to another host),
    /// do not add an `Accept`, and do not retry unless [`Reply::is_idempotent`]. It is `http`'s own from
    /// here on: its `Debug` shows the URL, also one that [is a secret](Reply::has_secret_url).
    pub fn into_parts(self) -> (Request<Body>, Reply<T>) {
        (self.request, self.reply)
    }

    /// Returns the request with everything that its sender must know, and the reply that reads the response.
    pub fn into_outgoing(self) -> (Outgoing, Reply<T>) {
        (Outgoing::new(self.request, self.reply.settings().clone()), self.reply)
    }

    /// Maps the parsed value.
    ///
    /// ```
    /// use plex_auth_proto::{http, Call, ClientIdentity, PlexTv, Token};
    ///
    /// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
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

    /// The URL as it may be shown: whole, or without path and query where it holds a secret.
    pub fn masked_url(&self) -> impl fmt::Display + '_ {
        MaskedUrl { uri: self.request.uri(), secret: self.reply.has_secret_url() }
    }

    /// Sets the host, which decides what a 401 means for the token.
    pub fn host(mut self, host: Host) -> Self {
        self.reply.set_host(host);
        self
    }

    /// Says whether the request may be sent again when it is not known what became of it.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.reply.set_idempotent(idempotent);
        self
    }

    /// Sets how large the answer may be, in bytes, in place of the transport's limit and of
    /// [`DEFAULT_MAX_BODY_SIZE`].
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.reply.set_max_body_size(bytes);
        self
    }

    /// Gives the call a deadline of its own, for the whole exchange, in place of the transport's.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.reply.set_deadline(limit);
        self
    }

    /// Requests a connection that no other request has used or will use:
    /// [`Reply::wants_own_connection`] says why.
    pub fn own_connection(mut self) -> Self {
        self.reply.set_own_connection();
        self
    }

    /// Says that the URL holds a secret, so that it is masked wherever this library shows it.
    pub fn secret_url(mut self) -> Self {
        self.reply.set_secret_url();
        self
    }
}

impl Call<()> {
    /// A call whose answer is its status: any success will do, and its body is not looked at.
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
    /// A call whose answer is read as it comes, for the caller to decode: text, XML, a picture. Status,
    /// redirect, size and encoding are looked at first, as always.
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

/// The headers of a request that hold a secret, also where the caller has not marked them.
const SECRET_HEADERS: [&str; 4] = [TOKEN_HEADER, "authorization", "proxy-authorization", "cookie"];

#[cfg(test)]
mod tests;
