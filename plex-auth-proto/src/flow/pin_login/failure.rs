//! Why a login by a PIN brought no token, and what that leaves to do.

use std::time::{Duration, SystemTime};

use crate::error::{Error, Outcome, TransportErrorKind};
use crate::jwt::SignError;

/// Why it brought no token.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Expired,
    Request(Error),
    CannotSign(SignError),
}

impl Failure {
    fn error(&self) -> Option<&Error> {
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

    pub(super) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        self.error()?.retry_after().map(|after| after.wait(now))
    }
}
