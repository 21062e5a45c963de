//! Multi-step exchanges as state machines that perform no I/O and read no clock.

pub use connection_choice::ConnectionChoice;
pub use connection_choice::candidate::{
    CandidateError, CandidateState, ConnectionCandidate, ConnectionKind,
};
pub use connection_choice::outcome::{ChosenConnection, ConnectionChoiceError, ConnectionProgress};
pub use device_login::progress::{DeviceLoginError, DeviceLoginProgress};
pub use device_login::{DeviceLogin, DeviceLoginAnswer};
pub use device_token_refresher::progress::{DeviceTokenEnd, DeviceTokenProgress, RefreshError};
pub use device_token_refresher::{DeviceTokenAnswer, DeviceTokenRefresher};
pub use pin_login::progress::{LinkedPin, PinAnswer, PinLoginError, PinProgress};
pub use pin_login::{LoginPin, PinLogin};
pub use retry::RetryProgress;
pub use saved_state::InvalidSavedState;
pub use server_access::{Access, AccessError, ServerAccess};
pub use step::{Flow, RequestId, Step};
pub use token_check::{TokenCheck, TokenState};
pub use transient_token_refresher::TransientTokenRefresher;
pub use transient_token_refresher::progress::{TransientTokenProgress, TransientTokenReason};

mod backoff;
mod connection_choice;
mod device_exchange;
mod device_login;
mod device_token_refresher;
mod elapsed;
mod in_flight;
mod pin_login;
mod retry;
mod saved_device;
mod saved_state;
mod server_access;
mod server_clock;
mod step;
mod token_check;
mod transient_token_refresher;
