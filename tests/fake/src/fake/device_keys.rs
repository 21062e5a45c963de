//! The registered device keys and the issued nonces.

use std::collections::BTreeMap;

use serde_json::Value;

use super::accounts::Who;
use super::jwt::{self, DeviceToken};
use super::tokens;

/// A device key that is registered with an account.
#[derive(Debug, Clone)]
pub struct DeviceKey {
    client_identifier: String,
    key_id: String,
    public_key: Vec<u8>,
    who: Who,
    is_removed: bool,
    old_token: Option<String>,
}

impl DeviceKey {
    /// Returns the client identifier that the key was registered under.
    pub fn client_identifier(&self) -> &str {
        &self.client_identifier
    }

    /// Returns the key ID (`kid`).
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the account that the key was registered with.
    pub fn who(&self) -> Who {
        self.who
    }

    /// Returns whether the device was removed from the account.
    pub fn is_removed(&self) -> bool {
        self.is_removed
    }
}

/// The reason that a device's key or JWT is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed,
    Structure,
    Signature,
    Thumbprint,
    Nonce,
    Expired,
    Removed,
}

/// The lifetime of a nonce, in seconds.
const NONCE_SECONDS: u64 = 5 * 60;

#[derive(Debug, Default)]
pub(crate) struct DeviceKeys {
    keys: Vec<DeviceKey>,
    /// The expiry of each unused nonce.
    nonces: BTreeMap<String, u64>,
    made: u64,
    /// The maximum number of unused nonces.
    pub(crate) nonce_limit: Option<usize>,
    /// Whether a device's JWT must have the `iat` and `exp` claims.
    pub(crate) demands_times: bool,
}

impl DeviceKeys {
    pub(crate) fn keys(&self) -> impl Iterator<Item = &DeviceKey> {
        self.keys.iter()
    }

    /// Issues a nonce, unless there are too many unused ones.
    pub(crate) fn nonce(&mut self, now: u64) -> Option<String> {
        self.nonces.retain(|_, expires_at| now < *expires_at);
        if self.nonce_limit.is_some_and(|limit| self.nonces.len() >= limit) {
            return None;
        }
        self.made += 1;
        let nonce = tokens::opaque(self.made ^ 0x6e6f_6e63_6573);
        self.nonces.insert(nonce.clone(), now.saturating_add(NONCE_SECONDS));
        Some(nonce)
    }

    /// Checks that a key can be registered: it is valid, and neither the key nor its ID is
    /// registered yet.
    pub(crate) fn check(&self, jwk: &Value) -> Result<(), Refusal> {
        let (public_key, key_id) = jwt::public_key(jwk).ok_or(Refusal::Malformed)?;
        let is_taken = |key: &DeviceKey| key.public_key == public_key || key.key_id == key_id;
        if self.keys.iter().any(is_taken) { Err(Refusal::Thumbprint) } else { Ok(()) }
    }

    pub(crate) fn register(
        &mut self,
        jwk: &Value,
        client_identifier: &str,
        who: Who,
        old_token: Option<String>,
    ) -> Result<(), Refusal> {
        self.check(jwk)?;
        let (public_key, key_id) = jwt::public_key(jwk).ok_or(Refusal::Malformed)?;
        self.keys.push(DeviceKey {
            client_identifier: client_identifier.to_owned(),
            key_id: key_id.to_owned(),
            public_key,
            who,
            is_removed: false,
            old_token,
        });
        Ok(())
    }

    /// Returns the key that signed this JWT, and the JWT's claims. The nonce is not checked.
    pub(crate) fn read(
        &self,
        text: &str,
        client_identifier: &str,
        now: u64,
    ) -> Result<(&DeviceKey, Value), Refusal> {
        let token = DeviceToken::read(text).ok_or(Refusal::Structure)?;
        let key_id = token.header.get("kid").and_then(Value::as_str);
        let key = self.keys.iter().find(|key| key_id == Some(key.key_id.as_str()));
        let key = key.ok_or(Refusal::Thumbprint)?;
        if !token.is_signed_by(&key.public_key) {
            return Err(Refusal::Signature);
        }
        if key.is_removed || key.client_identifier != client_identifier {
            return Err(Refusal::Removed);
        }
        self.check_claims(&token.claims, client_identifier, now)?;
        Ok((key, token.claims))
    }

    /// Checks that a device JWT was signed by this key, which may be unregistered, and was issued
    /// under this client identifier.
    pub(crate) fn read_of(
        &self,
        jwk: &Value,
        text: &str,
        client_identifier: &str,
        now: u64,
    ) -> Result<(), Refusal> {
        let token = DeviceToken::read(text).ok_or(Refusal::Structure)?;
        let (public_key, key_id) = jwt::public_key(jwk).ok_or(Refusal::Malformed)?;
        if token.header.get("kid").is_none_or(|kid| kid != key_id) {
            return Err(Refusal::Thumbprint);
        }
        if !token.is_signed_by(&public_key) {
            return Err(Refusal::Signature);
        }
        self.check_claims(&token.claims, client_identifier, now)
    }

    fn check_claims(
        &self,
        claims: &Value,
        client_identifier: &str,
        now: u64,
    ) -> Result<(), Refusal> {
        if claims["aud"] != "plex.tv" || !claims["iss"].is_string() {
            return Err(Refusal::Structure);
        }
        if claims["iss"] != client_identifier {
            return Err(Refusal::Removed);
        }
        self.check_times(claims, now)
    }

    fn check_times(&self, claims: &Value, now: u64) -> Result<(), Refusal> {
        let ends = claims["exp"].as_f64();
        if self.demands_times && (ends.is_none() || claims["iat"].as_f64().is_none()) {
            return Err(Refusal::Structure);
        }
        #[expect(clippy::cast_precision_loss, reason = "far within what is exact")]
        match ends {
            Some(ends) if ends <= now as f64 => Err(Refusal::Expired),
            _ => Ok(()),
        }
    }

    /// Checks and uses up the nonce in a device's JWT.
    pub(crate) fn use_nonce(&mut self, claims: &Value, now: u64) -> Result<(), Refusal> {
        let nonce = claims["nonce"].as_str().and_then(|nonce| self.nonces.remove(nonce));
        nonce.filter(|expires_at| now < *expires_at).map(|_| ()).ok_or(Refusal::Nonce)
    }

    /// Takes the token that the key's first JWT replaces. Returns `None` if there is no such token
    /// or it has already been taken.
    pub(crate) fn take_old_token(&mut self, key_id: &str) -> Option<String> {
        self.keys.iter_mut().find(|key| key.key_id == key_id)?.old_token.take()
    }

    /// Marks an account's keys with this client identifier as belonging to a removed device. The
    /// keys stay registered.
    pub(crate) fn remove(&mut self, who: Who, client_identifier: &str) {
        for key in &mut self.keys {
            key.is_removed |= key.who == who && key.client_identifier == client_identifier;
        }
    }
}
