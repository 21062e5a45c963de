use std::time::Duration;

use crate::error::{Error, ResponseError};
use crate::flow::save_error::SaveError;
use crate::values::token::Token;

/// The progress of a [`TransientTokenRefresher`](super::TransientTokenRefresher).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TransientTokenProgress {
    /// There is no token, and one is being requested or saved.
    #[non_exhaustive]
    Requesting {
        /// The error from the last request, if it failed.
        last_error: Option<Error>,
        /// The time until the next request; zero while one is in flight.
        next_request: Duration,
    },
    /// There is a token.
    #[non_exhaustive]
    Active {
        /// The token.
        token: Token,
        /// The longest time for which the token can remain valid.
        left: Duration,
        /// The reason the token was requested.
        reason: TransientTokenReason,
        /// The error from the last request for a new token, if it failed.
        last_error: Option<Error>,
        /// The time until the next request; zero while one is in flight.
        next_request: Duration,
        /// The error from the last attempt to
        /// [save](super::TransientTokenRefresher::save_through_driver) the state, if it failed.
        save_error: Option<SaveError>,
    },
    /// The server refuses the account's token, and nothing is requested until
    /// [`retry`](super::TransientTokenRefresher::retry) or
    /// [`set_token`](super::TransientTokenRefresher::set_token) is called. Check whether the token
    /// is [valid](crate::PlexTv::token_check), and whether the account still has
    /// [access](crate::PlexTv::server_access) to the server.
    #[non_exhaustive]
    Refused {
        /// The server's response.
        error: ResponseError,
        /// The current transient token, if there is one. The server may reject it too.
        token: Option<Token>,
    },
}

/// The reason for requesting a transient token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransientTokenReason {
    /// There was no previous token, or the token was restored from a saved state.
    First,
    /// The previous token had expired or was about to expire, or the account's token was
    /// [replaced](super::TransientTokenRefresher::set_token).
    Renewal,
    /// The server rejected the previous transient token, but not the account's token, usually
    /// because the server was restarted.
    Restart,
}
