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

/// The lifetime of a device's JWT, in seconds. A nonce has the same lifetime.
const LIFETIME: i64 = 5 * 60;

/// The claims of a JWT that a device signs with its key.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plex_auth_proto::ClientIdentity;
/// use plex_auth_proto::jwt::{DeviceClaims, JwtScope, Nonce};
///
/// # fn saved_identifier() -> String { "example".into() }
/// # use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
/// # struct Key(Jwk);
/// # impl DeviceKey for Key {
/// #     fn jwk(&self) -> &Jwk { &self.0 }
/// #     fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> { Ok([0; 64]) }
/// # }
/// let identity = ClientIdentity::builder(saved_identifier()).build()?;
/// # let key = Key(Jwk::new([7; 32], "den-2026")?);
/// let nonce: Nonce = serde_json::from_str(r#"{"nonce": "b7d0"}"#)?; // returned by `PlexTv::nonce`
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000); // the current time
///
/// let claims = DeviceClaims::for_exchange(&identity, nonce, now).scopes([JwtScope::Username]);
/// // The key is a `DeviceKey`: an `Ed25519Key` or your own type.
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
    /// Creates the claims for [`PlexTv::exchange_device_jwt`](crate::PlexTv::exchange_device_jwt),
    /// with this nonce and all [scopes](JwtScope), which other clients also request. The nonce must
    /// be unused.
    ///
    /// Send the request with the same `identity`, because Plex compares the identifiers. The JWT
    /// expires five minutes after `now`, which should be the current time.
    pub fn for_exchange(identity: &ClientIdentity, nonce: Nonce, now: SystemTime) -> Self {
        let scopes = BTreeSet::from(JwtScope::ALL);
        Self { nonce: Some(nonce), scopes, ..Self::for_poll(identity, now) }
    }

    /// Creates the claims for polling a PIN that was created with a device key. They contain no
    /// nonce and no scopes.
    ///
    /// Sign new claims for each poll. A login that reuses one JWT fails after five minutes.
    pub fn for_poll(identity: &ClientIdentity, now: SystemTime) -> Self {
        Self {
            identifier: identity.identifier().into(),
            issued_at: now.into(),
            nonce: None,
            scopes: BTreeSet::new(),
        }
    }

    /// Sets which user data the token from Plex contains, replacing the previous scopes. If
    /// `scopes` is empty, no user data is requested, and it is unknown how Plex responds.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = JwtScope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Signs the claims.
    ///
    /// # Errors
    ///
    /// Returns a [`SignError`] if the key cannot sign.
    pub fn sign(&self, key: &dyn DeviceKey) -> Result<DeviceJwt, SignError> {
        let unsigned = self.unsigned(key.jwk());
        let signature = key.sign(unsigned.message())?;
        Ok(unsigned.signed(&signature))
    }

    /// Returns the JWT without its signature, for a key that signs asynchronously.
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

/// A kind of user data in Plex's token. Scopes select claims, not permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum JwtScope {
    /// The username.
    Username,
    /// The email address.
    Email,
    /// The full name.
    FriendlyName,
    /// Whether the user is a managed user.
    Restricted,
    /// Whether the account has no email address.
    Anonymous,
    /// The time at which the account was created.
    JoinedAt,
}

impl JwtScope {
    /// All scopes.
    pub const ALL: [Self; 6] = [
        Self::Username,
        Self::Email,
        Self::FriendlyName,
        Self::Restricted,
        Self::Anonymous,
        Self::JoinedAt,
    ];

    /// Returns the name that Plex uses.
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

/// A device's JWT without its signature, returned by [`DeviceClaims::unsigned`]. Sign the message,
/// then call [`signed`](Self::signed).
///
/// `Debug` shows only the length.
///
/// ```
/// use std::time::SystemTime;
/// use plex_auth_proto::ClientIdentity;
/// use plex_auth_proto::jwt::{DeviceClaims, Jwk};
///
/// # fn sign_with_key_store(_: &[u8]) -> [u8; 64] { [0; 64] }
/// # fn saved_identifier() -> String { "example".into() }
/// let identity = ClientIdentity::builder(saved_identifier()).build()?;
/// let jwk = Jwk::new([7; 32], "den-2026")?; // the public key
/// let unsigned = DeviceClaims::for_poll(&identity, SystemTime::now()).unsigned(&jwk);
/// let signature = sign_with_key_store(unsigned.message()); // or `.await`
/// let jwt = unsigned.signed(&signature);
/// assert_eq!(jwt.expose().split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UnsignedDeviceJwt {
    message: String,
}

impl UnsignedDeviceJwt {
    /// Returns the message to sign, which is ASCII text. Sign it with Ed25519 (RFC 8032), not
    /// prehashed.
    pub fn message(&self) -> &[u8] {
        self.message.as_bytes()
    }

    /// Returns the JWT with this signature, which is not checked.
    pub fn signed(self, signature: &[u8; 64]) -> DeviceJwt {
        DeviceJwt(Secret::new(format!("{}.{}", self.message, BASE64.encode(signature))))
    }
}

impl fmt::Debug for UnsignedDeviceJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnsignedDeviceJwt({} bytes)", self.message.len())
    }
}

/// A JWT that the device has signed with its key. Anyone who has it can act as the device for five
/// minutes.
///
/// `Debug` shows `***`, there is no `Display` or comparison, and the memory is zeroed on drop.
#[derive(Clone)]
pub struct DeviceJwt(Secret);

impl DeviceJwt {
    /// Returns the JWT as text. The caller is responsible for keeping it secret.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The inner [`Secret`] is zeroed on drop.
impl ZeroizeOnDrop for DeviceJwt {}

impl fmt::Debug for DeviceJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
