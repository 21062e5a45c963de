//! The progress and the result of a login with a device key.

use std::time::Duration;

use crate::error::Error;
use crate::flow::pin_login::failure::Failure;
use crate::flow::pin_login::login_pin::LoginPin;
use crate::flow::pin_login::progress::LinkedPin;
use crate::jwt::SignError;

/// The result of a [`DeviceLogin`](crate::flow::DeviceLogin).
#[derive(Clone, Debug)]
#[must_use = "check whether the key was registered; only a registered key can renew the token"]
pub enum LinkedDevice {
    /// The key is registered, and the token belongs to the device. Pass the token to a
    /// [refresher](crate::PlexTv::device_token_refresher).
    Registered(LinkedPin),
    /// Plex did not match the key with the PIN and returned an old-style account token instead of a
    /// device token. The token works, but it does not belong to the device, so the key cannot renew
    /// it. Use it like the token from a [login without a key](crate::flow::PinLogin), or sign in
    /// again with a new client identifier.
    NotRegistered(LinkedPin),
}

impl LinkedDevice {
    /// Chooses the variant based on the kind of token: a device token is a JWT.
    pub(super) fn of(linked: LinkedPin) -> Self {
        if linked.auth_token.is_jwt() {
            Self::Registered(linked)
        } else {
            Self::NotRegistered(linked)
        }
    }
}

/// The progress of a [`DeviceLogin`](crate::flow::DeviceLogin).
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is displayed at once and never stored")]
#[non_exhaustive]
pub enum DeviceLoginProgress {
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
        /// The time left to link the PIN.
        left: Duration,
        /// The signing error, if the key could not sign the last poll. Signing is retried.
        sign_error: Option<SignError>,
        /// The error from the last poll, if it failed.
        last_error: Option<Error>,
        /// The time until the next poll; zero while one is in flight.
        next_request: Duration,
    },
    /// No poll returned a token, so an exchange is determining whether the key was registered.
    Exchanging,
    /// The login is finished.
    Finished,
}

/// The reason a [`DeviceLogin`](crate::flow::DeviceLogin) ended without a token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceLoginError {
    /// The PIN was not linked in time. [Renew](crate::flow::DeviceLogin::renew) the login to get a
    /// new PIN.
    #[error("the PIN was not linked in time; start again with a new PIN")]
    Expired,
    /// A request failed for good: the PIN could not be created, the transport could not start, the
    /// last poll failed, or Plex [no longer knows the device](Error::needs_new_device_key). In the
    /// last case, sign in with a new client identifier and a new key.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The device's key could not sign the last poll, or could not sign the exchange in time.
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
