use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::error::TransportErrorKind;

/// The end of an [`Attempt`](super::Attempt).
#[derive(Clone, Debug)]
pub struct AttemptEnd {
    pub(super) outcome: AttemptOutcome,
    pub(super) status: Option<StatusCode>,
    pub(super) duration: Duration,
    pub(super) response_size: usize,
    pub(super) request_id: Option<String>,
}

impl AttemptEnd {
    /// Whether a response arrived, and why not.
    pub fn outcome(&self) -> AttemptOutcome {
        self.outcome
    }

    /// The kind of transport error, if that is the outcome.
    pub fn error(&self) -> Option<TransportErrorKind> {
        match self.outcome {
            AttemptOutcome::TransportError(kind) => Some(kind),
            AttemptOutcome::Response | AttemptOutcome::Cancelled => None,
        }
    }

    /// The status of the response. Present as soon as its head has arrived, so also if a success was cut off, which is a
    /// [transport error](AttemptOutcome::TransportError).
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// The time since the start of the attempt.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// The number of bytes of the response's body that were read, which is at most
    /// [the useful part](crate::Outgoing::body_limit). 0 if the attempt was cancelled.
    pub fn response_size(&self) -> usize {
        self.response_size
    }

    /// The value of the response's `x-request-id`, by which Plex can find the request.
    ///
    /// The server chooses it, so it is absent if it is longer than 128 characters or not visible ASCII, or if it repeats a
    /// part of what may be secret in the request: the sensitive headers, a secret URL, the body. It is also absent if the
    /// request's body is too large to be searched (16 KiB).
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

/// The outcome of an [`Attempt`](super::Attempt).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// A response arrived, whatever its status. Whether its content is as expected is decided afterwards.
    Response,
    /// No response arrived, or only a part of a success.
    TransportError(TransportErrorKind),
    /// The program dropped the future of the request before its end, or a panic ended it.
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
