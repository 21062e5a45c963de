use super::jwk::Jwk;

/// The private key of a device, wherever it is kept: in memory, in a TPM, in the platform's key store.
///
/// With the feature `ed25519` there is one in memory, `Ed25519Key`. A key that cannot
/// leave the hardware implements this instead: it needs Ed25519 as of RFC 8032, not prehashed. Where signing is
/// a matter of time (a prompt, a promise), sign what
/// [`UnsignedDeviceJwt::message`](crate::jwt::UnsignedDeviceJwt::message) gives by yourself.
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
    /// The public half and the name that the key goes by.
    fn jwk(&self) -> &Jwk;

    /// Signs `message` with the private half.
    ///
    /// # Errors
    ///
    /// [`SignError`] where the key cannot be used now.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;

    /// Whether flows ask their driver for signatures, with [`Action::Sign`](crate::flow::Action::Sign), instead of
    /// calling [`sign`](Self::sign): for a key whose signature takes time. Only an [`ExternalKey`] does so unless this is
    /// overridden.
    fn signs_through_driver(&self) -> bool {
        false
    }
}

/// A device's key whose signatures take time: those of a prompt, of WebCrypto, of another process.
///
/// Only its public half is known. A flow with this key asks its driver for each signature, with
/// [`Action::Sign`](crate::flow::Action::Sign), and waits for the completion.
#[derive(Clone, Debug)]
pub struct ExternalKey(Jwk);

impl ExternalKey {
    /// Creates a key from its public half.
    pub fn new(jwk: Jwk) -> Self {
        Self(jwk)
    }
}

impl DeviceKey for ExternalKey {
    fn jwk(&self) -> &Jwk {
        &self.0
    }

    /// Always an error: only a driver can get the signature.
    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        Err(SignError::new("this key signs only through the driver of a flow"))
    }

    fn signs_through_driver(&self) -> bool {
        true
    }
}

/// A key that is shared: one flow borrows it, another one holds it in an `Arc`.
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

/// A [`DeviceKey`] could not sign.
///
/// It holds a sentence that is fixed at compile time, so that no secret can be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device's key cannot sign: {reason}")]
pub struct SignError {
    reason: &'static str,
}

impl SignError {
    /// Says why, as the end of a sentence: `the TPM is locked`.
    pub fn new(reason: &'static str) -> Self {
        Self { reason }
    }

    /// Why.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}
