//! How a PIN is made and polled that brings the key of a device along.

use std::time::{Duration, SystemTime};

use crate::call::Call;
use crate::flow::pin_login::machine::PinMethod;
use crate::jwt::{DeviceClaims, DeviceKey, SignError};
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::device_pin::DevicePin;
use crate::plex_tv::pin::poll_pin::PinState;
use crate::plex_tv::pin::short_pin::ShortPin;
use crate::plex_tv::pin::strong_pin::StrongPin;

/// The way of PINs that bring the key of a device along.
pub(super) struct WithKey<K> {
    pub(super) key: K,
    pub(super) strong: bool,
}

impl<K: DeviceKey> PinMethod<DevicePin> for WithKey<K> {
    fn create(&self, plex_tv: &PlexTv) -> Call<DevicePin> {
        let jwk = self.key.jwk();
        if self.strong {
            plex_tv.create_strong_device_pin(jwk)
        } else {
            plex_tv.create_short_device_pin(jwk)
        }
    }

    fn life(&self, pin: &DevicePin) -> Duration {
        let life = pin.short().map(ShortPin::expires_in);
        life.or_else(|| pin.strong().map(StrongPin::expires_in)).unwrap_or_default()
    }

    fn poll(
        &self,
        plex_tv: &PlexTv,
        pin: &DevicePin,
        now: SystemTime,
    ) -> Result<Call<PinState>, SignError> {
        let jwt = DeviceClaims::for_poll(plex_tv.identity(), now).sign(&self.key)?;
        Ok(plex_tv.poll_device_pin(pin, &jwt))
    }
}
