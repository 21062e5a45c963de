//! Multi-step exchanges as state machines that perform no I/O and read no clock.

pub use connection_choice::ConnectionChoice;
pub use connection_choice::candidate::{
    CandidateError, CandidateState, ConnectionCandidate, ConnectionKind,
};
pub use connection_choice::outcome::{ChosenConnection, ConnectionChoiceError, ConnectionProgress};
pub use device_login::DeviceLogin;
pub use device_login::progress::{DeviceLoginError, DeviceLoginProgress, LinkedDevice};
pub use device_token_refresher::DeviceTokenRefresher;
pub use device_token_refresher::progress::{DeviceTokenEnd, DeviceTokenProgress, RefreshError};
pub use driver::{Driver, DriverEvent, drive, drive_async};
pub use now::Now;
pub use pin_login::PinLogin;
pub use pin_login::login_pin::LoginPin;
pub use pin_login::progress::{LinkedPin, PinLoginError, PinProgress};
pub use retried_call::RetriedCall;
pub use retry::RetryProgress;
pub use save_error::SaveError;
pub use saved_state::InvalidSavedState;
pub use server_access::{Access, AccessError, ServerAccess};
pub use sign_request::SignRequest;
pub use step::{Action, Completion, Flow, RequestId, Step};
pub use token_check::{TokenCheck, TokenState};
pub use transient_token_refresher::TransientTokenRefresher;
pub use transient_token_refresher::progress::{TransientTokenProgress, TransientTokenReason};

mod backoff;
mod clock;
mod connection_choice;
mod device_exchange;
mod device_login;
mod device_token_refresher;
mod driver;
mod in_flight;
mod now;
mod pin_login;
mod retried_call;
mod retry;
mod save_error;
mod saved_device;
mod saved_state;
mod saving;
mod server_access;
mod sign_request;
mod signing;
mod step;
mod token_check;
pub(crate) mod token_source;
mod transient_token_refresher;
