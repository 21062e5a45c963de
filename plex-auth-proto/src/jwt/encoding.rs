use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The encoding of JWTs: base64url without padding.
pub(crate) const BASE64: GeneralPurpose = URL_SAFE_NO_PAD;

/// The only signature algorithm that this library supports.
pub(crate) const EDDSA: &str = "EdDSA";

/// The name that identifies plex.tv in JWTs. It is the audience of JWTs signed by a device, and the
/// issuer and a possible audience of JWTs signed by Plex.
pub(crate) const PLEX_TV: &str = "plex.tv";

/// Decodes the public key in a JWK's `x`, or returns `None` if it is not 32 bytes in base64url.
pub(crate) fn public_key(x: &str) -> Option<[u8; 32]> {
    BASE64.decode(x).ok()?.try_into().ok()
}
