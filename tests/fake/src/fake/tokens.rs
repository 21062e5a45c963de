//! The tokens issued by plex.tv, and the functions that generate tokens.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};

use super::accounts::{Account, Who};

/// The tokens that plex.tv knows, and their accounts.
#[derive(Debug)]
pub(crate) struct Tokens {
    alive: BTreeMap<String, Issued>,
    made: u64,
}

/// A token issued by plex.tv.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) who: Who,
    /// The expiry in Unix seconds, if the token is a JWT.
    pub(crate) expires_at: Option<u64>,
    /// The device that the token was issued to, if it is a JWT.
    client_identifier: Option<String>,
    /// The expiry of the "remember me" session in Unix seconds, if the token belongs to one.
    pub(crate) remember_expires_at: Option<u64>,
}

impl Issued {
    fn opaque(who: Who, remember_expires_at: Option<u64>) -> Self {
        Self { who, expires_at: None, client_identifier: None, remember_expires_at }
    }
}

impl Tokens {
    /// Creates the initial tokens, one for each account.
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

    /// Records a JWT.
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

    /// Revokes the JWTs of an account's device.
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

/// Returns a token of 20 characters that depends only on the number.
pub(crate) fn opaque(number: u64) -> String {
    characters(number, b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", 20)
}

/// Returns a string of `length` characters (at most 32) from this set. The same arguments always
/// give the same string.
pub(crate) fn characters(number: u64, characters: &[u8], length: usize) -> String {
    // A digest looks random and, unlike a random number generator, never changes between versions.
    let digest = digest(&SHA256, &number.to_be_bytes());
    let character = |byte: &u8| characters.get(usize::from(*byte) % characters.len());
    digest.as_ref().iter().take(length).filter_map(character).map(|&c| char::from(c)).collect()
}

/// Returns a transient token that depends only on the number.
pub(crate) fn transient(number: u64) -> String {
    let hex = characters(number ^ 0x7472_616e_7369_656e, b"0123456789abcdef", 30);
    format!(
        "transient-{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..15],
        &hex[15..18],
        &hex[18..],
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
