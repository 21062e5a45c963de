use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The one encoding of JWTs: the alphabet for URLs, and no padding.
pub(crate) const BASE64: GeneralPurpose = URL_SAFE_NO_PAD;

/// The algorithm of every signature here.
pub(crate) const EDDSA: &str = "EdDSA";

/// Whom the device's tokens are for, and who issues the others.
pub(crate) const PLEX_TV: &str = "plex.tv";

/// Reads the 32 bytes of a public key, as a JWK holds them in `x`.
pub(crate) fn public_key(x: &str) -> Option<[u8; 32]> {
    BASE64.decode(x).ok()?.try_into().ok()
}
