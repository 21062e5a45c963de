//! The part of a token source that performs no I/O: the slot that callers read, and the flow that
//! fills it.

pub(crate) mod error;
pub(crate) mod fixed_token;
pub(crate) mod held_token;
pub(crate) mod issuer;
pub(crate) mod refresher;
pub(crate) mod refreshers;
pub(crate) mod shared_refresher;
pub(crate) mod slot;
mod slot_state;
pub(crate) mod status;
pub(crate) mod token_wait;
