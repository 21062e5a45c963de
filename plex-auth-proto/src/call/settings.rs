use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Extensions, HeaderMap, StatusCode};

use crate::error::{Outcome, ResponseError};
use crate::operation::context::RequestContext;

/// The size limit for a successful response: 1 MiB, unless the call or the transport sets another
/// limit.
///
/// Parsing a response to one of this crate's operations never takes more than 16 bytes of memory
/// per byte of the body, plus 256 KiB, whatever the body contains.
// An account takes 6 to 10 kB. Even a list of several hundred devices or servers stays below 1 MiB.
pub const DEFAULT_MAX_BODY_SIZE: usize = 1024 * 1024;

/// The maximum number of bytes read from the body of an unsuccessful response: 64 KiB.
// Plex lists its errors in a few hundred bytes. A longer body is a web page.
pub(super) const MAX_REFUSAL_SIZE: usize = 64 * 1024;

/// The settings of a call, which are independent of its output type.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) context: RequestContext,
    pub(super) max_body_size: Option<usize>,
    pub(super) default_max_body_size: usize,
    pub(super) status_only: bool,
    pub(super) deadline: Option<Duration>,
    pub(super) secret_url: bool,
    pub(super) own_connection: bool,
}

/// Information that the sender of a request attaches to the response, as an extension.
#[derive(Clone)]
pub(super) struct Received {
    /// Whether the request had a connection of its own.
    pub(super) own_connection: bool,
    /// The sender's size limit, so that a body cut off there is reported as too large.
    pub(super) default_max_body_size: usize,
    /// Keeps the connection from being reused.
    pub(super) retire: Arc<dyn Fn() + Send + Sync>,
}

impl Settings {
    pub(super) fn new(context: RequestContext) -> Self {
        Self {
            context,
            max_body_size: None,
            default_max_body_size: DEFAULT_MAX_BODY_SIZE,
            status_only: false,
            deadline: None,
            secret_url: false,
            own_connection: false,
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.max_body_size.unwrap_or(self.default_max_body_size)
    }

    /// Returns the size limit for a response with these extensions.
    pub(super) fn limit_of(&self, extensions: &Extensions) -> usize {
        let transport = extensions.get().map(|received: &Received| received.default_max_body_size);
        self.max_body_size.or(transport).unwrap_or(self.default_max_body_size)
    }

    /// Returns whether the response must be confirmed, because it could belong to another request
    /// and the program would act on it.
    pub(super) fn must_confirm(&self, error: &ResponseError) -> bool {
        let is_final = match error {
            ResponseError::Unauthorized(_) | ResponseError::Forbidden(_) => {
                error.outcome() == Outcome::Refused
            }
            error => error.is_pin_gone(),
        };
        is_final && self.context.is_idempotent() && !self.own_connection
    }

    pub(super) fn body_limit(&self, status: StatusCode, headers: &HeaderMap) -> usize {
        if !status.is_success() {
            MAX_REFUSAL_SIZE
        } else if self.status_only || declared_length(headers) > self.limit() {
            0
        } else {
            self.limit().saturating_add(1)
        }
    }
}

/// Returns the declared length of the body: zero if it is missing or invalid, and `usize::MAX` if
/// it does not fit into a `usize`.
pub(super) fn declared_length(headers: &HeaderMap) -> usize {
    let Some(length) = headers.get(CONTENT_LENGTH).map(|value| value.as_bytes().trim_ascii())
    else {
        return 0;
    };
    if length.is_empty() || !length.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let digits = length.iter().map(|digit| usize::from(digit - b'0'));
    digits.fold(0, |number: usize, digit| number.saturating_mul(10).saturating_add(digit))
}
