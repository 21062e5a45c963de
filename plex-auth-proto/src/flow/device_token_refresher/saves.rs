//! Saving a refresher's state through its driver.

use std::mem;
use std::time::Duration;

use super::current_token::CurrentToken;
use super::progress::{DeviceTokenEnd, RefreshError};
use super::{DeviceTokenRefresher, Stage};
use crate::flow::now::Now;
use crate::flow::save_error::SaveError;
use crate::flow::saving::Saving;
use crate::flow::step::{Completion, Step};
use crate::jwt::DeviceKey;
use crate::values::token::Token;
use crate::values::unix_seconds::UnixSeconds;

impl<K> DeviceTokenRefresher<K> {
    pub(crate) fn start_saving(&mut self) {
        if self.saving.is_some() {
            return;
        }
        let mut saving = Saving::new();
        if let Stage::Registering(_) = self.stage {
            saving.request();
        }
        if let Some(current) = self.current.take_if(|_| !self.is_restored) {
            saving.hold(current);
            self.is_first_unsaved = true;
        }
        self.saving = Some(Box::new(saving));
    }

    /// Returns the token that has not been handed out yet, if any.
    pub(super) fn unsaved(&self) -> Option<&CurrentToken> {
        self.saving.as_ref()?.unsaved()
    }

    /// Returns the newest token, if any, which determines when to renew.
    pub(super) fn newest(&self) -> Option<&CurrentToken> {
        self.unsaved().or(self.current.as_ref())
    }

    pub(crate) fn save_error(&self) -> Option<&SaveError> {
        self.saving.as_ref()?.error()
    }

    /// Accepts a new token. It is handed out now, or after the driver has tried to save it.
    pub(super) fn accept(&mut self, token: CurrentToken) {
        match &mut self.saving {
            Some(saving) => saving.hold(token),
            None => self.hand_out(token),
        }
    }

    fn hand_out(&mut self, token: CurrentToken) {
        self.current = Some(token);
        self.is_restored = false;
        if !mem::take(&mut self.is_first_unsaved) {
            self.renewals = self.renewals.saturating_add(1);
        }
    }
}

impl<K: DeviceKey> DeviceTokenRefresher<K> {
    /// Returns the token to hand out and how long it remains valid, if that is known. Returns
    /// `None` if there is no token, if it has expired, or if Plex may have reported that
    /// it is invalid.
    pub(crate) fn valid_token(&self, now: Now) -> Option<(&Token, Option<Duration>)> {
        let current = self.current.as_ref().filter(|_| !self.renew_requested)?;
        let latest = self.clock.peek(now).latest().map(UnixSeconds::from);
        // A clock that must be wrong cannot show whether the token has expired.
        let latest = latest.filter(|latest| !current.is_issued_in_future(*latest));
        let left = latest.filter(|_| current.expires_at.is_some()).map(|now| current.left(now));
        (left != Some(Duration::ZERO)).then_some((&current.token, left))
    }

    pub(crate) fn last_error(&self) -> Option<&RefreshError> {
        self.last_error.as_deref()
    }

    pub(super) fn start_save(&mut self) -> Step<DeviceTokenEnd> {
        let state = self.save();
        let token = match &self.stage {
            Stage::Registering(token) => Some((**token).clone()),
            _ => self.newest().map(|newest| newest.token.clone()),
        };
        match &mut self.saving {
            Some(saving) => {
                let (id, action) = saving.start(state, token);
                Step::Do(id, action)
            }
            None => Step::Wait(None),
        }
    }

    pub(super) fn saved(&mut self, now: Now, completion: Completion) {
        let now = self.clock.at(now).elapsed;
        let Some(saving) = &mut self.saving else { return };
        let Some(token) = saving.finish(now, completion) else { return };
        let error = saving.error().cloned();
        if let Some(token) = token {
            self.hand_out(token);
        }
        if let (Stage::Registering(_), Some(error)) = (&self.stage, error) {
            self.end(DeviceTokenEnd::NotSaved(error));
        }
    }
}
