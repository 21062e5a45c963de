//! A login kept over a restart of the program.

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::machine::PinMachine;
use super::{LoginPin, PinLogin, WithoutKey};
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
    /// use plex_auth_proto::{ClientIdentity, PinLogin, PlexTv, ShortPin};
    ///
    /// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
    /// let login = plex_tv.short_pin_login();
    /// assert!(login.keep(SystemTime::UNIX_EPOCH).is_none());
    ///
    /// let kept = r#"{"id": 7, "code": "G7KX", "clientIdentifier": "3381b62b-9ab7-4e37-827b-203e9809eb58",
    ///     "endsAt": 900}"#;
    /// let login = PinLogin::<ShortPin>::load(plex_tv, kept, SystemTime::UNIX_EPOCH)?;
    /// assert!(login.keep(SystemTime::UNIX_EPOCH).is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keep(&self, now: SystemTime) -> Option<Secret> {
        let (pin, left) = self.0.pin(now)?;
        let ends_at = now.checked_add(left)?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let pin = pin.pin();
        let kept = json!({
            "id": pin.id.expose(),
            "code": pin.code.expose(),
            "qr": pin.qr.as_ref().map(|qr| qr.as_str()),
            "clientIdentifier": self.0.plex_tv().identity().identifier(),
            "endsAt": ends_at.as_secs(),
        });
        Some(Secret::new(kept.to_string()))
    }

    /// A login that goes on where [`keep`](Self::keep) left it. It polls at once.
    ///
    /// # Errors
    ///
    /// [`InvalidKeptLogin`] for what is not kept by `keep`, and for what was kept under another identifier, as
    /// plex.tv would not find the PIN. Nothing is lost by it.
    pub fn load(plex_tv: PlexTv, kept: &str, now: SystemTime) -> Result<Self, InvalidKeptLogin> {
        let Kept { client_identifier, ends_at, .. } =
            serde_json::from_str(kept).map_err(|_| InvalidKeptLogin::Unreadable)?;
        let pin: P = serde_json::from_str(kept).map_err(|_| InvalidKeptLogin::Unreadable)?;
        if client_identifier.as_deref() != Some(plex_tv.identity().identifier()) {
            return Err(InvalidKeptLogin::OtherIdentifier);
        }
        let ends_at = Duration::from_secs(ends_at.ok_or(InvalidKeptLogin::Unreadable)?);
        let now_at = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let life = ends_at.saturating_sub(now_at).min(LONGEST_LIFE);
        Ok(Self(PinMachine::restored(plex_tv, WithoutKey, now, pin, life)))
    }
}

lenient::object! {
    struct Kept {
        client_identifier: Option<String> as "clientIdentifier",
        ends_at: Option<u64> as "endsAt",
    }
}

/// Why a kept login cannot be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKeptLogin {
    /// It is not what was kept, or not all of it.
    #[error("this is no kept PIN login; start a new one")]
    Unreadable,
    /// It was kept under another client identifier, which has not changed since if all is well.
    #[error(
        "the PIN login was kept under another client identifier; use the one that it was started under"
    )]
    OtherIdentifier,
}
