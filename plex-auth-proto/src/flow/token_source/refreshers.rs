//! Implementations of [`Refresher`] for this crate's refreshers.

use std::error::Error as StdError;
use std::sync::Arc;

use super::error::TokenError;
use super::held_token::HeldToken;
use super::issuer::TokenIssuer;
use super::refresher::Refresher;
use crate::flow::device_token_refresher::DeviceTokenRefresher;
use crate::flow::now::Now;
use crate::flow::save_error::SaveError;
use crate::flow::transient_token_refresher::TransientTokenRefresher;
use crate::jwt::DeviceKey;
use crate::values::token::Token;

impl<K: DeviceKey> Refresher for DeviceTokenRefresher<K> {
    fn current(&self, now: Now) -> Option<HeldToken> {
        let (token, left) = self.valid_token(now)?;
        Some(HeldToken::new(token.clone(), left))
    }

    fn rejected(&mut self, _: Now, token: &Token) {
        self.rejected(token);
    }

    fn revision(&self) -> u64 {
        self.renewals()
    }

    fn issuer(&self) -> TokenIssuer {
        TokenIssuer::plex_tv()
    }

    fn enable_saving(&mut self) {
        self.start_saving();
    }

    fn last_error(&self) -> Option<Arc<dyn StdError + Send + Sync>> {
        Some(Arc::new(self.last_error()?.clone()))
    }

    fn save_error(&self) -> Option<SaveError> {
        self.save_error().cloned()
    }
}

impl Refresher for TransientTokenRefresher {
    fn current(&self, now: Now) -> Option<HeldToken> {
        let (token, left) = self.valid_token(now)?;
        Some(HeldToken::new(token.clone(), Some(left)))
    }

    fn rejected(&mut self, now: Now, token: &Token) {
        self.rejected(now, token);
    }

    fn revision(&self) -> u64 {
        self.revision()
    }

    fn issuer(&self) -> TokenIssuer {
        TokenIssuer::media_server(self.server())
    }

    fn enable_saving(&mut self) {
        self.start_saving();
    }

    fn refusal(&self) -> Option<TokenError> {
        Some(TokenError::Ended(Arc::new(self.refusal()?.clone())))
    }

    fn last_error(&self) -> Option<Arc<dyn StdError + Send + Sync>> {
        Some(Arc::new(self.last_error()?.clone()))
    }

    fn save_error(&self) -> Option<SaveError> {
        self.save_error().cloned()
    }
}
