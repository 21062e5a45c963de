use std::fmt;

use crate::jwt::Jwk;

/// A message to sign with a device's key.
///
/// A flow requests this signature if its key [signs through the
/// driver](crate::jwt::DeviceKey::signs_through_driver). An
/// [`ExternalKey`](crate::jwt::ExternalKey) does so, because it may need a prompt, another process
/// or the platform's key store. Complete the action with
/// [`Completion::Signed`](super::Completion::Signed).
pub struct SignRequest {
    message: Box<[u8]>,
    key_id: Box<str>,
}

impl SignRequest {
    pub(super) fn new(message: &[u8], jwk: &Jwk) -> Self {
        Self { message: message.into(), key_id: jwk.key_id().into() }
    }

    /// Returns the bytes to sign with Ed25519 (RFC 8032, not prehashed).
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Returns the ID of the key, from its [`Jwk`](crate::jwt::Jwk).
    pub fn key_id(&self) -> &str {
        &self.key_id
    }
}

impl fmt::Debug for SignRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, key_id } = self;
        write!(f, "SignRequest({} bytes, key {key_id:?})", message.len())
    }
}
