use std::task::{Context, Poll};

use super::error::TokenError;
use super::slot::TokenSlot;
use crate::flow::now::Now;
use crate::values::token::Token;

/// A handle that one caller uses to wait for the token in a [`TokenSlot`].
#[derive(Debug)]
#[must_use = "it does nothing until it is polled"]
pub struct TokenWait {
    slot: TokenSlot,
    id: Option<u64>,
}

impl TokenSlot {
    /// Creates a handle that waits for the token.
    pub fn wait(&self) -> TokenWait {
        TokenWait { slot: self.clone(), id: None }
    }
}

impl TokenWait {
    /// Returns the token if there is one that is valid at this time, or an error if waiting cannot
    /// help. Otherwise, registers the task to be woken when there is a result.
    pub fn poll(&mut self, now: Now, cx: &mut Context<'_>) -> Poll<Result<Token, TokenError>> {
        self.slot.poll_token(now, &mut self.id, cx)
    }
}

impl Drop for TokenWait {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.slot.forget(id);
        }
    }
}
