//! A refresher saved across a restart of the program.

use serde_json::Value as Json;

use super::current_token::CurrentToken;
use super::{DeviceTokenRefresher, Stage};
use crate::flow::saved_device::{self, SavedDevice};
use crate::flow::saved_state::{FlowKind, InvalidSavedState};
use crate::jwt::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::values::secret::Secret;

impl<K: DeviceKey> DeviceTokenRefresher<K> {
    /// A refresher that goes on where [`save`](Self::save), or that of a [login](crate::flow::DeviceLogin::save), left it. Without a
    /// token it gets one at once.
    ///
    /// # Errors
    ///
    /// [`InvalidSavedState`] if the text was returned by neither, or was saved for another plex.tv, under another client
    /// identifier or with another key. The text remains valid for those.
    pub fn restore(plex_tv: PlexTv, key: K, saved: &str) -> Result<Self, InvalidSavedState> {
        let kinds = [FlowKind::DeviceToken, FlowKind::DeviceLogin];
        let saved = SavedDevice::restore(&plex_tv, &kinds, key.jwk(), saved)?;
        let current = saved.token.map(|token| CurrentToken::new(token, None));
        Ok(Self::new(plex_tv, key, Stage::Refreshing, current))
    }

    /// What is needed to go on after a restart, as JSON that holds the token: client identifier, name of the key,
    /// token. The key itself is not in it.
    pub fn save(&self) -> Secret {
        let token = self.token().map(|token| ("token", Json::from(token.expose())));
        saved_device::save(&self.plex_tv, FlowKind::DeviceToken, self.key.jwk(), token)
    }
}
