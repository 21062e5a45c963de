pub(crate) mod devices;
pub(crate) mod remove_device;
