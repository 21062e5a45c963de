use std::fmt;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};

use crate::error::plex_error::{self, PlexError};
use crate::operation::context::RequestContext;
use crate::values::retry_after::RetryAfter;

/// The status of an unsuccessful response, with Plex's error codes.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::{http, ClientIdentity, PlexTv, Token};
///
/// let identity = ClientIdentity::builder(saved_identifier()).build()?;
/// let (_, reply) = PlexTv::new(identity).resources(&Token::new("xyz-Abc_0123456789ab")?).into_parts();
/// let answer = http::Response::builder()
///     .status(429)
///     .header("retry-after", "30")
///     .body(r#"{"errors":[{"code":1003,"message":"Too many requests","status":429}]}"#)?;
/// let error = reply.parse(&answer).unwrap_err();
///
/// let rejection = error.rejection().ok_or("it was none")?;
/// assert_eq!(rejection.status(), 429);
/// assert!(rejection.has_code(1003));
/// // Show it to the user, but do not log it.
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
        // If a body was cut off before its first byte, `Content-Length` still declares its length.
        let length = headers.get(CONTENT_LENGTH).map(|length| length.as_bytes().trim_ascii());
        Self {
            context: Box::new(context.clone()),
            status,
            errors: plex_error::read(body),
            empty_body: body.is_empty() && length.is_none_or(|length| length == b"0"),
            retry_after: RetryAfter::read(headers),
        }
    }

    /// Returns the context of the request.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the errors that Plex lists in the body: usually one. The slice is empty if the body
    /// is not a Plex error response: for example, if it is empty, or a web page from a media server
    /// or a proxy.
    pub fn errors(&self) -> &[PlexError] {
        &self.errors
    }

    /// Returns the codes of Plex's errors. Errors without a code are skipped.
    pub fn codes(&self) -> impl Iterator<Item = u32> + '_ {
        self.errors.iter().filter_map(PlexError::code)
    }

    /// Returns whether Plex lists this code. Codes are meaningful only in combination with the
    /// [status](Self::status).
    pub fn has_code(&self, code: u32) -> bool {
        self.codes().any(|listed| listed == code)
    }

    /// Returns the time to wait before the next request, if the response specifies one.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.retry_after
    }

    /// Returns whether the body is empty and `Content-Length` is absent or zero.
    pub(crate) fn has_empty_body(&self) -> bool {
        self.empty_body
    }

    pub(crate) fn says_invalid_token(&self) -> bool {
        let says = |error: &PlexError| {
            let text = error.message().unwrap_or_default().trim_end_matches('.');
            // With another code or more words, the message means something else.
            error.code().is_none_or(|code| code == 1001)
                && text.eq_ignore_ascii_case("invalid token")
        };
        self.errors.iter().any(says)
    }

    /// Writes the codes in parentheses, with the meanings that `meaning` returns:
    /// ` (code 1020: the PIN is unknown or has expired)`. Writes nothing if there are no codes.
    pub(crate) fn write_codes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = " (";
        for code in self.codes() {
            write!(f, "{separator}code {code}")?;
            if let Some(meaning) = meaning(self.status.as_u16(), code) {
                write!(f, ": {meaning}")?;
            }
            separator = ", ";
        }
        f.write_str(if separator == ", " { ")" } else { "" })
    }
}

/// Returns the meaning of a code in combination with its status. Returns `None` if the meaning is
/// unknown, if the status implies it, or if the code has its own error variant. Other Plex clients
/// rely on the same meanings. 1013 and 1020 mean different things with different statuses.
fn meaning(status: u16, code: u32) -> Option<&'static str> {
    Some(match (status, code) {
        (400, 1000) => "the client identifier is missing",
        (404, 1002) => "no such endpoint",
        (403, 1009) => "not allowed for managed users",
        (403, 1012) => "a subscription is required",
        (403, 1013) => "not allowed for anonymous users",
        (404, 1020) => "the PIN is unknown or has expired",
        (403, 1040) => "the password is required",
        (403, 1041) => "the Home PIN is missing or wrong",
        (403, 1043) => "not allowed for this user",
        (403, 1045) => "the password and a verification code are required",
        (403, 1068) => "not allowed for this device",
        (422, 1069) => "the code has expired",
        (403, 1080) => "a server token is required",
        (_, 1097) => "the device or its key is unknown",
        _ => return None,
    })
}
