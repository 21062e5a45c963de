//! What a login by a device's key has to show, and why it brought no token.

use std::time::Duration;

use crate::error::Error;
use crate::flow::pin_login::failure::Failure;
use crate::jwt::SignError;
use crate::plex_tv::pin::device_pin::DevicePin;

/// How far a [`DeviceLogin`](crate::flow::DeviceLogin) has come.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is shown at once and never saved")]
#[non_exhaustive]
pub enum DeviceLoginProgress {
    /// The PIN is being made.
    Creating,
    /// The PIN is there for somebody to link it.
    #[non_exhaustive]
    Waiting {
        /// The PIN: its code, and the page that it is linked at.
        pin: DevicePin,
        /// How long it can still be linked.
        left: Duration,
        /// Why the key could not sign the last poll, which is tried again.
        sign_error: Option<SignError>,
    },
    /// The PIN is gone, and it is being found out whether it has brought the key to Plex.
    Exchanging,
    /// It is over.
    Finished,
}

/// Why a [`DeviceLogin`](crate::flow::DeviceLogin) brought no token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceLoginError {
    /// Nobody has linked the PIN in time. [Renew](crate::flow::DeviceLogin::renew) the login to show another one.
    #[error("nobody has linked the PIN in time")]
    Expired,
    /// A call failed for good: the making of the PIN was refused, or it is not known whether it was made; the
    /// transport could not start; or the last poll found nobody to ask. Where Plex
    /// [does not know the device](Error::needs_new_device_key) any more, only a new client identifier with a
    /// new key helps.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The device's key could not sign the last poll.
    #[error(transparent)]
    CannotSign(#[from] SignError),
}

impl From<Failure> for DeviceLoginError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Expired => Self::Expired,
            Failure::Request(error) => Self::Failed(error),
            Failure::CannotSign(error) => Self::CannotSign(error),
        }
    }
}
