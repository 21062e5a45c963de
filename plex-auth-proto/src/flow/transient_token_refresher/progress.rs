use std::time::Duration;

use crate::error::{Error, ResponseError};
use crate::flow::save_error::SaveError;
use crate::values::token::Token;

/// What a [`TransientTokenRefresher`](super::TransientTokenRefresher) is about.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TransientTokenProgress {
    /// There is no token, and one is asked for.
    #[non_exhaustive]
    Requesting {
        /// What the last request met with, if it was trouble.
        last_error: Option<Error>,
        /// In how long it will be asked for; nothing while it is.
        left: Duration,
    },
    /// There is a token.
    #[non_exhaustive]
    Active {
        /// The token.
        token: Token,
        /// How long it is good at most.
        left: Duration,
        /// Why it was asked for.
        reason: TransientTokenReason,
        /// What the request for the one that follows it met with, if it was trouble.
        last_error: Option<Error>,
        /// Why the last state could not be [saved](super::TransientTokenRefresher::save_through_driver).
        save_error: Option<SaveError>,
    },
    /// The server refuses the token that asks, and is asked no more until the refresher is told to. See whether
    /// it is [invalid](crate::PlexTv::token_check), or no longer [opens](crate::PlexTv::server_access) the server.
    #[non_exhaustive]
    Refused {
        /// What the server said.
        error: ResponseError,
        /// The token that is still at hand, if one is. It may be refused, too.
        token: Option<Token>,
    },
}

/// Why a transient token was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransientTokenReason {
    /// There was none.
    First,
    /// The time of the one before was nearly over, or over.
    Renewal,
    /// The one before was refused, and the token that asks was not: the server was restarted, mostly.
    Restart,
}
