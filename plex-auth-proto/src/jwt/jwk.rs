use base64::Engine;
use serde_json::{Value as Json, json};

use super::encoding::{BASE64, EDDSA};

/// The maximum length of a key ID, in bytes. Known clients use thumbprints, hashes or UUIDs.
const MAX_KEY_ID_LENGTH: usize = 256;

/// A device's public key, as registered with Plex: a JSON Web Key for Ed25519 (RFC 8037).
///
/// It contains no secret. The private key is a [`DeviceKey`](crate::jwt::DeviceKey).
///
/// ```
/// use plex_auth_proto::jwt::{InvalidKeyId, Jwk};
///
/// let jwk = Jwk::new([7; 32], "den-2026")?;
/// assert_eq!(jwk.key_id(), "den-2026");
/// assert_eq!(
///     jwk.to_json(),
///     concat!(
///         r#"{"alg":"EdDSA","crv":"Ed25519","kid":"den-2026","kty":"OKP","use":"sig","#,
///         r#""x":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}"#,
///     )
/// );
///
/// assert_eq!(Jwk::new([7; 32], " ").unwrap_err(), InvalidKeyId::Empty);
/// # Ok::<(), InvalidKeyId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Jwk {
    public_key: [u8; 32],
    key_id: Box<str>,
}

impl Jwk {
    /// Creates a JWK from an Ed25519 public key (RFC 8032) and its ID.
    ///
    /// The key ID (`kid`) is free-form text, such as a thumbprint, a hash or a UUID. Plex looks up
    /// the key by this ID, so it must never change. Surrounding whitespace is trimmed.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKeyId`] if the ID is empty or too long, or contains control characters.
    pub fn new(public_key: [u8; 32], key_id: impl AsRef<str>) -> Result<Self, InvalidKeyId> {
        let key_id = key_id.as_ref().trim();
        if key_id.is_empty() {
            return Err(InvalidKeyId::Empty);
        }
        if key_id.len() > MAX_KEY_ID_LENGTH {
            return Err(InvalidKeyId::TooLong);
        }
        if key_id.chars().any(char::is_control) {
            return Err(InvalidKeyId::ControlCharacter);
        }
        Ok(Self { public_key, key_id: key_id.into() })
    }

    /// Creates a JWK with the key's [thumbprint](Self::thumbprint) as its ID, so that only the key
    /// needs to be saved.
    #[cfg(feature = "ed25519")]
    pub fn with_thumbprint(public_key: [u8; 32]) -> Self {
        Self { public_key, key_id: thumbprint(&public_key).into() }
    }

    /// Returns the public key.
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// Returns the key ID (`kid`).
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the key's thumbprint (RFC 7638): the SHA-256 hash of its required members, encoded
    /// in 43 characters. It depends only on the key, which makes it a suitable key ID.
    ///
    /// ```
    /// use plex_auth_proto::jwt::{DeviceKey, Ed25519Key};
    ///
    /// let key = Ed25519Key::from_seed(&[1; 32]);
    /// assert_eq!(key.jwk().thumbprint(), "UDDReOZl1ipXAfp9wYsm13sDBMK5og--QWdBjzuf6o4");
    /// ```
    #[cfg(feature = "ed25519")]
    pub fn thumbprint(&self) -> String {
        thumbprint(&self.public_key)
    }

    /// Returns the key as JSON, in the form that is sent to Plex.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    pub(crate) fn to_value(&self) -> Json {
        let Self { public_key, key_id } = self;
        json!({
            "kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(public_key),
            "use": "sig", "alg": EDDSA, "kid": key_id,
        })
    }
}

#[cfg(feature = "ed25519")]
fn thumbprint(public_key: &[u8; 32]) -> String {
    use sha2::{Digest, Sha256};

    // The RFC requires exactly these members, in this order, without whitespace.
    let x = BASE64.encode(public_key);
    BASE64.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

/// The reason that a string is not a valid key ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKeyId {
    /// The text is empty or only whitespace.
    #[error("the key ID is empty; use an ID that never changes, such as a UUID")]
    Empty,
    /// The text contains a control character.
    #[error("the key ID contains a control character; remove it")]
    ControlCharacter,
    /// The text is longer than 256 bytes.
    #[error("the key ID is longer than 256 bytes; use a short ID, such as a UUID")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::{InvalidKeyId, Jwk};

    #[test]
    fn key_id_is_trimmed_and_validated() {
        use InvalidKeyId::{ControlCharacter, Empty, TooLong};
        assert_eq!(Jwk::new([0; 32], " den 客厅\n").unwrap().key_id(), "den 客厅");
        let longest = "x".repeat(256);
        assert_eq!(Jwk::new([0; 32], &longest).unwrap().key_id(), longest);
        let long = "x".repeat(257);
        for (name, why) in
            [("", Empty), ("\n", Empty), ("a\0b", ControlCharacter), (&long, TooLong)]
        {
            assert_eq!(Jwk::new([0; 32], name).unwrap_err(), why, "{name:?}");
        }
    }

    #[test]
    fn any_key_id_is_written_as_json() {
        let json: serde_json::Value =
            serde_json::from_str(&Jwk::new([0; 32], r#"a"b\c"#).unwrap().to_json()).unwrap();
        assert_eq!(json["kid"], r#"a"b\c"#);
    }

    /// The example from RFC 8037, appendix A.3.
    #[cfg(feature = "ed25519")]
    #[test]
    fn thumbprint_matches_the_rfc() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let jwk = Jwk::with_thumbprint(crate::jwt::encoding::public_key(x).unwrap());
        assert_eq!(jwk.key_id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(jwk.thumbprint(), jwk.key_id());
    }
}
