//! Saving and restoring a refresher across program restarts.

use super::current_token::CurrentToken;
use super::{DeviceTokenRefresher, Stage};
use crate::flow::saved_device::{self, SavedDevice};
use crate::flow::saved_state::{FlowKind, InvalidSavedState, Member};
use crate::jwt::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::values::secret::Secret;

impl<K: DeviceKey> DeviceTokenRefresher<K> {
    /// Restores the refresher from the state that [`save`](Self::save) or a [login's
    /// `save`](crate::flow::DeviceLogin::save) returned. If the state contains no token, the
    /// refresher requests one immediately.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSavedState`] if neither method returned the text, or if it was saved for a
    /// different service, client identifier or key. In the latter case, the text remains valid for
    /// the original service, identifier and key.
    pub fn restore(plex_tv: PlexTv, key: K, saved: &str) -> Result<Self, InvalidSavedState> {
        let kinds = [FlowKind::DeviceToken, FlowKind::DeviceLogin];
        let saved = SavedDevice::restore(&plex_tv, &kinds, key.jwk(), saved)?;
        let current = saved.token.map(|token| CurrentToken::new(token, None));
        let mut refresher = Self::new(plex_tv, key, Stage::Refreshing, current);
        refresher.is_restored = true;
        Ok(refresher)
    }

    /// Returns the state to restore after a restart, as JSON that contains the client identifier,
    /// the key's ID, and the token if there is one. The token is secret. The key is not included.
    pub fn save(&self) -> Secret {
        let token = self.newest().map(|newest| ("token", Member::Text(newest.token.expose())));
        saved_device::save(&self.plex_tv, FlowKind::DeviceToken, self.key.jwk(), token)
    }
}
