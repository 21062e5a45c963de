//! Saving a refresher's state through its driver.

use std::time::Duration;

use super::{CurrentToken, TransientTokenRefresher};
use crate::error::{Error, ResponseError};
use crate::flow::now::Now;
use crate::flow::save_error::SaveError;
use crate::flow::saving::Saving;
use crate::flow::step::{Action, Completion, RequestId};
use crate::values::token::Token;

impl TransientTokenRefresher {
    pub(crate) fn start_saving(&mut self) {
        self.saving.get_or_insert_with(|| Box::new(Saving::new()));
    }

    pub(crate) fn save_error(&self) -> Option<&SaveError> {
        self.saving.as_ref()?.error()
    }

    /// Returns whether there is a token that has not been handed out yet.
    pub(super) fn has_unsaved(&self) -> bool {
        self.saving.as_ref().is_some_and(|saving| saving.unsaved().is_some())
    }

    /// Returns the newest token, if any. It may not have been handed out yet.
    pub(super) fn newest(&self) -> Option<&CurrentToken> {
        self.saving.as_ref().and_then(|saving| saving.unsaved()).or(self.current.as_ref())
    }

    /// Accepts a new token. It is handed out now, or after the driver has tried to save it.
    pub(super) fn accept(&mut self, token: CurrentToken) {
        match &mut self.saving {
            Some(saving) => saving.hold(token),
            None => self.hand_out(Some(token)),
        }
    }

    fn hand_out(&mut self, token: Option<CurrentToken>) {
        if token.is_some() {
            self.revision = self.revision.saturating_add(1);
            self.current = token;
        }
    }

    /// Starts saving the newest token, or hands it out if it cannot be saved.
    pub(super) fn start_save(&mut self, now: Now) -> Option<(RequestId, Action)> {
        let state = self.save(now);
        let token = self.newest().map(|newest| newest.token.clone());
        let saving = self.saving.as_mut()?;
        match state {
            Some(state) => Some(saving.start(state, token)),
            None => {
                let error = SaveError::new(
                    "a transient token cannot be saved while the current time is unknown",
                );
                let token = saving.skip(error);
                self.hand_out(token);
                None
            }
        }
    }

    pub(super) fn saved(&mut self, now: Now, completion: Completion) {
        let moment = self.clock.at(now);
        let now = moment.elapsed;
        let saving = self.saving.as_mut();
        let saved = saving.and_then(|saving| saving.finish(now, completion));
        self.hand_out(saved.flatten().filter(|token| !token.left(moment).is_zero()));
    }

    /// Returns the token to hand out and how long it remains valid, or `None` if there is no valid
    /// token.
    pub(crate) fn valid_token(&self, now: Now) -> Option<(&Token, Duration)> {
        let current = self.current.as_ref()?;
        let left = current.left(self.clock.peek(now));
        (!left.is_zero()).then_some((&current.token, left))
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the server's refusal, if any. While there is one, no token is requested.
    pub(crate) fn refusal(&self) -> Option<&ResponseError> {
        self.refused.as_ref()
    }

    pub(crate) fn last_error(&self) -> Option<&Error> {
        self.last_error.as_ref()
    }
}
