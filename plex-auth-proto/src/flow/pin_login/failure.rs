//! The reason why a PIN login returned no token, and whether a retry can help.

use crate::error::{Error, Outcome, TransportErrorKind};
use crate::jwt::SignError;

/// The reason.
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

    /// Returns whether sending the poll again cannot help. Other requests that were not sent can succeed later.
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
            // A page with a 4xx is a proxy's that did not pass the poll on.
            let is_page = error.status().is_some_and(|status| status.is_client_error());
            error.outcome() == Outcome::Unknown && !is_page
        })
    }

    /// Returns whether the PIN may be created by another request. If a request whose response was lost has created one
    /// as well, that PIN is never shown, and expires.
    pub(super) fn allows_another_creation(&self) -> bool {
        self.error().is_some_and(|error| error.is_retryable_if(true))
    }
}
