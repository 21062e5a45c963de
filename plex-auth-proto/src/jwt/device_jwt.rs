use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use base64::Engine;
use serde_json::json;
use zeroize::ZeroizeOnDrop;

use super::device_key::{DeviceKey, SignError};
use super::encoding::{BASE64, EDDSA, PLEX_TV};
use super::jwk::Jwk;
use super::nonce::Nonce;
use crate::values::client_identity::ClientIdentity;
use crate::values::secret::Secret;
use crate::values::unix_seconds::UnixSeconds;

/// How long a device's token is good for, in seconds: as long as a nonce.
const LIFETIME: i64 = 5 * 60;

/// What a device states in a token of its own, to be signed with its key: who it is, and what it wants.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plex_auth_proto::ClientIdentity;
/// use plex_auth_proto::jwt::{DeviceClaims, JwtScope, Nonce};
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
/// # use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
/// # struct Key(Jwk);
/// # impl DeviceKey for Key {
/// #     fn jwk(&self) -> &Jwk { &self.0 }
/// #     fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> { Ok([0; 64]) }
/// # }
/// # let key = Key(Jwk::new([7; 32], "den-2026")?);
/// let nonce: Nonce = serde_json::from_str(r#"{"nonce": "b7d0"}"#)?; // of `PlexTv::nonce`
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000); // the caller's clock
///
/// let claims = DeviceClaims::for_exchange(&me, nonce, now).scopes([JwtScope::Username]);
/// // The key is a `DeviceKey`: an `Ed25519Key`, or one of your own.
/// let jwt = claims.sign(&key)?;
/// assert_eq!(jwt.expose().split('.').count(), 3);
/// assert_eq!(format!("{jwt:?}"), "***");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DeviceClaims {
    identifier: Box<str>,
    issued_at: UnixSeconds,
    nonce: Option<Nonce>,
    scopes: BTreeSet<JwtScope>,
}

impl DeviceClaims {
    /// For [`PlexTv::exchange_device_jwt`](crate::PlexTv::exchange_device_jwt): with a fresh nonce, and with
    /// all [scopes](JwtScope), as working clients ask for them.
    ///
    /// `identity` must be the one that the call is made with, as Plex compares the two. The token is good for
    /// five minutes from `now`, the caller's clock.
    pub fn for_exchange(identity: &ClientIdentity, nonce: Nonce, now: SystemTime) -> Self {
        let scopes = BTreeSet::from(JwtScope::ALL);
        Self { nonce: Some(nonce), scopes, ..Self::for_poll(identity, now) }
    }

    /// For a look at a PIN that was made with a device's key: without a nonce and without scopes.
    ///
    /// Each look wants a token of its own, else a login that takes longer than five minutes fails.
    pub fn for_poll(identity: &ClientIdentity, now: SystemTime) -> Self {
        Self {
            identifier: identity.identifier().into(),
            issued_at: now.into(),
            nonce: None,
            scopes: BTreeSet::new(),
        }
    }

    /// Sets what Plex's token shall say about the user, in place of what was set before. Without any,
    /// nothing is asked for; what Plex answers to that is not known.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = JwtScope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Signs the claims.
    ///
    /// # Errors
    ///
    /// [`SignError`], as the key says.
    pub fn sign(&self, key: &dyn DeviceKey) -> Result<DeviceJwt, SignError> {
        let unsigned = self.unsigned(key.jwk());
        let signature = key.sign(unsigned.message())?;
        Ok(unsigned.signed(&signature))
    }

    /// The token less its signature, for a key that cannot sign at once: a prompt, a promise.
    pub fn unsigned(&self, jwk: &Jwk) -> UnsignedDeviceJwt {
        let Self { identifier, issued_at: UnixSeconds(issued_at), nonce, scopes } = self;
        let header = json!({ "alg": EDDSA, "kid": jwk.key_id(), "typ": "JWT" });
        let mut claims = json!({
            "aud": PLEX_TV, "iss": identifier, "iat": issued_at,
            "exp": issued_at.saturating_add(LIFETIME),
        });
        if let Some(claims) = claims.as_object_mut() {
            if let Some(nonce) = nonce {
                claims.insert("nonce".to_owned(), nonce.expose().into());
            }
            if !scopes.is_empty() {
                let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
                claims.insert("scope".to_owned(), scopes.join(",").into());
            }
        }
        let [header, claims] = [header, claims].map(|part| BASE64.encode(part.to_string()));
        UnsignedDeviceJwt { message: format!("{header}.{claims}") }
    }
}

/// Which of the user's data Plex's token shall hold. They choose what it says, not what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum JwtScope {
    /// The user name.
    Username,
    /// The e-mail address.
    Email,
    /// The full name.
    FriendlyName,
    /// Whether this is a managed user.
    Restricted,
    /// Whether the account was made without an e-mail address.
    Anonymous,
    /// When the account was made.
    JoinedAt,
}

impl JwtScope {
    /// Every scope there is.
    pub const ALL: [Self; 6] = [
        Self::Username,
        Self::Email,
        Self::FriendlyName,
        Self::Restricted,
        Self::Anonymous,
        Self::JoinedAt,
    ];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::FriendlyName => "friendly_name",
            Self::Restricted => "restricted",
            Self::Anonymous => "anonymous",
            Self::JoinedAt => "joinedAt",
        }
    }
}

/// A device's token that lacks its signature, as of [`DeviceClaims::unsigned`]: sign the message, hand the
/// signature in.
///
/// `Debug` shows the length only.
///
/// ```
/// use std::time::SystemTime;
/// use plex_auth_proto::ClientIdentity;
/// use plex_auth_proto::jwt::{DeviceClaims, Jwk};
///
/// # fn ask_the_key_store(_: &[u8]) -> [u8; 64] { [0; 64] }
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
/// let jwk = Jwk::new([7; 32], "den-2026")?; // the public half, known before
/// let unsigned = DeviceClaims::for_poll(&me, SystemTime::now()).unsigned(&jwk);
/// let signature = ask_the_key_store(unsigned.message()); // or `.await`
/// let jwt = unsigned.signed(&signature);
/// assert_eq!(jwt.expose().split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UnsignedDeviceJwt {
    message: String,
}

impl UnsignedDeviceJwt {
    /// What is to be signed: ASCII, by Ed25519 as of RFC 8032, not prehashed.
    pub fn message(&self) -> &[u8] {
        self.message.as_bytes()
    }

    /// The token with its signature. Whether it is the right one is for Plex to find out.
    pub fn signed(self, signature: &[u8; 64]) -> DeviceJwt {
        DeviceJwt(Secret::new(format!("{}.{}", self.message, BASE64.encode(signature))))
    }
}

impl fmt::Debug for UnsignedDeviceJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnsignedDeviceJwt({} bytes)", self.message.len())
    }
}

/// A token that a device has signed with its key. Whoever holds it is the device for five minutes.
///
/// `Debug` shows `***`, there is no `Display` and no comparison, and the memory is zeroed when the value is
/// dropped.
#[derive(Clone)]
pub struct DeviceJwt(Secret);

impl DeviceJwt {
    /// The token itself. What is done with it is the caller's responsibility.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Its text is.
impl ZeroizeOnDrop for DeviceJwt {}

impl fmt::Debug for DeviceJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
