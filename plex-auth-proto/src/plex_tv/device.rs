//! The devices that are signed in to an account: listing and removing them.

pub(crate) mod devices;
pub(crate) mod remove_device;
