//! What a refresher of a device's token has to show, and how it ends.

use crate::error::Error;
use crate::flow::save_error::SaveError;
use crate::jwt::SignError;
use crate::values::token::Token;
use crate::values::unix_seconds::UnixSeconds;

/// How a [`DeviceTokenRefresher`](crate::flow::DeviceTokenRefresher) is doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeviceTokenProgress {
    /// The key is not registered yet.
    #[non_exhaustive]
    Registering {
        /// Why the last try failed.
        last_error: Option<RefreshError>,
    },
    /// The first token is being got.
    #[non_exhaustive]
    Requesting {
        /// Why the last try failed.
        last_error: Option<RefreshError>,
    },
    /// There is a token.
    #[non_exhaustive]
    Active {
        /// The token.
        token: Token,
        /// Until when it is good, by Plex's clock. Absent where it does not say so.
        expires_at: Option<UnixSeconds>,
        /// How many tokens have been got so far: the token is to be [saved](crate::flow::DeviceTokenRefresher::save) when this
        /// has risen.
        renewals: u64,
        /// Why it could not be renewed. It is tried again.
        last_error: Option<RefreshError>,
        /// Why the last state could not be [saved](crate::flow::DeviceTokenRefresher::save_through_driver).
        save_error: Option<SaveError>,
    },
    /// It is over. A token that was there can be good for a while.
    Finished,
}

/// Why a try failed that is made again.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// A call failed.
    #[error(transparent)]
    Request(#[from] Error),
    /// The device's key cannot sign now.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Plex refused the signature, and its responses do not state the time: this device's clock may be wrong.
    #[error("plex.tv does not accept the signature; set this device's clock, which may be wrong")]
    Clock(#[source] Error),
}

/// Why a [`DeviceTokenRefresher`](crate::flow::DeviceTokenRefresher) is over, which only happens where no waiting helps.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceTokenEnd {
    /// The user removed the device, or its key is another identifier's (code 1097): sign in anew, with a new client
    /// identifier and a new key.
    #[error("Plex does not know the device any more; only a new identifier with a new key helps")]
    DeviceRemoved(#[source] Error),
    /// Plex has refused eight times over more than an hour what the device signs (400 or 422): the key is not the one
    /// that was registered, or was never registered.
    #[error("Plex does not take what the device's key signs; was this key registered?")]
    KeyRefused(#[source] Error),
    /// The key could not be registered, and was not: the old token is invalid, mostly.
    #[error("the device's key could not be registered")]
    NotRegistered(#[source] Error),
    /// The state could not be saved before the key was to be registered. Nothing was registered.
    #[error("the state could not be saved, so the device's key was not registered")]
    NotSaved(#[source] SaveError),
}
