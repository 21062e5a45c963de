use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::error::TransportErrorKind;

/// A report on how an [`Attempt`](super::Attempt) ended: its outcome, its duration and details of
/// the response.
#[derive(Clone, Debug)]
pub struct AttemptEnd {
    pub(super) outcome: AttemptOutcome,
    pub(super) status: Option<StatusCode>,
    pub(super) duration: Duration,
    pub(super) response_size: usize,
    pub(super) request_id: Option<String>,
}

impl AttemptEnd {
    /// Returns whether a response arrived and, if not, why not.
    pub fn outcome(&self) -> AttemptOutcome {
        self.outcome
    }

    /// Returns the kind of transport error, if the attempt ended with one.
    pub fn error(&self) -> Option<TransportErrorKind> {
        match self.outcome {
            AttemptOutcome::TransportError(kind) => Some(kind),
            AttemptOutcome::Response | AttemptOutcome::Cancelled => None,
        }
    }

    /// Returns the status of the response, if its head has arrived. Even then, the outcome can be
    /// [`Cancelled`](AttemptOutcome::Cancelled), or a [transport
    /// error](AttemptOutcome::TransportError) if a successful response ended early or a 4xx
    /// response ended before the first byte of its body.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Returns the time from the start to the end of the attempt.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Returns the number of bytes read from the response body. Transports read only as many as
    /// [are needed](crate::Outgoing::body_limit). The number is zero if the attempt was cancelled.
    pub fn response_size(&self) -> usize {
        self.response_size
    }

    /// Returns the value of the response's `x-request-id`, which identifies the request to Plex, or
    /// `None` if there is none that is safe to display.
    ///
    /// The server chooses the value. It is omitted if it is longer than 128 characters, is not
    /// visible ASCII, or repeats a part of the request that may be secret: a sensitive header, a
    /// secret URL or the body. It is also omitted if the request body is too large to be searched
    /// (more than 16 KiB).
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

/// The outcome of an [`Attempt`](super::Attempt).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// A response arrived, with any status. Its content is checked later.
    Response,
    /// No response arrived, a successful response ended early, or a 4xx response ended before the
    /// first byte of its body.
    TransportError(TransportErrorKind),
    /// The program dropped the request's future before it completed, or a panic ended the attempt.
    Cancelled,
}

impl fmt::Display for AttemptOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response => f.write_str("response received"),
            Self::TransportError(kind) => kind.fmt(f),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}
