//! Signing in with a key of the device: registration, nonces, exchange, and Plex's own keys.

pub(crate) mod exchange_device_jwt;
pub(crate) mod nonce;
pub(crate) mod plex_keys;
pub(crate) mod register_device_key;
