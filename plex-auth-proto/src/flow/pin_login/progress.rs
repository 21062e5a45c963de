//! What a PIN login shows of itself, and how it ends.

use std::time::Duration;

use crate::error::Error;
use crate::plex_tv::pin::poll_pin::PinState;
use crate::values::token::Token;

/// What a [`PinLogin`](crate::flow::PinLogin) brings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkedPin {
    /// The token of whoever linked the PIN. Keep it at once: it is not known whether it can be had again.
    pub auth_token: Token,
    /// Whether the account was made on the way, for this PIN. Absent where Plex does not say.
    pub new_registration: Option<bool>,
}

/// Why a [`PinLogin`](crate::flow::PinLogin) brought no token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinLoginError {
    /// Nobody has linked the PIN in time. [Renew](crate::flow::PinLogin::renew) the login to show another one.
    #[error("nobody has linked the PIN in time")]
    Expired,
    /// A call failed for good: the making of the PIN was refused, or it is not known whether it was made; the
    /// transport could not start; or the last poll found nobody to ask.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// How far a [`PinLogin`](crate::flow::PinLogin) has come.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PinProgress<P> {
    /// The PIN is being made.
    Creating,
    /// The PIN is there for somebody to link it.
    #[non_exhaustive]
    Waiting {
        /// The PIN: its code, and the page that it is linked at.
        pin: P,
        /// How long it can still be linked.
        left: Duration,
    },
    /// It is over.
    Finished,
}

/// What the answers of a [`PinLogin`](crate::flow::PinLogin) are read as.
#[derive(Debug)]
pub struct PinAnswer<P>(pub(super) PinContent<P>);

#[derive(Debug)]
pub(super) enum PinContent<P> {
    Created(P),
    State(PinState),
}

impl<P> PinAnswer<P> {
    /// Returns the token if the PIN was linked. It is not known whether Plex delivers it a second time.
    pub(crate) fn into_linked(self) -> Option<LinkedPin> {
        match self.0 {
            PinContent::State(PinState::Linked { auth_token, new_registration, .. }) => {
                Some(LinkedPin { auth_token, new_registration })
            }
            _ => None,
        }
    }
}
