//! Saving and restoring a device login across program restarts.

use super::{DeviceLogin, DeviceLoginError};
use crate::flow::now::Now;
use crate::flow::pin_login::machine::PinMachine;
use crate::flow::pin_login::method::{PinKind, WithKey};
use crate::flow::pin_login::saved;
use crate::flow::saved_device::{self, SavedDevice};
use crate::flow::saved_state::{self, FlowKind, InvalidSavedState, Member};
use crate::jwt::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::values::secret::Secret;

impl<K: DeviceKey> DeviceLogin<K> {
    /// Returns the state to restore after a restart, as JSON that contains the client identifier,
    /// the key's ID, and the PIN if there is one. The PIN is secret. The key is not included.
    ///
    /// Save the state before sending the first request, and again when there is a PIN, so that a
    /// restored login can poll it. If the PIN has been linked since, a
    /// [refresher](crate::flow::DeviceTokenRefresher::restore) can also be restored from this
    /// state.
    pub fn save(&self, now: Now) -> Secret {
        let WithKey { key, kind, .. } = self.machine.method();
        let pin = self.machine.saved_pin(now);
        let pin = pin.map(|(pin, ends_at)| saved_state::pin(pin.pin(), ends_at));
        let exchanging = self.is_exchanging().then_some(("exchanging", Member::Flag(true)));
        let strong = [("strong", Member::Flag(*kind == PinKind::Page))];
        let members = pin.into_iter().flatten().chain(exchanging).chain(strong);
        saved_device::save(self.machine.plex_tv(), FlowKind::DeviceLogin, key.jwk(), members)
    }

    /// Restores the login from the state that [`save`](Self::save) returned. If the state contains
    /// a PIN, the login polls it immediately. If the login was checking whether the last PIN
    /// registered the key, the check starts again. Otherwise, the login creates a PIN.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSavedState`] if the text was not returned by `save`, or was saved for a
    /// different service, client identifier or key. In the latter case, the text remains valid for
    /// the original service, identifier and key.
    pub fn restore(
        plex_tv: PlexTv,
        key: K,
        saved: &str,
        now: Now,
    ) -> Result<Self, InvalidSavedState> {
        let state = SavedDevice::restore(&plex_tv, &[FlowKind::DeviceLogin], key.jwk(), saved)?;
        let is_strong = state.strong.unwrap_or_default();
        let kind = if is_strong { PinKind::Page } else { PinKind::Code };
        let method = WithKey::new(key, kind);
        if state.exchanging == Some(true) {
            let mut login = Self::of(PinMachine::finished(plex_tv, method));
            login.start_exchange(DeviceLoginError::Expired, now);
            return Ok(login);
        }
        if !state.has_pin() {
            return Ok(Self::of(PinMachine::new(plex_tv, method)));
        }
        let (pin, ends_at) = saved::read(kind, saved)?;
        Ok(Self::of(PinMachine::restored(plex_tv, method, now, pin, ends_at)))
    }
}
