use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::device_key::{DeviceKey, SignError};
use super::jwk::{InvalidKeyId, Jwk};

/// A device key in memory.
///
/// It is derived from a seed: 32 random bytes from a cryptographically secure source, such as the
/// `getrandom` crate. This library has no source of randomness. Store the seed like a password, and
/// derive the key from it each time the program starts: Plex identifies the device by this key.
///
/// `Debug` shows only the key ID, and the seed is zeroed on drop.
///
/// ```
/// use plex_auth_proto::jwt::{DeviceKey, Ed25519Key};
///
/// # fn random() -> [u8; 32] { [1; 32] }
/// # fn store(_: &[u8; 32]) {}
/// let key = Ed25519Key::from_seed(&random());
/// store(key.expose_seed());
/// assert_eq!(
///     format!("{key:?}"),
///     r#"Ed25519Key { key_id: "UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4" }"#
/// );
/// let public_key = key.jwk(); // to be registered with Plex
/// # assert_eq!(public_key.key_id().len(), 43);
/// ```
pub struct Ed25519Key {
    /// The seed that the signing key is derived from for each signature. After the login, a device
    /// usually signs only every few days, and the signing key takes seven times as much memory.
    seed: Zeroizing<[u8; 32]>,
    jwk: Jwk,
}

impl Ed25519Key {
    /// Derives the key from a seed, which RFC 8032 calls the private key. The key's ID is its
    /// [thumbprint](Jwk::thumbprint).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let jwk = Jwk::with_thumbprint(key.verifying_key().to_bytes());
        Self { seed: Zeroizing::new(*seed), jwk }
    }

    /// Sets a different ID, for a key that was registered by another program.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKeyId`] under the same conditions as [`Jwk::new`].
    pub fn with_key_id(mut self, key_id: impl AsRef<str>) -> Result<Self, InvalidKeyId> {
        self.jwk = Jwk::new(*self.jwk.public_key(), key_id)?;
        Ok(self)
    }

    /// Returns the seed, so that it can be saved. The caller is responsible for keeping it secret.
    pub fn expose_seed(&self) -> &[u8; 32] {
        &self.seed
    }
}

impl DeviceKey for Ed25519Key {
    fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(SigningKey::from_bytes(&self.seed).sign(message).to_bytes())
    }
}

/// The seed is zeroed on drop.
impl ZeroizeOnDrop for Ed25519Key {}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed: _, jwk } = self;
        f.debug_struct("Ed25519Key").field("key_id", &jwk.key_id()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{DeviceKey, Ed25519Key, SigningKey, ZeroizeOnDrop};
    use crate::jwt::encoding::BASE64;
    use base64::Engine;

    /// The key and the signature from RFC 8037, appendices A.1 and A.4.
    #[test]
    fn signature_matches_the_rfc() {
        let d = BASE64.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = Ed25519Key::from_seed(&d.try_into().unwrap());
        assert_eq!(
            BASE64.encode(key.jwk().public_key()),
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        );
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        assert_eq!(
            BASE64.encode(key.sign(message).unwrap()),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn key_is_restored_from_its_seed_and_name() {
        let key = Ed25519Key::from_seed(&[9; 32]).with_key_id(" den ").unwrap();
        let again = Ed25519Key::from_seed(key.expose_seed());
        assert_eq!(again.jwk().public_key(), key.jwk().public_key());
        assert_eq!(key.jwk().key_id(), "den");
        assert!(Ed25519Key::from_seed(&[9; 32]).with_key_id("").is_err());
    }

    /// The compiler does not check whether an `Ed25519Key` is actually zeroed on drop. This test
    /// compiles only if the seed and the signing key implement `ZeroizeOnDrop`.
    #[test]
    fn zeroed_on_drop() {
        fn zeroes(_: &impl ZeroizeOnDrop) {}
        zeroes(&Ed25519Key::from_seed(&[9; 32]).seed);
        zeroes(&SigningKey::from_bytes(&[9; 32]));
    }
}
