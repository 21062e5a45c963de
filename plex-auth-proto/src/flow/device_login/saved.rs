//! A device's login saved across a restart of the program.

use std::time::{Duration, SystemTime};

use serde_json::Value as Json;

use super::{DeviceLogin, DeviceLoginError, WithKey};
use crate::flow::pin_login::machine::PinMachine;
use crate::flow::saved_device::{self, SavedDevice};
use crate::flow::saved_state::{self, FlowKind, InvalidSavedState};
use crate::jwt::DeviceKey;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::LONGEST_LIFE;
use crate::plex_tv::pin::device_pin::DevicePin;
use crate::plex_tv::pin::short_pin::ShortPin;
use crate::plex_tv::pin::strong_pin::StrongPin;
use crate::values::secret::Secret;

impl<K: DeviceKey> DeviceLogin<K> {
    /// What is needed to go on after a restart, as JSON that holds secrets: the client identifier, the name of the
    /// key, and the PIN where there is one. The key itself is not in it.
    ///
    /// It is there before the first call is sent. A [refresher](crate::flow::DeviceTokenRefresher::restore) can go on with it too, where
    /// the PIN has been linked.
    pub fn save(&self, now: SystemTime) -> Secret {
        let WithKey { key, strong } = self.machine.method();
        let pin = self.saved_pin(now).into_iter().flatten();
        let exchanging = self.pending.as_ref().map(|_| ("exchanging", true.into()));
        let more = pin.chain(exchanging).chain([("strong", (*strong).into())]);
        saved_device::save(self.machine.plex_tv(), FlowKind::DeviceLogin, key.jwk(), more)
    }

    fn saved_pin(&self, now: SystemTime) -> Option<[(&'static str, Json); 4]> {
        let (device_pin, left) = self.machine.pin(now)?;
        let ends_at = now.checked_add(left)?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let short = device_pin.short().map(ShortPin::pin);
        let pin = short.or_else(|| device_pin.strong().map(StrongPin::pin))?;
        Some(saved_state::pin(pin, ends_at))
    }

    /// A login that goes on where [`save`](Self::save) left it: it polls at once, and without a PIN it makes one, unless it
    /// was being found out whether the last one has brought the key to Plex.
    ///
    /// # Errors
    ///
    /// [`InvalidSavedState`] if the text was not returned by `save`, or was saved for another plex.tv, under another
    /// client identifier or with another key. The text remains valid for those.
    pub fn restore(
        plex_tv: PlexTv,
        key: K,
        saved: &str,
        now: SystemTime,
    ) -> Result<Self, InvalidSavedState> {
        let SavedDevice { ends_at, strong, exchanging, .. } =
            SavedDevice::restore(&plex_tv, &[FlowKind::DeviceLogin], key.jwk(), saved)?;
        let strong = strong.unwrap_or_default();
        let method = WithKey { key, strong };
        if exchanging == Some(true) {
            let mut login = Self::of(PinMachine::finished(plex_tv, method));
            login.start_exchange(DeviceLoginError::Expired, now);
            return Ok(login);
        }
        let Some(ends_at) = ends_at else { return Ok(Self::of(PinMachine::new(plex_tv, method))) };
        let pin = if strong {
            DevicePin::of_strong(saved_state::read(saved)?)
        } else {
            DevicePin::of_short(saved_state::read(saved)?)
        };
        let now_at = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let life = Duration::from_secs(ends_at).saturating_sub(now_at).min(LONGEST_LIFE);
        Ok(Self::of(PinMachine::restored(plex_tv, method, now, pin, life)))
    }
}
