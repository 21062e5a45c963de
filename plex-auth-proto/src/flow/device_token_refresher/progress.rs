//! The progress of a device token refresher, and the reasons it can end.

use std::time::Duration;

use crate::error::Error;
use crate::flow::save_error::SaveError;
use crate::jwt::SignError;
use crate::values::token::Token;
use crate::values::unix_seconds::UnixSeconds;

/// The progress of a [`DeviceTokenRefresher`](crate::flow::DeviceTokenRefresher).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeviceTokenProgress {
    /// The key is being registered.
    #[non_exhaustive]
    Registering {
        /// The error from the last attempt, if it failed.
        last_error: Option<RefreshError>,
        /// The time until the next request; zero while one is in flight.
        next_request: Duration,
    },
    /// There is no token, and one is being requested or saved.
    #[non_exhaustive]
    Requesting {
        /// The error from the last attempt, if it failed.
        last_error: Option<RefreshError>,
        /// The time until the next request; zero while one is in flight.
        next_request: Duration,
    },
    /// A token is available.
    #[non_exhaustive]
    Active {
        /// The token.
        token: Token,
        /// The time at which the token expires, by Plex's clock. Absent if the token does not
        /// contain it.
        expires_at: Option<UnixSeconds>,
        /// The number of [new tokens](crate::flow::DeviceTokenRefresher::renewals) handed out so
        /// far. [Save](crate::flow::DeviceTokenRefresher::save) the state whenever this number has
        /// increased.
        renewals: u64,
        /// The error from the last renewal attempt, if it failed. The attempt is retried.
        last_error: Option<RefreshError>,
        /// The time until the next request; zero while one is in flight.
        next_request: Duration,
        /// The error from the last attempt to
        /// [save](crate::flow::DeviceTokenRefresher::save_through_driver) the state, if it failed.
        save_error: Option<SaveError>,
    },
    /// The refresher has ended. Its last token may still be valid for some time.
    Finished,
}

/// The reason an attempt failed. The attempt is retried.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// A request failed.
    #[error(transparent)]
    Request(#[from] Error),
    /// The device's key could not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Plex refused the signature, and its responses contain no `Date`, so this device's clock may
    /// be wrong.
    #[error("plex.tv rejected the signature; the system clock may be wrong")]
    Clock(#[source] Error),
}

/// The reason a [`DeviceTokenRefresher`](crate::flow::DeviceTokenRefresher) has ended. Waiting
/// would not help in any of these cases.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceTokenEnd {
    /// The user removed the device, or its key belongs to another client identifier (code 1097).
    /// Sign in again with a new client identifier and a new key.
    #[error(
        "plex.tv does not recognize this device or its key; sign in again with a new client identifier and a new key"
    )]
    DeviceRemoved(#[source] Error),
    /// Plex refused eight signatures (status 400 or 422) over more than an hour. This key was never
    /// registered, or another one was registered in its place.
    #[error("plex.tv rejects signatures made with this device's key; register the key again")]
    KeyRefused(#[source] Error),
    /// Plex refused to register the key. In most cases, this is because the old token is invalid.
    #[error(
        "plex.tv refused to register the device's key; sign in again if the old token is invalid"
    )]
    NotRegistered(#[source] Error),
    /// The state could not be saved, so the key was not registered.
    #[error("the device's key was not registered because the state could not be saved")]
    NotSaved(#[source] SaveError),
}
