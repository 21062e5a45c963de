//! JWT creation and parsing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

/// A key that plex.tv signs with, and its ID.
#[derive(Debug)]
pub(crate) struct PlexKey {
    pair: Ed25519KeyPair,
    key_id: String,
}

impl PlexKey {
    /// Returns the key with this number. The same number always gives the same key.
    pub(crate) fn numbered(number: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[number ^ 0x5a; 32]);
        #[expect(clippy::expect_used, reason = "any 32 bytes are a seed")]
        let pair = pair.expect("any 32 bytes are a valid seed");
        Self { pair, key_id: format!("plex-key-{number}") }
    }

    /// Returns the public key, as listed by `/auth/keys`.
    pub(crate) fn jwk(&self) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(self.pair.public_key()),
            "use": "sig", "alg": "EdDSA", "kid": self.key_id,
        })
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "kid": self.key_id, "typ": "JWT" });
        let [header, claims] = [&header, claims].map(|part| BASE64.encode(part.to_string()));
        let message = format!("{header}.{claims}");
        let signature = BASE64.encode(self.pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// Returns the 32 bytes of a device's public key, and its ID. Returns `None` if the JWK is not a
/// valid Ed25519 key with an ID.
pub(crate) fn public_key(jwk: &Value) -> Option<(Vec<u8>, &str)> {
    if jwk["kty"] != "OKP" || jwk["crv"] != "Ed25519" {
        return None;
    }
    let x = BASE64.decode(jwk["x"].as_str()?).ok()?;
    let key_id = jwk["kid"].as_str().filter(|name| !name.trim().is_empty())?;
    (x.len() == 32).then_some((x, key_id))
}

/// A parsed device JWT.
#[derive(Debug)]
pub(crate) struct DeviceToken<'a> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    message: &'a str,
    signature: Vec<u8>,
}

impl<'a> DeviceToken<'a> {
    /// Parses a JWT: three base64url parts, the first two of which are JSON objects.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let object = |part| {
            let value: Value = serde_json::from_slice(&BASE64.decode(part).ok()?).ok()?;
            value.is_object().then_some(value)
        };
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            message,
            signature: BASE64.decode(signature).ok()?,
        })
    }

    pub(crate) fn is_signed_by(&self, public_key: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, public_key);
        self.header.get("alg").is_some_and(|alg| alg == "EdDSA")
            && key.verify(self.message.as_bytes(), &self.signature).is_ok()
    }
}
