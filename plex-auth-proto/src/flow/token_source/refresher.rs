use std::error::Error as StdError;
use std::sync::Arc;

use super::error::TokenError;
use super::held_token::HeldToken;
use super::issuer::TokenIssuer;
use crate::flow::now::Now;
use crate::flow::save_error::SaveError;
use crate::flow::step::Flow;
use crate::values::token::Token;

/// A flow that provides a token and, if possible, renews it. A token source shares the token with
/// the rest of the program.
///
/// The output of the flow is the reason it can no longer get a token.
pub trait Refresher: Flow<Output: Into<Box<dyn StdError + Send + Sync>>> {
    /// Returns the token to use now, unless there is none, it has expired, or it was rejected.
    fn current(&self, now: Now) -> Option<HeldToken>;

    /// Reports that the [issuer](Self::issuer) rejected this token. A token that has been replaced
    /// is ignored.
    fn rejected(&mut self, now: Now, token: &Token);

    /// Returns a number that increases each time a new token becomes the current one.
    fn revision(&self) -> u64;

    /// Returns the host that issues the token.
    fn issuer(&self) -> TokenIssuer;

    /// Has the driver save each state from now on, in the same way as the `save_through_driver`
    /// method of this crate's refreshers.
    fn enable_saving(&mut self);

    /// Returns the reason the flow cannot get another token although it has not finished, or `None`
    /// if it can.
    fn refusal(&self) -> Option<TokenError> {
        None
    }

    /// Returns the error from the last attempt to get a token, if it failed and is being retried. A
    /// final error is reported as the flow's output or as its [`refusal`](Self::refusal) instead.
    fn last_error(&self) -> Option<Arc<dyn StdError + Send + Sync>> {
        None
    }

    /// Returns the error from the last attempt to save the state, if it failed.
    fn save_error(&self) -> Option<SaveError> {
        None
    }
}
