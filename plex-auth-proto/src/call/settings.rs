use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Extensions, HeaderMap, StatusCode};

use crate::error::{Outcome, ResponseError};
use crate::operation::context::RequestContext;

/// The size limit for a response unless the call or the transport has its own: 1 MiB. An account takes 6 to 10 kB.
///
/// To read a response of one of this crate's own operations takes at most 16 bytes of memory for each byte of its body,
/// and 256 KiB, whatever the body is.
pub const DEFAULT_MAX_BODY_SIZE: usize = 1024 * 1024;

/// The part of a refusal's body that is read: 64 KiB. Plex's own take a few hundred bytes.
pub(super) const MAX_REFUSAL_SIZE: usize = 64 * 1024;

/// The settings of a call, which do not depend on the type of its value.
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

/// Facts about a response that only the transport knows, as an extension of the response.
#[derive(Clone)]
pub(super) struct Received {
    /// Whether no other request has used the connection.
    pub(super) own_connection: bool,
    /// The default limit of the transport: a response that was cut off there is read as one that is too large.
    pub(super) default_max_body_size: usize,
    /// Keeps the connection from being used again.
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

    /// Returns the limit of a response with these extensions.
    pub(super) fn limit_of(&self, extensions: &Extensions) -> usize {
        let transport = extensions.get().map(|received: &Received| received.default_max_body_size);
        self.max_body_size.or(transport).unwrap_or(self.default_max_body_size)
    }

    /// Returns whether a refusal may be that to another request, and would be acted on.
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

/// Returns the declared length of a body: zero if there is none, and the maximum if the number is too large.
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
