//! A refresher saved across a restart of the program.

use super::current_token::CurrentToken;
use super::{DeviceTokenRefresher, Stage};
use crate::flow::saved_device::{self, SavedDevice};
use crate::flow::saved_state::{FlowKind, InvalidSavedState, Member};
use crate::jwt::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::values::secret::Secret;

impl<K: DeviceKey> DeviceTokenRefresher<K> {
    /// Restores the refresher that [`save`](Self::save) saved, or the one that follows a
    /// [login](crate::flow::DeviceLogin::save). Without a token it requests one at once.
    ///
    /// # Errors
    ///
    /// [`InvalidSavedState`] if the text was returned by neither, or was saved for another plex.tv, under another client
    /// identifier or with another key. The text remains valid for those.
    pub fn restore(plex_tv: PlexTv, key: K, saved: &str) -> Result<Self, InvalidSavedState> {
        let kinds = [FlowKind::DeviceToken, FlowKind::DeviceLogin];
        let saved = SavedDevice::restore(&plex_tv, &kinds, key.jwk(), saved)?;
        let current = saved.token.map(|token| CurrentToken::new(token, None));
        let mut refresher = Self::new(plex_tv, key, Stage::Refreshing, current);
        refresher.is_restored = true;
        Ok(refresher)
    }

    /// Returns the state to restore after a restart, as JSON that contains the token: the client identifier, the ID of the
    /// key, and the token. It does not contain the key.
    pub fn save(&self) -> Secret {
        let token = self.newest().map(|newest| ("token", Member::Text(newest.token.expose())));
        saved_device::save(&self.plex_tv, FlowKind::DeviceToken, self.key.jwk(), token)
    }
}
