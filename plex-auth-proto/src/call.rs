use std::fmt;
use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use serde::de::DeserializeOwned;

use crate::asked::{Asked, Origin};
use crate::body::Body;
use crate::decode::{self, Decode};
use crate::error::{Content, Error};
use crate::no_answer::{NoAnswer, NoAnswerReason, SendError};
use crate::operation::{Host, Operation};
use crate::token::Token;

/// How large an answer may be unless the call or the transport says otherwise: 1 MiB. An account is
/// 6 to 10 kB.
pub const DEFAULT_MAX_BODY_SIZE: usize = 1024 * 1024;

/// How much of the body of a refusal is looked at: 64 KiB. Plex's own are a few hundred bytes.
const MAX_REFUSAL_SIZE: usize = 64 * 1024;

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
/// let call = Call::<Vec<Friend>>::json("getFriends", request).of(Host::PlexTv).repeatable(true);
///
/// let (request, reply) = call.into_parts();
/// assert_eq!(request.uri(), "https://plex.tv/api/v2/friends");
/// let answer = http::Response::new(r#"[{"username":"rosa"}]"#);
/// assert_eq!(reply.parse(&answer)?[0].username, "rosa");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Call<T> {
    request: Request<Body>,
    reply: Reply<T>,
}

impl<T> Call<T> {
    /// A call whose answer is JSON, read as `T`.
    ///
    /// `operation` is the name that errors will use. The request is sent as it is, save that
    /// `content-length` is set where a body is usual (POST, PUT, PATCH) and missing. Until told
    /// otherwise the call is taken for one that must not be sent twice.
    pub fn json(operation: &'static str, request: Request<impl Into<Body>>) -> Self
    where
        T: DeserializeOwned,
    {
        Self::own(operation, request.map(Into::into), |body, _| {
            decode::json(body)
        })
    }

    fn own(operation: &'static str, request: Request<Body>, decode: Decode<T>) -> Self {
        let token = request
            .headers()
            .get(TOKEN_HEADER)
            .and_then(Token::from_header);
        let carried_token = request.headers().contains_key(TOKEN_HEADER);
        let asked = Asked {
            operation,
            host: None,
            origin: Origin::of(request.uri()),
            repeatable: false,
            carried_token,
        };
        Self::assemble(request, asked, token, decode)
    }

    /// An operation of this crate.
    pub(crate) fn new(
        operation: &Operation,
        request: Request<Body>,
        token: Option<Token>,
        decode: Decode<T>,
    ) -> Self {
        let asked = Asked {
            operation: operation.name,
            host: Some(operation.host),
            origin: Origin::of(request.uri()),
            repeatable: operation.repeatable,
            carried_token: token.is_some(),
        };
        Self::assemble(request, asked, token, decode)
    }

    fn assemble(
        mut request: Request<Body>,
        asked: Asked,
        token: Option<Token>,
        decode: Decode<T>,
    ) -> Self {
        // Some servers and proxies answer 411 to a POST without a length, and clients disagree on
        // whether they add one to an empty body. A GET must not have one.
        let has_body = matches!(
            *request.method(),
            Method::POST | Method::PUT | Method::PATCH
        );
        if has_body && !request.headers().contains_key(CONTENT_LENGTH) {
            let length = HeaderValue::from(request.body().as_ref().len());
            request.headers_mut().insert(CONTENT_LENGTH, length);
        }
        let reply = Reply {
            asked,
            token,
            max_body_size: DEFAULT_MAX_BODY_SIZE,
            deadline: None,
            secret_url: false,
            decode,
        };
        Self { request, reply }
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
    /// do not add an `Accept`, and do not retry unless [`Reply::is_repeatable`].
    pub fn into_parts(self) -> (Request<Body>, Reply<T>) {
        (self.request, self.reply)
    }

    /// The URL as it may be shown: whole, or without path and query where it holds a secret.
    pub fn masked_url(&self) -> impl fmt::Display + '_ {
        MaskedUrl {
            uri: self.request.uri(),
            secret: self.reply.secret_url,
        }
    }

    /// Says who answers, which decides what a 401 means for the token.
    #[must_use]
    pub fn of(mut self, host: Host) -> Self {
        self.reply.asked.host = Some(host);
        self
    }

    /// Says whether the request may be sent again when it is not known what became of it.
    #[must_use]
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.reply.asked.repeatable = repeatable;
        self
    }

    /// Sets how large the answer may be, in bytes, in place of [`DEFAULT_MAX_BODY_SIZE`].
    #[must_use]
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.reply.max_body_size = bytes;
        self
    }

    /// Gives the call a deadline of its own, for the whole exchange, in place of the transport's.
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.reply.deadline = Some(limit);
        self
    }

    /// Says that the URL holds a secret, so that it is masked wherever this library shows it.
    #[must_use]
    pub fn secret_url(mut self) -> Self {
        self.reply.secret_url = true;
        self
    }
}

impl Call<()> {
    /// A call whose answer is its status: any success will do, and its body is not looked at.
    pub fn empty(operation: &'static str, request: Request<impl Into<Body>>) -> Self {
        Self::own(operation, request.map(Into::into), |_, _| Ok(()))
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, reply } = self;
        f.debug_struct("Call")
            .field("operation", &reply.asked.operation)
            .field("method", request.method())
            .field("url", &format_args!("{}", self.masked_url()))
            .field("headers", request.headers())
            .field("body", request.body())
            .finish()
    }
}

/// Reads the answer to one [`Call`].
///
/// What a carrier must know is here, too: whether the request [may be sent again](Self::is_repeatable),
/// how much of a body [is worth reading](Self::body_limit), whether its URL [is a
/// secret](Self::has_secret_url), and its own [deadline](Self::deadline) if it has one.
pub struct Reply<T> {
    asked: Asked,
    token: Option<Token>,
    max_body_size: usize,
    deadline: Option<Duration>,
    secret_url: bool,
    decode: Decode<T>,
}

impl<T> Reply<T> {
    /// Reads an answer: the status first, then redirect, size, content and, last, the data.
    ///
    /// # Errors
    ///
    /// [`Error`], whose variants say each what the caller does about it.
    pub fn parse(&self, response: &Response<impl AsRef<[u8]>>) -> Result<T, Error> {
        let body = response.body().as_ref();
        self.check(response.status(), response.headers(), body)?;
        (self.decode)(body, self.token.as_ref())
            .map_err(|fault| fault.into_error(&self.asked, response.status()))
    }

    fn check(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<(), Error> {
        if !status.is_success() {
            let seen = body.get(..MAX_REFUSAL_SIZE).unwrap_or(body);
            return Err(Error::refused(&self.asked, status, headers, seen));
        }
        if body.len().max(declared_length(headers)) > self.max_body_size {
            let asked = Box::new(self.asked.clone());
            return Err(Error::BodyTooLarge {
                asked,
                status,
                limit: self.max_body_size,
            });
        }
        match encoding(headers) {
            Some(encoding) if !body.is_empty() => Err(Error::UnexpectedContent {
                asked: Box::new(self.asked.clone()),
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
    /// body that declares itself too large.
    ///
    /// ```
    /// # use plex_auth_proto::{http, ClientIdentity, Error, PlexTv, Token};
    /// # let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
    /// let (_, reply) = plex_tv.token_details(&Token::new("abc")?).max_body_size(10).into_parts();
    /// let head = http::Response::new(());
    /// assert_eq!(reply.body_limit(head.status(), head.headers()), 11);
    ///
    /// let head = http::Response::builder().header("content-length", "4294967296").body(())?;
    /// assert_eq!(reply.body_limit(head.status(), head.headers()), 0);
    /// assert!(matches!(reply.parse(&head.map(|()| "")), Err(Error::BodyTooLarge { limit: 10, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn body_limit(&self, status: StatusCode, headers: &HeaderMap) -> usize {
        if !status.is_success() {
            MAX_REFUSAL_SIZE
        } else if declared_length(headers) > self.max_body_size {
            0
        } else {
            self.max_body_size.saturating_add(1)
        }
    }

    /// The error for an exchange that brought no answer, for carriers.
    ///
    /// `sent` says whether any of the request may have reached the server; when in doubt, it may.
    pub fn no_answer(&self, reason: NoAnswerReason, sent: bool) -> SendError {
        SendError::NoAnswer(NoAnswer::new(&self.asked, reason, sent))
    }

    /// What was asked, and of whom.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Whether the request may be sent again when it is not known what became of it.
    pub fn is_repeatable(&self) -> bool {
        self.asked.repeatable
    }

    /// Whether the URL holds a secret and must not be shown or logged.
    pub fn has_secret_url(&self) -> bool {
        self.secret_url
    }

    /// The call's own deadline for the whole exchange; absent where the transport's holds.
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Sets how large the answer may be, in bytes, for a carrier that has a limit of its own.
    #[must_use]
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.max_body_size = bytes;
        self
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            asked,
            token: _,
            max_body_size,
            deadline,
            secret_url,
            decode: _,
        } = self;
        f.debug_struct("Reply")
            .field("asked", asked)
            .field("max_body_size", max_body_size)
            .field("deadline", deadline)
            .field("secret_url", secret_url)
            .finish_non_exhaustive()
    }
}

/// The name of the header that carries a token.
pub(crate) const TOKEN_HEADER: &str = "x-plex-token";

struct MaskedUrl<'a> {
    uri: &'a Uri,
    secret: bool,
}

impl fmt::Display for MaskedUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = Origin::of(self.uri) {
            origin.fmt(f)?;
        }
        match self.uri.path_and_query() {
            Some(target) if !self.secret => target.fmt(f),
            _ => f.write_str("/***"),
        }
    }
}

/// What a body declares as its length: nothing if it does not, and all there is if it is a number that
/// is too large to count.
fn declared_length(headers: &HeaderMap) -> usize {
    let Some(length) = headers
        .get(CONTENT_LENGTH)
        .map(|value| value.as_bytes().trim_ascii())
    else {
        return 0;
    };
    if length.is_empty() || !length.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let digits = length.iter().map(|digit| usize::from(digit - b'0'));
    digits.fold(0, |number: usize, digit| {
        number.saturating_mul(10).saturating_add(digit)
    })
}

/// The encoding of a body that is not plain. None was asked for, so none is decoded.
fn encoding(headers: &HeaderMap) -> Option<&'static str> {
    let value = headers.get(CONTENT_ENCODING)?.as_bytes().trim_ascii();
    if value.is_empty() || value.eq_ignore_ascii_case(b"identity") {
        return None;
    }
    let known = ["gzip", "br", "deflate", "zstd", "compress"];
    let known = known
        .into_iter()
        .find(|known| value.eq_ignore_ascii_case(known.as_bytes()));
    Some(known.unwrap_or("an unknown encoding"))
}
