use crate::plex_tv::pin::pin_id::PinId;
use crate::plex_tv::pin::short_pin::ShortPin;
use crate::plex_tv::pin::strong_pin::StrongPin;

/// A PIN that brings the device's key to Plex along with it: once it is linked, the key is registered, and the
/// token is a signed one, of seven days.
///
/// [`PlexTv::create_short_device_pin`](crate::PlexTv::create_short_device_pin) and
/// [`create_strong_device_pin`](crate::PlexTv::create_strong_device_pin) make one. It is polled with something
/// signed by the key, and so by a call of its own,
/// [`poll_device_pin`](crate::PlexTv::poll_device_pin).
///
/// ```
/// use plex_auth_proto::pin::{DevicePin, PinId};
///
/// let before_the_restart = DevicePin::restored(PinId::new(2_147_483_650));
/// assert_eq!(before_the_restart.id().expose(), 2_147_483_650);
/// assert!(before_the_restart.short().is_none() && before_the_restart.strong().is_none());
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

    /// One whose number was saved across a restart, to poll it further.
    pub fn restored(id: PinId) -> Self {
        Self(Kind::Saved(id))
    }

    /// The number to poll it by, to keep it over a restart.
    pub fn id(&self) -> &PinId {
        match &self.0 {
            Kind::Short(pin) => &pin.pin().id,
            Kind::Strong(pin) => &pin.pin().id,
            Kind::Saved(id) => id,
        }
    }

    /// What to show for one with a short code: nothing where it is strong, or [kept](Self::restored).
    pub fn short(&self) -> Option<&ShortPin> {
        match &self.0 {
            Kind::Short(pin) => Some(pin),
            _ => None,
        }
    }

    /// What to open for one with a strong code: nothing where it is short, or [kept](Self::restored).
    pub fn strong(&self) -> Option<&StrongPin> {
        match &self.0 {
            Kind::Strong(pin) => Some(pin),
            _ => None,
        }
    }
}
