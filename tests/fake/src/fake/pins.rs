//! The PINs that wait to be linked, and those that have been.

use serde_json::Value;

use super::accounts::Who;
use super::tokens;

/// A PIN: whoever made it polls it by its number, and somebody who is signed in links it by its code.
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
    /// The number that it is polled by.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The code that it is linked by: four capitals and digits, or twenty-five small letters and digits.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether it is one for the hosted page, with the long code.
    pub fn is_strong(&self) -> bool {
        self.is_strong
    }

    /// The client identifier that it was made under. Under any other it is not found.
    pub fn client_identifier(&self) -> &str {
        &self.client_identifier
    }

    /// The product that made it.
    pub fn product(&self) -> Option<&str> {
        self.product.as_deref()
    }

    /// The key of the device that made it, if it brought one along.
    pub fn jwk(&self) -> Option<&Value> {
        self.jwk.as_ref()
    }

    /// When it was made, in Unix seconds.
    pub fn created_at(&self) -> u64 {
        self.created_at
    }

    /// When it ends, in Unix seconds.
    pub fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// Who has linked it.
    pub fn linked_by(&self) -> Option<Who> {
        self.linked.as_ref().map(|(who, _)| *who)
    }

    /// The token that it brings, once it is linked.
    pub fn token(&self) -> Option<&str> {
        self.linked.as_ref().map(|(_, token)| token.as_str())
    }

    /// Makes it so many seconds older.
    pub fn age(&mut self, seconds: u64) {
        self.created_at = self.created_at.saturating_sub(seconds);
        self.expires_at = self.expires_at.saturating_sub(seconds);
    }

    /// Whether it can still be polled and linked.
    pub fn is_alive(&self, now: u64) -> bool {
        now < self.expires_at
    }
}

/// A PIN that is about to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewPin<'a> {
    pub(crate) is_strong: bool,
    pub(crate) client_identifier: &'a str,
    pub(crate) product: Option<&'a str>,
    pub(crate) jwk: Option<Value>,
}

/// The first number: a few before the one that 31 bits cannot hold.
const FIRST: u64 = (1 << 31) - 2;

/// Neither letter nor digit that can be taken for another.
const SHORT: &[u8] = b"ACDEFGHJKMNPQRTUVWXY34679";

const STRONG: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// All PINs that were ever made, oldest first.
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

    /// The PIN to poll, under the identifier that it was made under.
    pub(crate) fn polled(&self, id: u64, client_identifier: &str, now: u64) -> Option<&Pin> {
        let found = self.0.iter().find(|pin| pin.id == id)?;
        (found.is_alive(now) && found.client_identifier == client_identifier).then_some(found)
    }

    /// The PIN that a code would link: alive, and not linked yet.
    pub(crate) fn waiting(&self, code: &str, now: u64) -> Option<&Pin> {
        self.0.iter().find(|pin| pin.code == code && pin.is_alive(now) && pin.linked.is_none())
    }

    /// Puts a token into a PIN, and returns the one that it takes the place of: that which the same account
    /// has through an earlier PIN of the same identifier.
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
