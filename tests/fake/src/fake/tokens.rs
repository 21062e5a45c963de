//! The tokens that plex.tv has issued, and how tokens are made up.

use std::collections::BTreeMap;

use super::accounts::{Account, Who};
use crate::seeded::mix;

/// The tokens that plex.tv knows, and whose they are.
#[derive(Debug)]
pub(crate) struct Tokens {
    alive: BTreeMap<String, Issued>,
    made: u64,
}

/// One token that plex.tv issued.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) who: Who,
    /// When it ends, in Unix seconds, if it is a signed one.
    pub(crate) expires_at: Option<u64>,
    /// The device that a signed one was issued to.
    client_identifier: Option<String>,
    /// When it ends, in Unix seconds, if it was asked to be remembered.
    pub(crate) remember_expires_at: Option<u64>,
}

impl Issued {
    fn opaque(who: Who, remember_expires_at: Option<u64>) -> Self {
        Self { who, expires_at: None, client_identifier: None, remember_expires_at }
    }
}

impl Tokens {
    /// Each account has one from the beginning.
    pub(crate) fn new<'a>(accounts: impl Iterator<Item = &'a Account>) -> Self {
        let issued = |account: &Account| {
            let issued = Issued::opaque(account.who(), None);
            (account.token().to_owned(), issued)
        };
        Self { alive: accounts.map(issued).collect(), made: 0 }
    }

    pub(crate) fn issue(&mut self, who: Who, remember_expires_at: Option<u64>) -> String {
        self.made += 1;
        let token = opaque(self.made);
        self.alive.insert(token.clone(), Issued::opaque(who, remember_expires_at));
        token
    }

    /// Takes down a signed token.
    pub(crate) fn add_signed(
        &mut self,
        token: &str,
        who: Who,
        client_identifier: &str,
        expires_at: u64,
    ) {
        let issued = Issued {
            who,
            expires_at: Some(expires_at),
            client_identifier: Some(client_identifier.to_owned()),
            remember_expires_at: None,
        };
        self.alive.insert(token.to_owned(), issued);
    }

    /// Makes the signed tokens of a device of an account dead.
    pub(crate) fn revoke_signed(&mut self, who: Who, client_identifier: &str) {
        let is_of = |issued: &Issued| {
            issued.who == who && issued.client_identifier.as_deref() == Some(client_identifier)
        };
        self.alive.retain(|_, issued| !is_of(issued));
    }

    pub(crate) fn revoke(&mut self, token: &str) {
        self.alive.remove(token);
    }

    pub(crate) fn find(&self, token: &str) -> Option<Issued> {
        self.alive.get(token).cloned()
    }
}

/// A token of twenty characters, always the same for the same number.
pub(crate) fn opaque(number: u64) -> String {
    characters(number, b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", 20)
}

/// So many of these characters, always the same for the same number.
pub(crate) fn characters(number: u64, characters: &[u8], length: usize) -> String {
    let mut state = number;
    let character = |_| {
        let place = mix(&mut state) % characters.len() as u64;
        usize::try_from(place)
            .ok()
            .and_then(|place| characters.get(place))
            .map_or('x', |&c| char::from(c))
    };
    (0..length).map(character).collect()
}

/// A transient token, always the same for the same number.
pub(crate) fn transient(number: u64) -> String {
    let mut state = number ^ 0x7472_616e_7369_656e;
    let (high, low) = (mix(&mut state), mix(&mut state));
    format!(
        "transient-{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_well_formed_and_unique() {
        let opaque: Vec<_> = (1..200).map(opaque).collect();
        let transient: Vec<_> = (1..200).map(transient).collect();
        assert!(opaque.iter().all(|token| token.len() == 20));
        assert!(transient.iter().all(|token| token.len() == "transient-".len() + 36));

        let mut all: Vec<_> = opaque.iter().chain(&transient).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 398);
    }
}
