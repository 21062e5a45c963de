//! The tokens that plex.tv has issued, and how tokens are made up.

use std::collections::BTreeMap;

use super::{Account, Who};
use crate::seeded::mix;

/// The tokens that plex.tv knows, and whose they are.
#[derive(Debug)]
pub(crate) struct Tokens {
    alive: BTreeMap<String, Issued>,
    made: u64,
}

/// One token that plex.tv issued.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Issued {
    pub(crate) who: Who,
    /// When it ends, in Unix seconds, if it was asked to be remembered.
    pub(crate) remember_expires_at: Option<u64>,
}

impl Tokens {
    /// Each account has one from the beginning.
    pub(crate) fn new<'a>(accounts: impl Iterator<Item = &'a Account>) -> Self {
        let issued = |account: &Account| {
            let issued = Issued { who: account.who(), remember_expires_at: None };
            (account.token().to_owned(), issued)
        };
        Self { alive: accounts.map(issued).collect(), made: 0 }
    }

    pub(crate) fn issue(&mut self, who: Who, remember_expires_at: Option<u64>) -> String {
        self.made += 1;
        let token = opaque(self.made);
        self.alive.insert(token.clone(), Issued { who, remember_expires_at });
        token
    }

    pub(crate) fn revoke(&mut self, token: &str) {
        self.alive.remove(token);
    }

    pub(crate) fn find(&self, token: &str) -> Option<Issued> {
        self.alive.get(token).copied()
    }
}

/// A token of twenty characters, always the same for the same number.
pub(crate) fn opaque(number: u64) -> String {
    const CHARACTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    let mut state = number;
    let character = |_| {
        let place = mix(&mut state) % CHARACTERS.len() as u64;
        usize::try_from(place)
            .ok()
            .and_then(|place| CHARACTERS.get(place))
            .map_or('x', |&c| char::from(c))
    };
    (0..20).map(character).collect()
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
    fn tokens_are_of_the_right_shape_and_all_different() {
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
