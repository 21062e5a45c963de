//! The PINs that clients have created.

use serde_json::Value;

use super::accounts::Who;
use super::tokens;

/// A PIN. The client that created it uses the ID to poll it, and a signed-in user enters the code
/// to link it.
#[derive(Debug, Clone)]
pub struct Pin {
    id: u64,
    code: String,
    is_strong: bool,
    client_identifier: String,
    product: Option<String>,
    created_at: u64,
    expires_at: u64,
    jwk: Option<Value>,
    linked: Option<(Who, String)>,
}

impl Pin {
    /// Returns the ID for polling the PIN.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns the code for linking the PIN: 4 characters (uppercase letters and digits), or 25
    /// characters (lowercase letters and digits) for a strong PIN.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns whether this is a strong PIN, which has the long code and is linked on the hosted
    /// page.
    pub fn is_strong(&self) -> bool {
        self.is_strong
    }

    /// Returns the client identifier that the PIN was created under. The PIN cannot be polled under
    /// any other identifier.
    pub fn client_identifier(&self) -> &str {
        &self.client_identifier
    }

    /// Returns the product that created the PIN, if the request named one.
    pub fn product(&self) -> Option<&str> {
        self.product.as_deref()
    }

    /// Returns the device key that the PIN was created with, if any.
    pub fn jwk(&self) -> Option<&Value> {
        self.jwk.as_ref()
    }

    /// Returns the time at which the PIN was created, in Unix seconds.
    pub fn created_at(&self) -> u64 {
        self.created_at
    }

    /// Returns the time at which the PIN expires, in Unix seconds.
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// Returns the account that the PIN is linked to, if any.
    pub fn linked_by(&self) -> Option<Who> {
        self.linked.as_ref().map(|(who, _)| *who)
    }

    /// Returns the token that was issued when the PIN was linked, if it is linked.
    pub fn token(&self) -> Option<&str> {
        self.linked.as_ref().map(|(_, token)| token.as_str())
    }

    /// Makes the PIN this many seconds older.
    pub fn age(&mut self, seconds: u64) {
        self.created_at = self.created_at.saturating_sub(seconds);
        self.expires_at = self.expires_at.saturating_sub(seconds);
    }

    /// Returns whether the PIN can still be polled, that is, whether it has not expired yet.
    pub fn is_alive(&self, now: u64) -> bool {
        now < self.expires_at
    }
}

/// The fields of a new PIN.
#[derive(Debug, Clone)]
pub(crate) struct NewPin<'a> {
    pub(crate) is_strong: bool,
    pub(crate) client_identifier: &'a str,
    pub(crate) product: Option<&'a str>,
    pub(crate) jwk: Option<Value>,
}

/// The first ID, just below the maximum of a signed 32-bit integer.
const FIRST: u64 = (1 << 31) - 2;

/// The characters of short codes, without those that are easily confused.
const SHORT: &[u8] = b"ACDEFGHJKMNPQRTUVWXY34679";

const STRONG: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// All PINs that were ever created, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Pins(Vec<Pin>);

impl Pins {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Pin> {
        self.0.iter()
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Pin> {
        self.0.iter_mut().find(|pin| pin.id == id)
    }

    pub(crate) fn make(&mut self, new: NewPin<'_>, now: u64) -> Pin {
        let made = self.0.len() as u64;
        let (characters, length, seconds) =
            if new.is_strong { (STRONG, 25, 1800) } else { (SHORT, 4, 900) };
        let pin = Pin {
            id: FIRST + made,
            code: tokens::characters(made ^ 0x7069_6e73, characters, length),
            is_strong: new.is_strong,
            client_identifier: new.client_identifier.to_owned(),
            product: new.product.map(str::to_owned),
            created_at: now,
            expires_at: now.saturating_add(seconds),
            jwk: new.jwk,
            linked: None,
        };
        self.0.push(pin.clone());
        pin
    }

    /// Returns the PIN with this ID, if it has not expired and was created under this identifier.
    pub(crate) fn polled(&self, id: u64, client_identifier: &str, now: u64) -> Option<&Pin> {
        let found = self.0.iter().find(|pin| pin.id == id)?;
        (found.is_alive(now) && found.client_identifier == client_identifier).then_some(found)
    }

    /// Returns the PIN with this code, if it is neither expired nor linked.
    pub(crate) fn waiting(&self, code: &str, now: u64) -> Option<&Pin> {
        self.0.iter().find(|pin| pin.code == code && pin.is_alive(now) && pin.linked.is_none())
    }

    /// Links a PIN to a token. Returns the token that the new token replaces, if any: the token
    /// that the same account got through a previously linked PIN with the same client identifier.
    pub(crate) fn link(&mut self, id: u64, who: Who, token: &str) -> Option<String> {
        let identifier = self.get_mut(id)?.client_identifier.clone();
        let before = self
            .0
            .iter()
            .rev()
            .find(|pin| pin.client_identifier == identifier && pin.linked_by() == Some(who));
        let replaced = before.and_then(Pin::token).map(str::to_owned);
        self.get_mut(id)?.linked = Some((who, token.to_owned()));
        replaced
    }
}
