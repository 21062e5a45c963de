//! The progress and the result of a PIN login.

use std::time::Duration;

use super::login_pin::LoginPin;
use crate::error::Error;
use crate::values::token::Token;

/// The result of a [`PinLogin`](crate::flow::PinLogin).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkedPin {
    /// The token of the user who linked the PIN. Save it immediately: it is not known whether Plex
    /// returns it again.
    pub auth_token: Token,
    /// Whether the user created the account while linking the PIN. `None` if Plex does not say.
    pub new_registration: Option<bool>,
}

/// The reason a [`PinLogin`](crate::flow::PinLogin) returned no token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinLoginError {
    /// The PIN was not linked in time. [Renew](crate::flow::PinLogin::renew) the login to get a new
    /// PIN.
    #[error("the PIN was not linked in time; start again with a new PIN")]
    Expired,
    /// A request failed for good: the PIN could not be created, the transport could not start, or
    /// the last poll failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The progress of a [`PinLogin`](crate::flow::PinLogin).
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is displayed at once and never stored")]
#[non_exhaustive]
pub enum PinProgress {
    /// The PIN is being created.
    #[non_exhaustive]
    Creating {
        /// The error from the last request, if it failed.
        last_error: Option<Error>,
        /// The time until the next request; zero while one is in flight.
        next_request: Duration,
    },
    /// The user can link the PIN.
    #[non_exhaustive]
    Waiting {
        /// The PIN. Its variant determines how the user links it.
        pin: LoginPin,
        /// The time left to link it.
        left: Duration,
        /// The error from the last poll, if it failed.
        last_error: Option<Error>,
        /// The time until the next poll; zero while one is in flight.
        next_request: Duration,
    },
    /// The login is finished.
    Finished,
}
