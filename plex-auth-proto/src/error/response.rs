use http::{HeaderMap, StatusCode};

use crate::error::redirect_target::RedirectTarget;
use crate::error::rejection::Rejection;
use crate::operation::Host;
use crate::operation::context::RequestContext;
use crate::values::retry_after::RetryAfter;
use crate::wire::content::Content;
use crate::wire::decode::DecodeError;
use crate::wire::field_path::FieldPath;

pub(super) mod message;

/// A response that is an error or cannot be read.
///
/// The status takes precedence: a 401 is [`Unauthorized`](Self::Unauthorized) even if its body is a
/// web page or empty. Only successful responses are checked for content, shape and size.
///
/// `Display` and `Debug` never show a body, a token, a password or a query string. Plex's own
/// message is available only through [`PlexError::message`](crate::error::PlexError::message),
/// because a server can echo parts of the request in it. `Display` is one line: what failed, which
/// server answered, and in most cases the status and what to do. `Debug` also names the operation.
///
/// Most programs need only the predicates: [`is_token_invalid`](Self::is_token_invalid),
/// [`needs_verification_code`](Self::needs_verification_code), [`is_pin_gone`](Self::is_pin_gone),
/// [`needs_home_pin`](Self::needs_home_pin), [`needs_new_device_key`](Self::needs_new_device_key)
/// and [`is_retryable`](Self::is_retryable). [`Error`](crate::Error), which transports return, has
/// the same predicates, and its docs say what to do about each variant.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::{http, ClientIdentity, Credentials, ResponseError, PlexTv};
///
/// let identity = ClientIdentity::builder(saved_identifier()).build()?;
/// let call = PlexTv::new(identity).sign_in(&Credentials::new("rosa", "correct horse")?);
/// let (_, reply) = call.into_parts();
///
/// // Two-factor authentication is enabled: ask for the code, and sign in with it.
/// let answer = http::Response::builder().status(401).body(r#"{"errors":[{"code":1029}]}"#)?;
/// let error = reply.parse(&answer).unwrap_err();
/// assert!(error.needs_verification_code() && !error.is_token_invalid());
/// assert!(matches!(error, ResponseError::VerificationCodeRequired(_)));
///
/// // An outage does not mean that the password is wrong. The sign-in may have succeeded, so a
/// // program must not retry it automatically.
/// let answer = http::Response::builder().status(502).body("<html>Bad Gateway</html>")?;
/// let error = reply.parse(&answer).unwrap_err();
/// assert!(matches!(error, ResponseError::Unavailable(_)) && !error.is_retryable());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ResponseError {
    /// 400: a parameter is missing or malformed. Retrying does not help. A media server may return
    /// this status if it cannot read the [`Source`](crate::Source).
    BadRequest(Rejection),
    /// 401 or 498, or 422 with the message "Invalid token" if the request carried a token: the
    /// server did not accept the username or password, the token, or the device's JWT.
    ///
    /// Sign in again if [`is_token_invalid`](Self::is_token_invalid). Do nothing if
    /// [`is_unconfirmed`](Self::is_unconfirmed). A media server's response applies only to that
    /// server: for example, it may not know the account, or may not accept this kind of token.
    Unauthorized(Rejection),
    /// 401 with code 1029: two-factor authentication is enabled and no code was sent. Ask for the
    /// code and sign in again with [`verification_code`](crate::Credentials::verification_code).
    VerificationCodeRequired(Rejection),
    /// 401 with code 1028: the verification code is wrong or has expired. Ask for a new one.
    VerificationCodeRejected(Rejection),
    /// 401 with code 1030: the account uses email sign-in instead of a password. Use a PIN, which
    /// the user links on Plex's own page.
    EmailOnly(Rejection),
    /// 401 with code 1031: too many failures from this IP address. Stop, and wait before the next
    /// attempt.
    TooManyFailures(Rejection),
    /// 403: the account is known but not allowed to do this, unless
    /// [`is_unconfirmed`](Self::is_unconfirmed) returns true. A media server may also return this
    /// status if the token is missing or invalid.
    Forbidden(Rejection),
    /// 429: too many requests. Wait for [`retry_after`](Self::retry_after). If it is `None`, back
    /// off, starting with a few seconds.
    RateLimited(Rejection),
    /// 5xx: the server, or a proxy in front of it, failed. This does not mean that the token is
    /// invalid.
    Unavailable(Rejection),
    /// Any other unsuccessful status.
    Rejected(Rejection),
    /// 3xx except 304: a redirect, which was not followed because the token would have been
    /// sent to its target. Plex's API never needs redirects: the base URL is wrong, or a captive
    /// portal answered.
    #[non_exhaustive]
    Redirected {
        /// The context of the request.
        context: Box<RequestContext>,
        /// The status.
        status: StatusCode,
        /// The origin of the target. `None` if `Location` is missing or unreadable.
        to: Option<RedirectTarget>,
    },
    /// A successful response whose body is not the expected data: for example, a page from a proxy
    /// or a captive portal, or an empty, malformed or compressed body.
    #[non_exhaustive]
    UnexpectedContent {
        /// The context of the request.
        context: Box<RequestContext>,
        /// The status.
        status: StatusCode,
        /// The kind of content that arrived instead of the data.
        content: Content,
    },
    /// A successful response in which a required field is missing, unreadable or has an unexpected
    /// value.
    #[non_exhaustive]
    UnexpectedShape {
        /// The context of the request.
        context: Box<RequestContext>,
        /// The status.
        status: StatusCode,
        /// The field, such as `MediaContainer.token`, or `.` for the body itself.
        path: FieldPath,
        /// The problem with the field.
        problem: &'static str,
    },
    /// A successful response for a different PIN, user or token: it belongs to another request. If
    /// a server or a proxy sends one response too many on a reused connection, each later request
    /// receives the response to a different request.
    ///
    /// This does not mean that the token is invalid. If the request is idempotent, retry it on a
    /// separate connection ([`Call::own_connection`](crate::Call::own_connection)). This library's
    /// transports do that once. If the request is not idempotent, its outcome is unknown.
    #[non_exhaustive]
    Mismatched {
        /// The context of the request.
        context: Box<RequestContext>,
        /// The status.
        status: StatusCode,
        /// The field that differs from what was requested.
        path: &'static str,
    },
    /// A successful response that is larger than the limit:
    /// [1 MiB](crate::call::DEFAULT_MAX_BODY_SIZE) by default. None of it was used.
    #[non_exhaustive]
    BodyTooLarge {
        /// The context of the request.
        context: Box<RequestContext>,
        /// The status.
        status: StatusCode,
        /// The limit in bytes.
        limit: usize,
    },
}

impl ResponseError {
    /// Returns the error for an unsuccessful status. `body` is the part of the response body that
    /// is examined.
    pub(crate) fn refused(
        context: &RequestContext,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            let to = RedirectTarget::read(context, headers);
            return Self::Redirected { context: Box::new(context.clone()), status, to };
        }
        let rejection = Rejection::read(context, status, headers, body);
        match status.as_u16() {
            400 => Self::BadRequest(rejection),
            // A response can list several codes. They are checked in order of severity: those that
            // rule out another attempt come first.
            401 if rejection.has_code(1031) => Self::TooManyFailures(rejection),
            401 if rejection.has_code(1030) => Self::EmailOnly(rejection),
            401 if rejection.has_code(1028) => Self::VerificationCodeRejected(rejection),
            401 if rejection.has_code(1029) => Self::VerificationCodeRequired(rejection),
            401 | 498 => Self::Unauthorized(rejection),
            // Without a token, the message refers to another parameter.
            422 if context.carried_token() && rejection.says_invalid_token() => {
                Self::Unauthorized(rejection)
            }
            403 => Self::Forbidden(rejection),
            429 => Self::RateLimited(rejection),
            500..=599 => Self::Unavailable(rejection),
            _ => Self::Rejected(rejection),
        }
    }

    /// Returns the error for a successful response whose body cannot be used.
    pub(crate) fn unusable(
        context: &RequestContext,
        status: StatusCode,
        error: DecodeError,
    ) -> Self {
        let context = Box::new(context.clone());
        match error {
            DecodeError::Content(content) => Self::UnexpectedContent { context, status, content },
            DecodeError::Shape { path, problem } => {
                Self::UnexpectedShape { context, status, path, problem }
            }
            DecodeError::Mismatch { path } => Self::Mismatched { context, status, path },
        }
    }

    /// Returns the context of the request.
    pub fn context(&self) -> &RequestContext {
        self.parts().0
    }

    /// Returns the [name of the operation](RequestContext::operation), such as `getTokenDetails`.
    pub fn operation(&self) -> &'static str {
        self.context().operation()
    }

    /// Returns the status of the response.
    pub fn status(&self) -> StatusCode {
        self.parts().1
    }

    /// Returns the status with Plex's error codes, if the status is unsuccessful and not a
    /// redirect.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.parts().2
    }

    fn parts(&self) -> (&RequestContext, StatusCode, Option<&Rejection>) {
        match self {
            Self::BadRequest(rejection)
            | Self::Unauthorized(rejection)
            | Self::VerificationCodeRequired(rejection)
            | Self::VerificationCodeRejected(rejection)
            | Self::EmailOnly(rejection)
            | Self::TooManyFailures(rejection)
            | Self::Forbidden(rejection)
            | Self::RateLimited(rejection)
            | Self::Unavailable(rejection)
            | Self::Rejected(rejection) => {
                (rejection.context(), rejection.status(), Some(rejection))
            }
            Self::Redirected { context, status, .. }
            | Self::UnexpectedContent { context, status, .. }
            | Self::UnexpectedShape { context, status, .. }
            | Self::Mismatched { context, status, .. }
            | Self::BodyTooLarge { context, status, .. } => (context, *status, None),
        }
    }

    /// Returns whether Plex said that the token is no longer valid. Discard it and sign in again
    /// only in this case.
    ///
    /// This is true only for an [`Unauthorized`](Self::Unauthorized) response to a call that
    /// carried a token: a 401 or 498 from plex.tv that is not [unconfirmed](Self::is_unconfirmed),
    /// or a 422 from plex.tv. It is false for a media server's 401, which applies only to that
    /// server, and for outages, rate limits and web pages.
    pub fn is_token_invalid(&self) -> bool {
        let context = self.context();
        matches!(self, Self::Unauthorized(_))
            && context.host() == Some(Host::PlexTv)
            && context.carried_token()
            && !self.is_unconfirmed()
    }

    /// Returns whether a verification code is required, because none was sent or because the one
    /// sent is wrong or has expired.
    pub fn needs_verification_code(&self) -> bool {
        matches!(self, Self::VerificationCodeRequired(_) | Self::VerificationCodeRejected(_))
    }

    /// Returns whether the PIN is gone, so that a new one is needed: 404 with code 1020 from
    /// plex.tv, or 410 in response to a call about a PIN. The PIN has expired, never existed, or
    /// was created under another client identifier.
    ///
    /// A 404 without that code, such as one from a gateway, does not mean that the PIN is gone.
    pub fn is_pin_gone(&self) -> bool {
        let Self::Rejected(rejection) = self else { return false };
        match rejection.status().as_u16() {
            404 => rejection.has_code(1020) && self.context().host() == Some(Host::PlexTv),
            410 => self.context().is_about_a_pin(),
            _ => false,
        }
    }

    /// Returns whether Plex does not recognize the device key (code 1097): the user removed the
    /// device, or the key was registered under another client identifier. A new identifier with a
    /// new key is needed, and the user must sign in again.
    pub fn needs_new_device_key(&self) -> bool {
        self.rejection().is_some_and(|rejection| rejection.has_code(1097))
    }

    /// Returns whether switching to a Home user failed because the Home PIN is missing or wrong:
    /// 403 with code 1041.
    pub fn needs_home_pin(&self) -> bool {
        matches!(self, Self::Forbidden(rejection) if rejection.has_code(1041))
    }

    /// Returns whether retrying the same call without any change may succeed and is safe, even if
    /// the first request was carried out. Wait for [`retry_after`](Self::retry_after). If it is
    /// `None`, back off, starting with a few seconds.
    pub fn is_retryable(&self) -> bool {
        self.is_retryable_if(self.context().is_idempotent())
    }

    /// Returns whether retrying the call may succeed and is safe, given whether it is idempotent.
    pub(crate) fn is_retryable_if(&self, idempotent: bool) -> bool {
        let can_repeat = self.outcome().allows_repeat(idempotent);
        match self {
            Self::RateLimited(_) | Self::UnexpectedContent { .. } | Self::Mismatched { .. } => {
                can_repeat
            }
            Self::Unauthorized(_) | Self::Forbidden(_) => idempotent && self.is_unconfirmed(),
            Self::Unavailable(rejection) => match rejection.status().as_u16() {
                // These are permanent: the server does not support the method or the HTTP version.
                501 | 505 => false,
                _ => can_repeat,
            },
            // These are retried only if the call is idempotent, even if the outcome is `Refused`.
            Self::Rejected(rejection) => match rejection.status().as_u16() {
                // Without one of Plex's codes, a 404 is from a gateway and may be temporary. Media
                // servers send no codes, and an old server always answers 404 to a path that it
                // does not know.
                404 => {
                    let is_from_gateway = rejection.codes().next().is_none();
                    idempotent
                        && is_from_gateway
                        && self.context().host() != Some(Host::MediaServer)
                }
                408 | 425 => idempotent,
                _ => false,
            },
            _ => false,
        }
    }

    /// Returns the time to wait before the next request, if the response specifies one.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.rejection()?.retry_after()
    }
}

impl std::error::Error for ResponseError {}
