//! A keeper kept over a restart of the program.

use serde_json::Value as Json;

use super::current_token::CurrentToken;
use super::{DeviceTokenKeeper, Stage};
use crate::flow::saved_device;
use crate::flow::saved_device::{InvalidKeptDevice, KeptDevice};
use crate::jwt::device_key::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::values::secret::Secret;

impl<K: DeviceKey> DeviceTokenKeeper<K> {
    /// A keeper that goes on where [`keep`](Self::keep), or that of a [login](crate::DeviceLogin::keep), left it. Without a
    /// token it gets one at once.
    ///
    /// # Errors
    ///
    /// [`InvalidKeptDevice`] for what is not kept by `keep`, and for what was kept under another identifier or with
    /// another key.
    pub fn load(plex_tv: PlexTv, key: K, kept: &str) -> Result<Self, InvalidKeptDevice> {
        let kept = KeptDevice::load(plex_tv.identity(), key.jwk(), kept)?;
        let current = kept.token.map(|token| CurrentToken::new(token, None));
        Ok(Self::new(plex_tv, key, Stage::Keeping, current))
    }

    /// What is needed to go on after a restart, as JSON that holds the token: client identifier, name of the key,
    /// token. The key itself is not in it.
    pub fn keep(&self) -> Secret {
        let token = self.token().map(|token| ("token", Json::from(token.expose())));
        saved_device::keep(self.plex_tv.identity(), self.key.jwk(), token)
    }
}
