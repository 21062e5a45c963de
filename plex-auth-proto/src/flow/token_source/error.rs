use std::error::Error as StdError;
use std::sync::Arc;

use crate::error::Error;

/// The reason a token source did not return a token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The token was rejected and cannot be renewed because it is
    /// [fixed](super::fixed_token::FixedToken).
    #[error("the token was rejected and cannot be renewed; get a new token")]
    Rejected,
    /// The refresher can no longer get a token. The error's source, such as a
    /// [`DeviceTokenEnd`](crate::flow::DeviceTokenEnd), says why.
    #[error("cannot get a new token")]
    Ended(#[source] Arc<dyn StdError + Send + Sync>),
    /// The token was requested from within the callback that saves it, and there is no valid
    /// previous token.
    #[error(
        "no valid token is available until the save callback returns; do not request a token inside the callback"
    )]
    BeingSaved,
    /// The token source was shut down.
    #[error("the token source was shut down")]
    ShutDown,
    /// Nothing renews the token, because the token source's task or thread has stopped or could not
    /// be started.
    #[error("the token source is not running; create a new one")]
    Stopped,
    /// No token arrived in time.
    #[error("no token was available within the time limit; try again later")]
    TimedOut,
}

/// The reason a call that was sent through a token source failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenSendError {
    /// There is no token, so nothing was sent.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The call failed.
    #[error(transparent)]
    Call(#[from] Error),
}
