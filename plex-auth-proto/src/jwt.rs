//! JSON Web Tokens (RFC 7519, in the compact form that RFC 7515 defines), signed by a device or by
//! Plex.

pub use device_jwt::{DeviceClaims, DeviceJwt, JwtScope, UnsignedDeviceJwt};
pub use device_key::{DeviceKey, ExternalKey, SignError};
#[cfg(feature = "ed25519")]
pub use ed25519_key::Ed25519Key;
pub use jwk::{InvalidKeyId, Jwk};
pub use nonce::Nonce;
pub use plex_jwt::{InvalidPlexJwt, JwtPart, JwtUser, PlexJwt};
pub use plex_keys::{PlexKey, PlexKeys};
#[cfg(feature = "ed25519")]
pub use verify::VerifyError;

mod device_jwt;
mod device_key;
#[cfg(feature = "ed25519")]
mod ed25519_key;
mod encoding;
mod jwk;
mod nonce;
mod plex_jwt;
mod plex_keys;
#[cfg(feature = "ed25519")]
mod verify;
