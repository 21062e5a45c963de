//! A login saved across a restart of the program.

use std::time::{Duration, SystemTime};

use super::machine::PinMachine;
use super::{LoginPin, PinLogin, WithoutKey};
use crate::flow::saved_state::{self, InvalidSavedState, Owner};
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::LONGEST_LIFE;
use crate::values::secret::Secret;
use crate::wire::lenient;

impl<P: LoginPin> PinLogin<P> {
    /// What is needed to go on after a restart, as JSON that holds secrets; nothing while there is no PIN.
    ///
    /// Whoever has it before somebody links the PIN has the token, too.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use plex_auth_proto::{ClientIdentity, PlexTv};
    /// use plex_auth_proto::flow::PinLogin;
    /// use plex_auth_proto::pin::ShortPin;
    ///
    /// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
    /// let login = plex_tv.short_pin_login();
    /// assert!(login.save(SystemTime::UNIX_EPOCH).is_none());
    ///
    /// let saved = r#"{"format": 1, "kind": "short-pin-login", "service": "https://plex.tv/api/v2",
    ///     "clientIdentifier": "3381b62b-9ab7-4e37-827b-203e9809eb58", "id": 7, "code": "G7KX", "endsAt": 900}"#;
    /// let login = PinLogin::<ShortPin>::restore(plex_tv, saved, SystemTime::UNIX_EPOCH)?;
    /// assert!(login.save(SystemTime::UNIX_EPOCH).is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, now: SystemTime) -> Option<Secret> {
        let (pin, left) = self.0.pin(now)?;
        let ends_at = now.checked_add(left)?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let pin = pin.pin();
        let members = saved_state::pin(pin, ends_at);
        Some(Owner::plex_tv(self.0.plex_tv()).save(P::KIND, members))
    }

    /// A login that goes on where [`save`](Self::save) left it. It polls at once.
    ///
    /// # Errors
    ///
    /// [`InvalidSavedState`] if the text was not returned by `save` of a login with the same kind of PIN, or was saved
    /// for another plex.tv or under another client identifier. The text remains valid for those.
    pub fn restore(
        plex_tv: PlexTv,
        saved: &str,
        now: SystemTime,
    ) -> Result<Self, InvalidSavedState> {
        Owner::plex_tv(&plex_tv).check(&[P::KIND], saved)?;
        let Saved { ends_at, .. } = saved_state::read(saved)?;
        let pin: P = saved_state::read(saved)?;
        let ends_at = Duration::from_secs(ends_at.ok_or(InvalidSavedState::Unreadable)?);
        let now_at = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let life = ends_at.saturating_sub(now_at).min(LONGEST_LIFE);
        Ok(Self(PinMachine::restored(plex_tv, WithoutKey, now, pin, life)))
    }
}

lenient::object! {
    struct Saved {
        ends_at: Option<u64> as "endsAt",
    }
}
