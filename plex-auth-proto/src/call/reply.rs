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

/// The response headers that `Debug` shows.
const SHOWN_HEADERS: [&str; 9] = [
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "transfer-encoding",
    "x-request-id",
];

/// Reads the answer to one [`Call`](crate::Call).
///
/// What a carrier must know is here, too: whether the request [may be sent again](Self::is_idempotent),
/// how much of a body [is worth reading](Self::body_limit), whether its URL [is a
/// secret](Self::has_secret_url), and its own [deadline](Self::deadline) if it has one.
///
/// ```
/// use plex_auth_proto::{Body, Call, ClientIdentity, Error, PlexTv, Token, http};
/// use plex_auth_proto::error::TransportErrorKind;
///
/// /// A carrier of one's own: `fetch` sends a request as it is, and its error says whether any of it was sent.
/// fn send<T>(
///     call: Call<T>,
///     fetch: impl Fn(http::Request<Body>) -> Result<http::Response<Vec<u8>>, bool>,
/// ) -> Result<T, Error> {
///     let (request, reply) = call.into_parts();
///     let answer = fetch(request).map_err(|sent| reply.transport_error(TransportErrorKind::Other, sent))?;
///     Ok(reply.parse(&answer)?)
/// }
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
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

    /// Reads an answer: the status first, then redirect, size, content and, last, the data.
    ///
    /// # Errors
    ///
    /// [`ResponseError`], whose variants say each what the caller does about it.
    pub fn parse(&self, response: &Response<impl AsRef<[u8]>>) -> Result<T, ResponseError> {
        let received = response.extensions().get::<Received>();
        let own_connection = self.settings.own_connection
            || received.is_some_and(|received| received.own_connection);
        let limit = self.settings.limit_of(response.extensions());
        let body = response.body().as_ref();
        self.check(response.status(), response.headers(), body, limit)?;
        let result = match (self.decode)(body) {
            Ok(Decoded { doubtful: Some(path), .. }) if !own_connection => {
                Err(DecodeError::Mismatch { path })
            }
            Ok(decoded) => Ok(decoded.value),
            Err(error) => Err(error),
        };
        result.map_err(|error| {
            if let Some(received) = received {
                // Whatever this is, the next response on the connection may be that to this request.
                (received.retire)();
            }
            ResponseError::unusable(&self.settings.context, response.status(), error)
        })
    }

    /// Reads an answer like [`parse`](Self::parse), and keeps its status and headers beside the value.
    ///
    /// A server can echo a secret in any header. `Debug` of the headers shows only values that help to find an
    /// error, such as those of `Date` and `Retry-After`; the others are marked sensitive.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn read(
        &self,
        mut response: Response<impl AsRef<[u8]>>,
    ) -> Result<Response<T>, ResponseError> {
        let value = self.parse(&response)?;
        // The connection may be reused now.
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

    /// How many bytes of the body are worth reading, once the head is there.
    ///
    /// A carrier that has read so many may stop: [`parse`](Self::parse) decides the same with what it
    /// has then. It is one byte more than a success may have, 64 KiB of a refusal, and nothing of a
    /// body that declares itself too large or that the call does not look at.
    ///
    /// ```
    /// # use plex_auth_proto::{http, ClientIdentity, ResponseError, PlexTv, Token};
    /// # let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
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

    /// The error for an exchange that brought no answer, for carriers.
    ///
    /// `sent` says whether any of the request may have reached the server; when in doubt, it may. The example
    /// of [`Reply`] has one.
    pub fn transport_error(&self, kind: TransportErrorKind, sent: bool) -> Error {
        Error::Transport(TransportError::new(&self.settings.context, kind, sent))
    }

    /// The context of the request.
    pub fn context(&self) -> &RequestContext {
        &self.settings.context
    }

    /// Whether the request may be sent again when it is not known what became of it.
    pub fn is_idempotent(&self) -> bool {
        self.settings.context.is_idempotent()
    }

    /// Whether the URL holds a secret and must not be shown or logged.
    pub fn has_secret_url(&self) -> bool {
        self.settings.secret_url
    }

    /// Returns whether the request should have a connection that no other request has used or will use.
    ///
    /// On a kept connection, one response too many makes each later caller get the response to another request. So
    /// a call whose response cannot be compared with what was requested wants a connection of its own if the response
    /// hands out a token, holds data of an account or a server that a token opens, or only confirms that something was
    /// done. All other calls can share connections: the response is compared, and one to another request is
    /// [`Mismatched`](ResponseError::Mismatched) (`token_details` and `poll_pin`), or it is the same for everyone
    /// (`plex_keys` and `server_identity`) or of use once (`nonce`).
    pub fn wants_own_connection(&self) -> bool {
        self.settings.own_connection
    }

    /// Reads the response of a connection of its own, for a carrier that sends a request again after
    /// [`Mismatched`](ResponseError::Mismatched). A token that Plex did not repeat is accepted then.
    #[must_use]
    pub fn on_own_connection(mut self) -> Self {
        self.set_own_connection();
        self
    }

    /// The call's own deadline for the whole exchange; absent where the transport's holds.
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

/// The encoding of a body that is not plain. None was asked for, so none is decoded.
fn encoding(headers: &HeaderMap) -> Option<&'static str> {
    let value = headers.get(CONTENT_ENCODING)?.as_bytes().trim_ascii();
    if value.is_empty() || value.eq_ignore_ascii_case(b"identity") {
        return None;
    }
    let known = ["gzip", "br", "deflate", "zstd", "compress"];
    let known = known.into_iter().find(|known| value.eq_ignore_ascii_case(known.as_bytes()));
    Some(known.unwrap_or("an unknown encoding"))
}
