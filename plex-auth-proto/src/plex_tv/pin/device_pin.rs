use crate::plex_tv::pin::pin_id::PinId;
use crate::plex_tv::pin::short_pin::ShortPin;
use crate::plex_tv::pin::strong_pin::StrongPin;

/// A PIN with a device key: when the PIN is linked, Plex registers the key and issues a JWT that
/// expires after seven days.
///
/// It is created by [`PlexTv::create_short_device_pin`](crate::PlexTv::create_short_device_pin) or
/// [`create_strong_device_pin`](crate::PlexTv::create_strong_device_pin), or
/// [restored](Self::restored) from a saved ID. It is polled with
/// [`poll_device_pin`](crate::PlexTv::poll_device_pin), which requires a signature made with the
/// key.
///
/// ```
/// use plex_auth_proto::pin::{DevicePin, PinId};
///
/// let restored = DevicePin::restored(PinId::new(2_147_483_650)); // saved before a restart
/// assert_eq!(restored.id().expose(), 2_147_483_650);
/// assert!(restored.short().is_none() && restored.strong().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct DevicePin(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Short(ShortPin),
    Strong(StrongPin),
    Saved(PinId),
}

impl DevicePin {
    pub(crate) fn of_short(pin: ShortPin) -> Self {
        Self(Kind::Short(pin))
    }

    pub(crate) fn of_strong(pin: StrongPin) -> Self {
        Self(Kind::Strong(pin))
    }

    /// Restores a PIN from its saved ID, to continue polling it after a restart.
    pub fn restored(id: PinId) -> Self {
        Self(Kind::Saved(id))
    }

    /// Returns the PIN's ID. Save it to continue polling after a restart.
    pub fn id(&self) -> &PinId {
        match &self.0 {
            Kind::Short(pin) => &pin.pin().id,
            Kind::Strong(pin) => &pin.pin().id,
            Kind::Saved(id) => id,
        }
    }

    /// Returns the short PIN, or `None` if the PIN is strong or was [restored](Self::restored).
    pub fn short(&self) -> Option<&ShortPin> {
        match &self.0 {
            Kind::Short(pin) => Some(pin),
            _ => None,
        }
    }

    /// Returns the strong PIN, or `None` if the PIN is short or was [restored](Self::restored).
    pub fn strong(&self) -> Option<&StrongPin> {
        match &self.0 {
            Kind::Strong(pin) => Some(pin),
            _ => None,
        }
    }
}
