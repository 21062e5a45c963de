//! Failures of a PIN login, and whether a retry can help.

use crate::error::{Error, Outcome, TransportErrorKind};
use crate::jwt::SignError;

/// The reason a PIN login failed, or the reason an attempt to create or poll its PIN failed.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Expired,
    Request(Error),
    CannotSign(SignError),
}

impl Failure {
    pub(super) fn error(&self) -> Option<&Error> {
        match self {
            Self::Request(error) => Some(error),
            Self::Expired | Self::CannotSign(_) => None,
        }
    }

    pub(super) fn is_pin_gone(&self) -> bool {
        self.error().is_some_and(Error::is_pin_gone)
    }

    /// Returns whether polling again cannot help, because the transport could not start. Other
    /// failures to send a request can be temporary.
    pub(super) fn is_permanent(&self) -> bool {
        let reason = self
            .error()
            .and_then(Error::as_transport)
            .map(|transport_error| transport_error.kind());
        matches!(reason, Some(TransportErrorKind::NotStarted(_)))
    }

    /// Returns whether Plex may have answered the poll with a token that was lost.
    pub(super) fn may_hide_a_token(&self) -> bool {
        self.error().is_some_and(|error| {
            // A page with a 4xx status is from a proxy that did not forward the poll.
            let is_page = error.status().is_some_and(|status| status.is_client_error());
            error.outcome() == Outcome::Unknown && !is_page
        })
    }

    /// Returns whether creating the PIN may be retried. If the failed request created a PIN after
    /// all, that PIN expires without ever being shown.
    pub(super) fn allows_another_creation(&self) -> bool {
        self.error().is_some_and(|error| error.is_retryable_if(true))
    }
}
