use std::fmt;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};

use crate::error::plex_error::{self, PlexError};
use crate::operation::context::RequestContext;
use crate::values::retry_after::RetryAfter;

/// A refusal: the status of an answer that is no success, with Plex's own codes.
///
/// ```
/// use plex_auth_proto::{http, ClientIdentity, PlexTv, Token};
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
/// let (_, reply) = PlexTv::new(me).resources(&Token::new("xyz-Abc_0123456789ab")?).into_parts();
/// let answer = http::Response::builder()
///     .status(429)
///     .header("retry-after", "30")
///     .body(r#"{"errors":[{"code":1003,"message":"Too many requests","status":429}]}"#)?;
/// let error = reply.parse(&answer).unwrap_err();
///
/// let rejection = error.rejection().ok_or("it was none")?;
/// assert_eq!(rejection.status(), 429);
/// assert!(rejection.has_code(1003));
/// // For whoever sent the request, and for no log.
/// assert_eq!(rejection.errors()[0].message(), Some("Too many requests"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rejection {
    context: Box<RequestContext>,
    status: StatusCode,
    errors: Vec<PlexError>,
    empty_body: bool,
    retry_after: Option<RetryAfter>,
}

impl Rejection {
    pub(crate) fn read(
        context: &RequestContext,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        // A body that was cut off before its first byte still has a length.
        let length = headers.get(CONTENT_LENGTH).map(|length| length.as_bytes().trim_ascii());
        Self {
            context: Box::new(context.clone()),
            status,
            errors: plex_error::read(body),
            empty_body: body.is_empty() && length.is_none_or(|length| length == b"0"),
            retry_after: RetryAfter::read(headers),
        }
    }

    /// The context of the request.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What Plex lists in the body: one entry mostly; none where the body is a media server's or a
    /// proxy's HTML, or empty.
    pub fn errors(&self) -> &[PlexError] {
        &self.errors
    }

    /// Plex's codes, without the entries that have none.
    pub fn codes(&self) -> impl Iterator<Item = u32> + '_ {
        self.errors.iter().filter_map(PlexError::code)
    }

    /// Whether Plex lists this code. A code means something only together with the
    /// [status](Self::status).
    pub fn has_code(&self, code: u32) -> bool {
        self.codes().any(|listed| listed == code)
    }

    /// How long to wait before the next call, where the answer says so.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.retry_after
    }

    /// Returns whether the response has no body and declares none.
    pub(crate) fn has_empty_body(&self) -> bool {
        self.empty_body
    }

    pub(crate) fn says_invalid_token(&self) -> bool {
        let says = |error: &PlexError| {
            let text = error.message().unwrap_or_default().trim_end_matches('.');
            // With another code, and with more words, it is about something else.
            error.code().is_none_or(|code| code == 1001)
                && text.eq_ignore_ascii_case("invalid token")
        };
        self.errors.iter().any(says)
    }

    /// `401, code 1001`, and what the code means where the status does not say it.
    pub(crate) fn facts(&self) -> impl fmt::Display + '_ {
        Facts(self)
    }
}

struct Facts<'a>(&'a Rejection);

impl fmt::Display for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.0.status.as_u16();
        write!(f, "{status}")?;
        for code in self.0.codes() {
            write!(f, ", code {code}")?;
            if let Some(meaning) = meaning(status, code) {
                write!(f, ": {meaning}")?;
            }
        }
        Ok(())
    }
}

/// What a code means together with its status, where the status alone does not say it. From the
/// clients that handle them; 1013 and 1020 mean two things each.
fn meaning(status: u16, code: u32) -> Option<&'static str> {
    Some(match (status, code) {
        (400, 1000) => "the client identifier is missing",
        (404, 1002) => "no such endpoint",
        (403, 1009) => "not for managed users",
        (403, 1012) => "a subscription is needed",
        (403, 1013) => "not for anonymous users",
        (404, 1020) => "the PIN is unknown or has expired",
        (403, 1040) => "the password is needed",
        (403, 1041) => "the Home PIN is missing or wrong",
        (403, 1043) => "not for this user",
        (403, 1045) => "the password and a verification code are needed",
        (403, 1068) => "not for this device",
        (422, 1069) => "the code has expired",
        (403, 1080) => "a server's token is needed",
        (_, 1097) => "the device or its key is not known",
        _ => return None,
    })
}
