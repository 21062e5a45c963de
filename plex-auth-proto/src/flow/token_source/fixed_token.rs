use std::convert::Infallible;

use super::error::TokenError;
use super::held_token::HeldToken;
use super::issuer::TokenIssuer;
use super::refresher::Refresher;
use crate::flow::now::Now;
use crate::flow::step::{Completion, Flow, RequestId, Step};
use crate::media_server::MediaServer;
use crate::plex_tv::PlexTv;
use crate::values::token::Token;

impl PlexTv {
    /// Wraps an account's token in a [`FixedToken`], which a token source can use.
    pub fn fixed_token(&self, token: Token) -> FixedToken {
        FixedToken { token, issuer: TokenIssuer::plex_tv(), is_rejected: false }
    }
}

impl MediaServer {
    /// Wraps this server's token in a [`FixedToken`], which a token source can use.
    pub fn fixed_token(&self) -> FixedToken {
        let issuer = TokenIssuer::media_server(self);
        FixedToken { token: self.token().clone(), issuer, is_rejected: false }
    }
}

/// A [`Refresher`] for a token that cannot be renewed.
///
/// After the token has been rejected, a token source returns [`TokenError::Rejected`]. There is
/// nothing to save.
#[derive(Debug)]
#[must_use = "a flow does nothing until it is driven"]
pub struct FixedToken {
    token: Token,
    issuer: TokenIssuer,
    is_rejected: bool,
}

impl Flow for FixedToken {
    type Output = Infallible;

    fn poll(&mut self, _: Now) -> Step<Infallible> {
        Step::Wait(None)
    }

    fn complete(&mut self, _: Now, _: RequestId, _: Completion) {}
}

impl Refresher for FixedToken {
    fn current(&self, _: Now) -> Option<HeldToken> {
        (!self.is_rejected).then(|| HeldToken::new(self.token.clone(), None))
    }

    fn rejected(&mut self, _: Now, token: &Token) {
        self.is_rejected |= token.expose() == self.token.expose();
    }

    fn revision(&self) -> u64 {
        0
    }

    fn issuer(&self) -> TokenIssuer {
        self.issuer.clone()
    }

    fn enable_saving(&mut self) {}

    fn refusal(&self) -> Option<TokenError> {
        self.is_rejected.then_some(TokenError::Rejected)
    }
}
