//! Saving and restoring a login across program restarts.

use std::time::{Duration, SystemTime};

use super::PinLogin;
use super::login_pin::LoginPin;
use super::machine::PinMachine;
use super::method::{PinKind, WithoutKey};
use crate::flow::now::Now;
use crate::flow::saved_state::{self, InvalidSavedState, Owner};
use crate::plex_tv::PlexTv;
use crate::values::secret::Secret;
use crate::wire::lenient;

impl PinLogin {
    /// Returns the state to restore after a restart, as JSON that contains secrets. Returns `None`
    /// if there is no PIN: before one is created, and after the login has ended.
    ///
    /// Save the state once for each PIN: as soon as [`pin`](Self::pin) returns it, before the user
    /// can link it. After [`renew`](Self::renew), save the state with the new PIN. Delete the state
    /// when the login has ended. Keep the state secret: once the PIN is linked, anyone with the
    /// state can get the token.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::time::{Duration, SystemTime};
    /// use plex_auth_proto::flow::{Now, PinLogin};
    /// use plex_auth_proto::{ClientIdentity, PlexTv};
    ///
    /// let now = Now::new(Duration::ZERO, SystemTime::UNIX_EPOCH);
    /// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
    /// assert!(plex_tv.link_code_login().save(now).is_none());
    ///
    /// let saved = r#"{"format": 1, "kind": "link-code-login", "service": "https://plex.tv/api/v2",
    ///     "clientIdentifier": "example", "id": 7, "code": "G7KX", "endsAt": 900}"#;
    /// let login = PinLogin::restore(plex_tv, saved, now)?;
    /// assert!(login.link_page().is_some() && login.hosted_page().is_none());
    /// assert!(login.save(now).is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, now: Now) -> Option<Secret> {
        let (pin, ends_at) = self.0.saved_pin(now)?;
        let members = saved_state::pin(pin.pin(), ends_at);
        let kind = self.0.method().0.flow_kind();
        Some(Owner::plex_tv(self.0.plex_tv()).save(kind, members))
    }

    /// Restores the login from the state that [`save`](Self::save) returned. `now` is the current
    /// time by the transport's clock.
    ///
    /// The login polls immediately. If the PIN was linked while the program was not running, the
    /// response to that poll contains the token; if the PIN has expired, the login ends with
    /// [`Expired`](crate::flow::PinLoginError::Expired). If the program stopped after the token
    /// arrived but before it was saved, it is not known whether Plex returns the token again. If
    /// the restored login ends with an error, the user must sign in again. If there is no wall
    /// clock, or the state does not contain the PIN's expiry, the PIN gets its full lifetime again.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidSavedState`] if the text was not returned by `save`, or was saved for a
    /// different service or client identifier. In the latter case, the text remains valid for the
    /// original service and identifier.
    pub fn restore(plex_tv: PlexTv, saved: &str, now: Now) -> Result<Self, InvalidSavedState> {
        let kinds = [PinKind::Code, PinKind::Page];
        let kind = Owner::plex_tv(&plex_tv).check(&kinds.map(PinKind::flow_kind), saved)?;
        let kind = if kind == PinKind::Code.flow_kind() { PinKind::Code } else { PinKind::Page };
        let (pin, ends_at) = read(kind, saved)?;
        Ok(Self(PinMachine::restored(plex_tv, WithoutKey(kind), now, pin, ends_at)))
    }
}

/// Reads a saved login's PIN, and its expiry if it was saved.
pub(crate) fn read(
    kind: PinKind,
    saved: &str,
) -> Result<(LoginPin, Option<SystemTime>), InvalidSavedState> {
    let Saved { ends_at, .. } = saved_state::read(saved)?;
    let ends_at = ends_at.map(Duration::from_secs);
    let pin = match kind {
        PinKind::Code => LoginPin::Code(saved_state::read(saved)?),
        PinKind::Page => LoginPin::Page(saved_state::read(saved)?),
    };
    Ok((pin, ends_at.and_then(|end| SystemTime::UNIX_EPOCH.checked_add(end))))
}

lenient::object! {
    struct Saved {
        ends_at: Option<u64> as "endsAt",
    }
}
