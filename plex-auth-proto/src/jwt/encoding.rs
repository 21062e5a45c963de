use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The encoding of JWTs: base64url without padding.
pub(crate) const BASE64: GeneralPurpose = URL_SAFE_NO_PAD;

/// The algorithm of all signatures.
pub(crate) const EDDSA: &str = "EdDSA";

/// The audience of a device's JWTs, and the issuer of Plex's JWTs.
pub(crate) const PLEX_TV: &str = "plex.tv";

/// Decodes the public key in a JWK's `x`.
pub(crate) fn public_key(x: &str) -> Option<[u8; 32]> {
    BASE64.decode(x).ok()?.try_into().ok()
}
