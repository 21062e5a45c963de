//! Why a login by a PIN brought no token, and what that leaves to do.

use std::time::{Duration, SystemTime};

use crate::error::Error;
use crate::error::TransportErrorKind;
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

    pub(super) fn is_permanent(&self) -> bool {
        let reason = self
            .error()
            .and_then(Error::as_transport)
            .map(|transport_error| transport_error.kind());
        matches!(reason, Some(TransportErrorKind::NotStarted(_)))
    }

    /// Whether the poll can have been answered with a token that did not come through.
    pub(super) fn may_hide_a_token(&self) -> bool {
        self.error().is_some_and(|error| match error {
            Error::Transport(transport_error) => transport_error.may_have_been_sent(),
            Error::Response(error) => {
                error.status().is_success() || error.status().is_server_error()
            }
        })
    }

    pub(super) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        self.error()?.retry_after().map(|after| after.wait(now))
    }
}
