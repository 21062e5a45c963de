use std::time::Duration;

use crate::values::token::Token;

/// A token that a [`Refresher`](super::refresher::Refresher) hands out, and how long it is valid.
#[derive(Clone, Debug)]
pub struct HeldToken {
    token: Token,
    left: Option<Duration>,
}

impl HeldToken {
    /// Creates a held token. `left` is the token's remaining lifetime, or `None` if that is not
    /// known.
    pub fn new(token: Token, left: Option<Duration>) -> Self {
        Self { token, left }
    }

    /// Returns the token.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Returns the remaining lifetime that the token had when it was handed out, if that is known.
    pub fn left(&self) -> Option<Duration> {
        self.left
    }
}
