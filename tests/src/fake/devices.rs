//! The keys of devices that plex.tv knows, and the nonces that it has handed out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Who;
use super::jwt::{self, DeviceToken};
use super::tokens;

/// The key of a device, registered by whoever was signed in there.
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
    /// The client identifier that it was registered under.
    pub fn client_identifier(&self) -> &str {
        &self.client_identifier
    }

    /// What it is called: `kid`.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Whose device it is.
    pub fn who(&self) -> Who {
        self.who
    }

    /// Whether the device was removed from the account.
    pub fn is_removed(&self) -> bool {
        self.is_removed
    }
}

/// Why a device's token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Structure,
    Signature,
    Thumbprint,
    Nonce,
    Expired,
    Removed,
}

/// A nonce is good for five minutes.
const NONCE_SECONDS: u64 = 5 * 60;

#[derive(Debug, Default)]
pub(crate) struct Devices {
    keys: Vec<DeviceKey>,
    /// Until when each nonce is good that nobody has used.
    nonces: BTreeMap<String, u64>,
    made: u64,
    /// How many of them there may be at a time.
    pub(crate) nonce_limit: Option<usize>,
    /// Whether a device's token must say when it was made and when it ends.
    pub(crate) demands_times: bool,
}

impl Devices {
    pub(crate) fn keys(&self) -> impl Iterator<Item = &DeviceKey> {
        self.keys.iter()
    }

    /// A nonce, unless too many wait to be used.
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

    /// Takes a key down, unless it is known already: the outer `None` is for one that is malformed.
    pub(crate) fn register(
        &mut self,
        jwk: &Value,
        client_identifier: &str,
        who: Who,
        old_token: Option<String>,
    ) -> Option<Result<(), Refusal>> {
        let public_key = jwt::public_key(jwk)?;
        let key_id = jwk["kid"].as_str().filter(|name| !name.trim().is_empty())?;
        let is_taken = |key: &DeviceKey| key.public_key == public_key || key.key_id == key_id;
        if self.keys.iter().any(is_taken) {
            return Some(Err(Refusal::Thumbprint));
        }
        self.keys.push(DeviceKey {
            client_identifier: client_identifier.to_owned(),
            key_id: key_id.to_owned(),
            public_key,
            who,
            is_removed: false,
            old_token,
        });
        Some(Ok(()))
    }

    /// Whose device has signed this, and what it says. Whether a nonce is right is not looked at.
    pub(crate) fn read(
        &self,
        text: &str,
        client_identifier: &str,
        now: u64,
    ) -> Result<(&DeviceKey, Value), Refusal> {
        let token = DeviceToken::read(text).ok_or(Refusal::Structure)?;
        let key = self.keys.iter().find(|key| token.header["kid"] == key.key_id.as_str());
        let key = key.ok_or(Refusal::Thumbprint)?;
        if !token.is_signed_by(&key.public_key) {
            return Err(Refusal::Signature);
        }
        let claims = token.claims;
        if claims["aud"] != "plex.tv" {
            return Err(Refusal::Structure);
        }
        let is_this = |identifier: &str| key.client_identifier == identifier;
        let issuer = claims["iss"].as_str().ok_or(Refusal::Structure)?;
        if key.is_removed || !is_this(issuer) || !is_this(client_identifier) {
            return Err(Refusal::Removed);
        }
        self.check_times(&claims, now)?;
        Ok((key, claims))
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

    /// Uses up the nonce of a device's token.
    pub(crate) fn use_nonce(&mut self, claims: &Value, now: u64) -> Result<(), Refusal> {
        let nonce = claims["nonce"].as_str().and_then(|nonce| self.nonces.remove(nonce));
        nonce.filter(|expires_at| now < *expires_at).map(|_| ()).ok_or(Refusal::Nonce)
    }

    /// The token that the device had before it had a signed one; once.
    pub(crate) fn take_old_token(&mut self, key_id: &str) -> Option<String> {
        self.keys.iter_mut().find(|key| key.key_id == key_id)?.old_token.take()
    }

    /// Removes the devices that ask under this client identifier, whose keys stay taken.
    pub(crate) fn remove(&mut self, client_identifier: &str) {
        for key in &mut self.keys {
            key.is_removed |= key.client_identifier == client_identifier;
        }
    }
}
