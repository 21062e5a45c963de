use std::fmt;
use std::time::Duration;

use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Response, StatusCode};

use super::settings::{MAX_REFUSAL_SIZE, Received, Settings, declared_length};
use crate::error::{Error, ResponseError, TransportError, TransportErrorKind};
use crate::operation::Host;
use crate::operation::context::RequestContext;
use crate::wire::content::Content;
use crate::wire::decode::{Decode, DecodeError, Decoded};

/// The response headers whose values `Debug` shows.
// `x-request-id` is not in the list: a server can choose it freely or copy it from the request, so
// it may contain a secret. Observers receive it only after a check.
const SHOWN_HEADERS: [&str; 8] = [
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "transfer-encoding",
];

/// The part of a [`Call`](crate::Call) that reads the response.
///
/// It also provides the information that a sender needs to fulfill [the sender's
/// contract](crate::call#the-senders-contract).
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::{Body, Call, ClientIdentity, Error, PlexTv, Token, http};
/// use plex_auth_proto::error::TransportErrorKind;
///
/// /// A custom transport: `fetch` sends a request unchanged, and its error says whether any of it
/// /// was sent.
/// fn send<T>(
///     call: Call<T>,
///     fetch: impl Fn(http::Request<Body>) -> Result<http::Response<Vec<u8>>, bool>,
/// ) -> Result<T, Error> {
///     let (request, reply) = call.into_parts();
///     let answer = fetch(request).map_err(|sent| reply.transport_error(TransportErrorKind::Other, sent))?;
///     Ok(reply.parse(&answer)?)
/// }
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let token = Token::new("xyz-Abc_0123456789ab")?;
/// let account = send(plex_tv.token_details(&token), |_| Ok(http::Response::new(br#"{"id":7}"#.to_vec())))?;
/// assert_eq!(account.id, Some(7));
///
/// let error = send(plex_tv.token_details(&token), |_| Err(false)).unwrap_err();
/// assert!(error.is_retryable() && error.as_response().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reply<T> {
    settings: Settings,
    decode: Decode<T>,
}

impl<T> Reply<T> {
    pub(crate) fn new(context: RequestContext, decode: Decode<T>) -> Self {
        Self { settings: Settings::new(context), decode }
    }

    /// Parses a response: checks the status first, then the size and the encoding, and finally the
    /// data.
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] if the response is an error or cannot be read. The docs of
    /// [`Error`] say what to do about each variant.
    pub fn parse(&self, response: &Response<impl AsRef<[u8]>>) -> Result<T, ResponseError> {
        let received = response.extensions().get::<Received>();
        let own_connection = self.settings.own_connection
            || received.is_some_and(|received| received.own_connection);
        let limit = self.settings.limit_of(response.extensions());
        let body = response.body().as_ref();
        let status = response.status();
        let result = self
            .check(status, response.headers(), body, limit)
            .and_then(|()| self.decoded(status, body, own_connection));
        if let (Some(received), Err(_), true) = (received, &result, status.is_success()) {
            // Whatever the cause, the next response on the connection may belong to this request.
            (received.retire)();
        }
        result
    }

    fn decoded(
        &self,
        status: StatusCode,
        body: &[u8],
        own_connection: bool,
    ) -> Result<T, ResponseError> {
        let result = match (self.decode)(body) {
            Ok(Decoded { doubtful: Some(path), .. }) if !own_connection => {
                Err(DecodeError::Mismatch { path })
            }
            Ok(decoded) => Ok(decoded.value),
            Err(error) => Err(error),
        };
        result.map_err(|error| ResponseError::unusable(&self.settings.context, status, error))
    }

    /// Parses a response like [`parse`](Self::parse), and returns its status and headers with the
    /// value.
    ///
    /// A server can echo a secret in any header. So all headers are marked sensitive, and `Debug`
    /// redacts their values, except for a few headers that help with diagnosis, such as `Date` and
    /// `Retry-After`.
    ///
    /// # Errors
    ///
    /// Same as [`parse`](Self::parse).
    pub fn read(
        &self,
        mut response: Response<impl AsRef<[u8]>>,
    ) -> Result<Response<T>, ResponseError> {
        let value = self.parse(&response)?;
        // The response was read, so the connection may be reused.
        response.extensions_mut().remove::<Received>();
        for (name, value) in response.headers_mut() {
            value.set_sensitive(!SHOWN_HEADERS.contains(&name.as_str()));
        }
        Ok(response.map(|_| value))
    }

    pub(crate) fn map<U>(self, make: impl Fn(T) -> U + Send + Sync + 'static) -> Reply<U>
    where
        T: 'static,
    {
        let Self { settings, decode } = self;
        Reply { settings, decode: Box::new(move |body| Ok(decode(body)?.map(&make))) }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn set_host(&mut self, host: Host) {
        self.settings.context.set_host(host);
    }

    pub(crate) fn set_idempotent(&mut self, idempotent: bool) {
        self.settings.context.set_idempotent(idempotent);
    }

    pub(crate) fn set_max_body_size(&mut self, bytes: usize) {
        self.settings.max_body_size = Some(bytes);
    }

    pub(crate) fn set_deadline(&mut self, limit: Duration) {
        self.settings.deadline = Some(limit);
    }

    pub(crate) fn set_secret_url(&mut self) {
        self.settings.secret_url = true;
    }

    pub(crate) fn set_own_connection(&mut self) {
        self.settings.own_connection = true;
    }

    pub(crate) fn set_status_only(&mut self) {
        self.settings.status_only = true;
    }

    fn check(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        limit: usize,
    ) -> Result<(), ResponseError> {
        if !status.is_success() {
            let seen = body.get(..MAX_REFUSAL_SIZE).unwrap_or(body);
            return Err(ResponseError::refused(&self.settings.context, status, headers, seen));
        }
        if self.settings.status_only {
            return Ok(());
        }
        if body.len().max(declared_length(headers)) > limit {
            let context = Box::new(self.settings.context.clone());
            return Err(ResponseError::BodyTooLarge { context, status, limit });
        }
        match encoding(headers) {
            Some(encoding) if !body.is_empty() => Err(ResponseError::UnexpectedContent {
                context: Box::new(self.settings.context.clone()),
                status,
                content: Content::Encoded(encoding),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the maximum number of bytes to read from the body, given the head of the response.
    ///
    /// A sender may stop there: [`parse`](Self::parse) returns the same result as for the whole
    /// body. For a successful status, the limit is one byte more than the size limit, or zero if
    /// the declared length is too large or the call does not read the body. For any other status,
    /// it is 64 KiB.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// # use plex_auth_proto::{http, ClientIdentity, ResponseError, PlexTv, Token};
    /// # let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
    /// let (_, reply) = plex_tv.token_details(&Token::new("abc")?).max_body_size(10).into_parts();
    /// let head = http::Response::new(());
    /// assert_eq!(reply.body_limit(head.status(), head.headers()), 11);
    ///
    /// let head = http::Response::builder().header("content-length", "4294967296").body(())?;
    /// assert_eq!(reply.body_limit(head.status(), head.headers()), 0);
    /// assert!(matches!(reply.parse(&head.map(|()| "")), Err(ResponseError::BodyTooLarge { limit: 10, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn body_limit(&self, status: StatusCode, headers: &HeaderMap) -> usize {
        self.settings.body_limit(status, headers)
    }

    /// Returns the error for an exchange that ended without a complete response.
    ///
    /// `sent` says whether any of the request may have reached the server. If in doubt, pass
    /// `true`. For an example, see [`Reply`].
    pub fn transport_error(&self, kind: TransportErrorKind, sent: bool) -> Error {
        Error::Transport(TransportError::new(&self.settings.context, kind, sent))
    }

    /// Returns the context of the request.
    pub fn context(&self) -> &RequestContext {
        &self.settings.context
    }

    /// Returns whether the request is safe to retry if its outcome is unknown.
    pub fn is_idempotent(&self) -> bool {
        self.settings.context.is_idempotent()
    }

    /// Returns whether the URL contains a secret and must not be displayed or logged.
    pub fn has_secret_url(&self) -> bool {
        self.settings.secret_url
    }

    /// Returns whether the request should have a connection that no other request has used or will
    /// use.
    ///
    /// If a server or a proxy sends one response too many on a reused connection, each later
    /// request receives the response to a different request. An operation of this crate shares
    /// connections only if that is harmless for one of these reasons:
    ///
    /// - Its response is compared with the request, and a response to another request is reported
    ///   as [`Mismatched`](ResponseError::Mismatched) (`token_details`, `poll_pin` and
    ///   `poll_device_pin`).
    /// - Its response is the same for everyone (`plex_keys` and `server_identity`) or can be used
    ///   only once (`nonce`).
    ///
    /// All other operations want a connection of their own: their responses contain a token, a PIN
    /// or data about an account or a server, or only confirm that something was done. A custom call
    /// shares connections unless [`Call::own_connection`](crate::Call::own_connection) is used.
    pub fn wants_own_connection(&self) -> bool {
        self.settings.own_connection
    }

    /// Marks the request as sent on its own connection, for a sender that repeats it there after
    /// [`Mismatched`](ResponseError::Mismatched), or that uses a new connection for each request.
    /// The reply then also accepts a response whose token or account ID differs from the one in the
    /// request.
    #[must_use]
    pub fn on_own_connection(mut self) -> Self {
        self.set_own_connection();
        self
    }

    /// Returns the call's own time limit for the whole exchange, or `None` if the sender's limit
    /// applies.
    pub fn deadline(&self) -> Option<Duration> {
        self.settings.deadline
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("context", &self.settings.context)
            .field("max_body_size", &self.settings.limit())
            .field("deadline", &self.settings.deadline)
            .field("secret_url", &self.settings.secret_url)
            .finish_non_exhaustive()
    }
}

/// Returns the body's content encoding, if it has one. Such a body is reported as an error and not
/// decoded, because this library never asks for compression.
fn encoding(headers: &HeaderMap) -> Option<&'static str> {
    let value = headers.get(CONTENT_ENCODING)?.as_bytes().trim_ascii();
    if value.is_empty() || value.eq_ignore_ascii_case(b"identity") {
        return None;
    }
    let known = ["gzip", "br", "deflate", "zstd", "compress"];
    let known = known.into_iter().find(|known| value.eq_ignore_ascii_case(known.as_bytes()));
    Some(known.unwrap_or("unknown encoding"))
}
