//! Claim tokens: each can be used once, within a few minutes.

use std::collections::BTreeMap;

use super::accounts::Who;
use super::tokens;

/// The lifetime of a claim token, in seconds.
const SECONDS: u64 = 4 * 60;

/// The unused claim tokens, with their accounts and expiry.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    open: BTreeMap<String, (Who, u64)>,
    made: u64,
}

impl Claims {
    pub(crate) fn issue(&mut self, who: Who, now: u64) -> String {
        self.made += 1;
        let token = format!("claim-{}", tokens::opaque(3_000_000 + self.made));
        self.open.insert(token.clone(), (who, now.saturating_add(SECONDS)));
        token
    }

    /// Uses up a claim token, and returns its account. Returns `None` if the token is unknown or
    /// has expired.
    pub(crate) fn redeem(&mut self, token: &str, now: u64) -> Option<Who> {
        let (who, expires_at) = self.open.remove(token)?;
        (now < expires_at).then_some(who)
    }
}
