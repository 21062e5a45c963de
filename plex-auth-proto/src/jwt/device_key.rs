use super::jwk::Jwk;

/// A device's private key, held in memory, in a TPM or in the platform's key store.
///
/// The `ed25519` feature adds `Ed25519Key`, a key in memory. Implement this trait for a key that
/// cannot leave the hardware. The signatures must be Ed25519 (RFC 8032), not prehashed. If signing
/// is asynchronous, sign [`UnsignedDeviceJwt::message`](crate::jwt::UnsignedDeviceJwt::message)
/// yourself, or use an [`ExternalKey`] with a flow.
///
/// ```
/// use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
///
/// # struct Tpm;
/// # impl Tpm { fn sign_ed25519(&self, _: &[u8]) -> Option<[u8; 64]> { Some([0; 64]) } }
/// struct TpmKey { tpm: Tpm, jwk: Jwk }
///
/// impl DeviceKey for TpmKey {
///     fn jwk(&self) -> &Jwk {
///         &self.jwk
///     }
///
///     fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
///         self.tpm.sign_ed25519(message).ok_or(SignError::new("the TPM is locked"))
///     }
/// }
/// # let key = TpmKey { tpm: Tpm, jwk: Jwk::new([0; 32], "tpm")? };
/// # let key: &dyn DeviceKey = &key;
/// # assert_eq!(key.jwk().key_id(), "tpm");
/// # assert!(key.sign(b"x").is_ok());
/// # Ok::<(), plex_auth_proto::jwt::InvalidKeyId>(())
/// ```
pub trait DeviceKey {
    /// Returns the public key and its ID.
    fn jwk(&self) -> &Jwk;

    /// Signs `message` with the private key.
    ///
    /// # Errors
    ///
    /// Returns a [`SignError`] if the key cannot sign.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;

    /// Returns whether flows request signatures from their driver, with
    /// [`Action::Sign`](crate::flow::Action::Sign), instead of calling [`sign`](Self::sign). The
    /// default implementation returns false, and [`ExternalKey`] overrides it.
    fn signs_through_driver(&self) -> bool {
        false
    }
}

/// A device key that signs asynchronously, for example after a prompt, with WebCrypto or in another
/// process.
///
/// It contains only the public key. A flow with this key requests each signature from its driver,
/// with [`Action::Sign`](crate::flow::Action::Sign), and waits for it.
#[derive(Clone, Debug)]
pub struct ExternalKey(Jwk);

impl ExternalKey {
    /// Creates an external key from its public key.
    pub fn new(jwk: Jwk) -> Self {
        Self(jwk)
    }
}

impl DeviceKey for ExternalKey {
    fn jwk(&self) -> &Jwk {
        &self.0
    }

    /// Always returns an error: only a driver can provide the signature.
    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        Err(SignError::new("this key can sign only through a flow's driver"))
    }

    fn signs_through_driver(&self) -> bool {
        true
    }
}

/// Implements the trait for pointers, so that flows can borrow a key or share it in an `Arc`.
macro_rules! shared {
    ($($pointer:ty),*) => {$(
        impl<K: DeviceKey + ?Sized> DeviceKey for $pointer {
            fn jwk(&self) -> &Jwk {
                (**self).jwk()
            }

            fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
                (**self).sign(message)
            }

            fn signs_through_driver(&self) -> bool {
                (**self).signs_through_driver()
            }
        }
    )*};
}
shared!(&K, Box<K>, std::sync::Arc<K>);

/// An error from a [`DeviceKey`] that could not sign.
///
/// The reason is a `&'static str`, usually a literal, to keep secrets out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device key cannot sign: {reason}")]
pub struct SignError {
    reason: &'static str,
}

impl SignError {
    /// Creates an error with a reason that completes "the device key cannot sign:", such as `the
    /// TPM is locked`.
    pub fn new(reason: &'static str) -> Self {
        Self { reason }
    }

    /// Returns the reason.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}
