//! Operations for device keys: registration, nonces, token exchange and Plex's public keys.

pub(crate) mod exchange_device_jwt;
pub(crate) mod nonce;
pub(crate) mod plex_keys;
pub(crate) mod register_device_key;
