//! Signed tokens (JWT, RFC 7519, in the compact form of RFC 7515): the device's own and Plex's.

use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) mod device_jwt;
pub(crate) mod device_key;
#[cfg(feature = "ed25519")]
pub(crate) mod ed25519_key;
pub(crate) mod jwk;
pub(crate) mod nonce;
pub(crate) mod plex_jwt;
pub(crate) mod plex_keys;
#[cfg(feature = "ed25519")]
pub(crate) mod verify;

/// The one encoding of JWTs: the alphabet for URLs, and no padding.
const BASE64: GeneralPurpose = URL_SAFE_NO_PAD;

/// The algorithm of every signature here.
const EDDSA: &str = "EdDSA";

/// Whom the device's tokens are for, and who issues the others.
const PLEX_TV: &str = "plex.tv";

/// Reads the 32 bytes of a public key, as a JWK holds them in `x`.
pub(crate) fn public_key(x: &str) -> Option<[u8; 32]> {
    BASE64.decode(x).ok()?.try_into().ok()
}
