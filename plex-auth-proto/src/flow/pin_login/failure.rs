//! Why a login by a PIN brought no token, and what that leaves to do.

use std::time::{Duration, SystemTime};

use crate::error::SendError;
use crate::error::transport::NoAnswerReason;
use crate::jwt::device_key::SignError;

/// Why it brought no token.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Expired,
    Request(SendError),
    CannotSign(SignError),
}

impl Failure {
    fn error(&self) -> Option<&SendError> {
        match self {
            Self::Request(error) => Some(error),
            Self::Expired | Self::CannotSign(_) => None,
        }
    }

    pub(super) fn is_pin_gone(&self) -> bool {
        self.error().is_some_and(SendError::is_pin_gone)
    }

    pub(super) fn is_permanent(&self) -> bool {
        let reason =
            self.error().and_then(SendError::no_answer).map(|no_answer| no_answer.reason());
        matches!(reason, Some(NoAnswerReason::NotStarted(_)))
    }

    /// Whether the poll can have been answered with a token that did not come through.
    pub(super) fn may_hide_a_token(&self) -> bool {
        self.error().is_some_and(|error| match error {
            SendError::NoAnswer(no_answer) => no_answer.may_have_been_sent(),
            SendError::Answered(error) => {
                error.status().is_success() || error.status().is_server_error()
            }
        })
    }

    pub(super) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        self.error()?.retry_after().map(|after| after.wait(now))
    }
}
