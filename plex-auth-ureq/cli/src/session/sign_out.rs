//! Signing out revokes the token or, if there is a device key, removes the device from the account.

use plex_auth_ureq::{Error, PlexTv, Token};

use super::Session;
use crate::output::warning;

impl Session<'_> {
    /// Signs out of Plex. A device with a key is removed from the account instead, because the key
    /// in a copy of the saved state could be used to get another token. If the device cannot be
    /// removed, revokes only its token, prints a warning and returns `false`.
    pub(crate) fn sign_out(
        &self,
        plex_tv: &PlexTv,
        token: &Token,
        has_key: bool,
    ) -> Result<bool, Error> {
        if !has_key {
            return self.ask(plex_tv.sign_out(token)).map(|()| true);
        }
        if let Ok(true) = self.remove_own_device(plex_tv, token) {
            return Ok(true);
        }
        match self.ask(plex_tv.sign_out(token)) {
            // An invalid token is signed out already, but the key may still be valid.
            Err(error) if !error.is_token_invalid() => return Err(error),
            _ => {}
        }
        warning(
            "the device could not be removed from the account, so a copy of its key could still be used to get a token; \
             remove the device in the account's settings",
        );
        Ok(false)
    }

    /// Revokes an issued token that could not be saved in a profile. Nothing else would revoke it.
    pub(crate) fn revoke_unsaved(&self, plex_tv: &PlexTv, token: &Token, profile: &str) {
        let state = self.store.read().ok();
        let saved = state.as_ref().and_then(|state| state.profile(profile).ok().flatten());
        // The error may have occurred after the file was replaced, in which case the token is
        // saved.
        if saved.is_none_or(|saved| saved.token.expose() != token.expose()) {
            drop(self.ask(plex_tv.sign_out(token)));
        }
    }

    /// Removes the device that the token was issued to. Returns `false` if the account's list does
    /// not contain the device, or contains it without an ID.
    fn remove_own_device(&self, plex_tv: &PlexTv, token: &Token) -> Result<bool, Error> {
        let own = plex_tv.identity().identifier();
        let list = self.ask(plex_tv.devices(token))?.devices;
        let device = list.iter().find(|device| device.client_identifier.as_deref() == Some(own));
        let Some(id) = device.and_then(|device| device.id) else { return Ok(false) };
        self.ask(plex_tv.remove_device(token, id))?;
        Ok(true)
    }
}
