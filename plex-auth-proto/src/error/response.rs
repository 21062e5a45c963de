use http::{HeaderMap, StatusCode};

use crate::error::redirect_target::RedirectTarget;
use crate::error::rejection::Rejection;
use crate::operation::Host;
use crate::operation::context::RequestContext;
use crate::values::retry_after::RetryAfter;
use crate::wire::content::Content;
use crate::wire::decode::DecodeError;
use crate::wire::field_path::FieldPath;

mod message;

/// What an answer said instead of what was asked for.
///
/// The status decides first: a 401 is [`Unauthorized`](Self::Unauthorized) whether its body is JSON,
/// XML, HTML or nothing. Only a success can be of the wrong content, shape or size.
///
/// No error holds a body, a token, a password or a query string. What Plex wrote in its own words is
/// had by [`PlexError::message`](crate::error::PlexError::message) alone, since a server can echo what it was
/// sent. `Display` is one line that names the operation and where it was sent.
///
/// Most callers want a predicate rather than a variant: [`is_token_invalid`](Self::is_token_invalid),
/// [`needs_verification_code`](Self::needs_verification_code), [`is_pin_gone`](Self::is_pin_gone),
/// [`needs_home_pin`](Self::needs_home_pin), [`needs_new_device_key`](Self::needs_new_device_key),
/// [`is_retryable`](Self::is_retryable). A transport returns an [`Error`](crate::Error), which has the same predicates.
///
/// ```
/// use plex_auth_proto::{http, ClientIdentity, Credentials, ResponseError, PlexTv};
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
/// let call = PlexTv::new(me).sign_in(&Credentials::new("rosa", "correct horse")?);
/// let (_, reply) = call.into_parts();
///
/// // Two-factor authentication: ask for the code, and sign in with it.
/// let answer = http::Response::builder().status(401).body(r#"{"errors":[{"code":1029}]}"#)?;
/// let error = reply.parse(&answer).unwrap_err();
/// assert!(error.needs_verification_code() && !error.is_token_invalid());
/// assert!(matches!(error, ResponseError::VerificationCodeRequired(_)));
///
/// // An outage says nothing about the password. It is not known whether a sign-in has worked all the same, so
/// // that it is not for a program to try again by itself.
/// let answer = http::Response::builder().status(502).body("<html>Bad Gateway</html>")?;
/// let error = reply.parse(&answer).unwrap_err();
/// assert!(matches!(error, ResponseError::Unavailable(_)) && !error.is_retryable());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ResponseError {
    /// 400: a parameter is missing or malformed. Sending it again is of no use. From a media server it
    /// can mean that it cannot read the [`Source`](crate::Source).
    BadRequest(Rejection),
    /// The login, the password or the token is not accepted: 401; 498; or, of a token that went along, 422 in
    /// whose text Plex says "Invalid token". Ask for the password again, or sign in anew if
    /// [`is_token_invalid`](Self::is_token_invalid) says so, and neither if
    /// [`is_unconfirmed`](Self::is_unconfirmed) does. A media server that answers so speaks for
    /// itself only: it may not know the account, or the token is of a kind it does not take.
    Unauthorized(Rejection),
    /// 401 with code 1029: the account has two-factor authentication and no code was sent. Ask for the
    /// code and sign in again with
    /// [`verification_code`](crate::Credentials::verification_code).
    VerificationCodeRequired(Rejection),
    /// 401 with code 1028: the verification code is wrong or too old. Ask for a new one.
    VerificationCodeRejected(Rejection),
    /// 401 with code 1030: the account has no password and signs in by e-mail only. Sign in on Plex's
    /// own pages.
    EmailOnly(Rejection),
    /// 401 with code 1031: too many failures from this address. Stop, and wait: each further try makes
    /// it longer.
    TooManyFailures(Rejection),
    /// 403: the account is known and may not do this, unless [`is_unconfirmed`](Self::is_unconfirmed) says
    /// otherwise.
    Forbidden(Rejection),
    /// 429: too many requests. Wait as long as [`retry_after`](Self::retry_after) says, a minute where
    /// it says nothing.
    RateLimited(Rejection),
    /// 5xx: trouble on the other side, or at a proxy in between. It says nothing about the token.
    Unavailable(Rejection),
    /// Any other status that is no success.
    Rejected(Rejection),
    /// 3xx: the answer points elsewhere. It was not followed, as the token would have gone along.
    /// Nothing of Plex needs a redirect: the base URL is wrong, or a captive portal answers.
    #[non_exhaustive]
    Redirected {
        /// The context of the request.
        context: Box<RequestContext>,
        /// The status.
        status: StatusCode,
        /// The origin that it points to; absent if that cannot be read.
        to: Option<RedirectTarget>,
    },
    /// A success that is not what Plex answers: a proxy's page, a captive portal's, a broken document.
    #[non_exhaustive]
    UnexpectedContent {
        /// The context of the request.
        context: Box<RequestContext>,
        /// The status.
        status: StatusCode,
        /// What came in place of the data.
        content: Content,
    },
    /// Data that lacks what this call is for, or has it in a shape that cannot be read.
    #[non_exhaustive]
    UnexpectedShape {
        /// The context of the request.
        context: Box<RequestContext>,
        /// The status.
        status: StatusCode,
        /// The field, such as `MediaContainer.token`.
        path: FieldPath,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A success that belongs to another request: it is about another PIN, user or token. A server or a proxy that
    /// sends one response too many on a kept connection shifts all that follow.
    ///
    /// It says nothing about the token. Send the request again on a connection of its own
    /// ([`Call::own_connection`](crate::Call::own_connection)) if it is idempotent; this library's transports do so
    /// once. Of a request that is not idempotent, the outcome is unknown.
    #[non_exhaustive]
    Mismatched {
        /// The context of the request.
        context: Box<RequestContext>,
        /// The status.
        status: StatusCode,
        /// The field that differs from what was requested.
        path: &'static str,
    },
    /// A success larger than the limit, [1 MiB](crate::call::DEFAULT_MAX_BODY_SIZE) unless set. None of it
    /// was used.
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
    /// The error for a status that is no success. `body` is as much of it as is looked at.
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
            // An answer can list several codes. The order is from what ends the attempt to what the
            // next attempt can mend.
            401 if rejection.has_code(1031) => Self::TooManyFailures(rejection),
            401 if rejection.has_code(1030) => Self::EmailOnly(rejection),
            401 if rejection.has_code(1028) => Self::VerificationCodeRejected(rejection),
            401 if rejection.has_code(1029) => Self::VerificationCodeRequired(rejection),
            401 | 498 => Self::Unauthorized(rejection),
            // Where none went along, it is what was sent in its place.
            422 if context.carried_token() && rejection.says_invalid_token() => {
                Self::Unauthorized(rejection)
            }
            403 => Self::Forbidden(rejection),
            429 => Self::RateLimited(rejection),
            500..=599 => Self::Unavailable(rejection),
            _ => Self::Rejected(rejection),
        }
    }

    /// The error for a success whose body cannot be used.
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

    /// The context of the request.
    pub fn context(&self) -> &RequestContext {
        self.parts().0
    }

    /// The published name of the operation, such as `getTokenDetails`.
    pub fn operation(&self) -> &'static str {
        self.context().operation()
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.parts().1
    }

    /// The refusal with Plex's own codes, where the status was one.
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

    /// Whether Plex said that the token is no longer valid: only then is it of use to forget it and sign in again.
    ///
    /// True for a 401 or 498 of plex.tv to a call that carried a token, unless it is
    /// [unconfirmed](Self::is_unconfirmed), and for a 422 that says "Invalid token". A media server's refusal does
    /// not count: it speaks for that server only. Neither does an outage, a rate limit, a proxy's page or silence.
    pub fn is_token_invalid(&self) -> bool {
        let context = self.context();
        let of_the_account = match self.status().as_u16() {
            401 | 498 => context.host() == Some(Host::PlexTv) && !self.is_unconfirmed(),
            _ => context.host() != Some(Host::MediaServer),
        };
        matches!(self, Self::Unauthorized(_)) && context.carried_token() && of_the_account
    }

    /// Whether a verification code is wanted, because none was sent or because the one sent is wrong
    /// or too old.
    pub fn needs_verification_code(&self) -> bool {
        matches!(self, Self::VerificationCodeRequired(_) | Self::VerificationCodeRejected(_))
    }

    /// Whether the PIN is gone for good, so that only a new one helps: 404 with code 1020, or 410 to a call
    /// about a PIN. It has expired, never was, or was made under another client identifier.
    ///
    /// A 404 without that code is a gateway's, and says nothing about the PIN.
    pub fn is_pin_gone(&self) -> bool {
        let Self::Rejected(rejection) = self else { return false };
        match rejection.status().as_u16() {
            404 => rejection.has_code(1020) && self.context().host() == Some(Host::PlexTv),
            410 => self.context().is_about_a_pin(),
            _ => false,
        }
    }

    /// Whether Plex does not know the device by its key, because the user removed it or because the key was
    /// registered under another client identifier (code 1097): only a new identifier with a new key helps,
    /// and the user must sign in.
    pub fn needs_new_device_key(&self) -> bool {
        self.rejection().is_some_and(|rejection| rejection.has_code(1097))
    }

    /// Whether the Home PIN of the user that was switched to is wanted, because none was sent or because the
    /// one sent is wrong: 403 with code 1041.
    pub fn needs_home_pin(&self) -> bool {
        matches!(self, Self::Forbidden(rejection) if rejection.has_code(1041))
    }

    /// Whether the same call may succeed later without anybody changing anything, and does no harm if
    /// its first copy was carried out after all. Wait for [`retry_after`](Self::retry_after), or for a
    /// few seconds that double.
    pub fn is_retryable(&self) -> bool {
        let idempotent = self.context().is_idempotent();
        let can_repeat = self.outcome().allows_repeat(self.context());
        match self {
            Self::RateLimited(_) | Self::UnexpectedContent { .. } | Self::Mismatched { .. } => {
                can_repeat
            }
            Self::Unauthorized(_) | Self::Forbidden(_) => idempotent && self.is_unconfirmed(),
            Self::Unavailable(rejection) => match rejection.status().as_u16() {
                // What the other side does not do today it will not do tomorrow.
                501 | 505 => false,
                _ => can_repeat,
            },
            // Sent again only if idempotent, even if the outcome is `Refused`.
            Self::Rejected(rejection) => match rejection.status().as_u16() {
                // Without a code of Plex's it is a gateway's, and says nothing. A media server has no
                // codes, and one that is too old answers so for ever.
                404 => {
                    let is_gateways = rejection.codes().next().is_none();
                    idempotent && is_gateways && self.context().host() != Some(Host::MediaServer)
                }
                408 | 425 => idempotent,
                _ => false,
            },
            _ => false,
        }
    }

    /// How long to wait before the next call, where the answer says so.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.rejection()?.retry_after()
    }
}

impl std::error::Error for ResponseError {}
