//! The devices that are signed in to an account.

pub(crate) mod devices;
pub(crate) mod remove_device;
