//! A device's saved state. The device's key is saved separately.

use crate::flow::saved_state::{self, FlowKind, InvalidSavedState, Member, Owner};
use crate::jwt::Jwk;
use crate::plex_tv::PlexTv;
use crate::values::pin_code::PinCode;
use crate::values::secret::Secret;
use crate::values::token::Token;
use crate::wire::lenient;

lenient::object! {
    /// The members that are read from a device's saved state. A PIN is read separately, so `code`
    /// only shows whether there is one.
    pub(crate) struct SavedDevice {
        key_id: Option<String> as "keyId",
        pub(crate) token: Option<Token>,
        code: Option<PinCode>,
        pub(crate) strong: Option<bool>,
        pub(crate) exchanging: Option<bool>,
    }
}

impl SavedDevice {
    pub(crate) fn has_pin(&self) -> bool {
        self.code.is_some()
    }

    /// Restores the state that a flow of one of these kinds saved with this key.
    pub(crate) fn restore(
        plex_tv: &PlexTv,
        kinds: &[FlowKind],
        jwk: &Jwk,
        saved: &str,
    ) -> Result<Self, InvalidSavedState> {
        Owner::plex_tv(plex_tv).check(kinds, saved)?;
        let saved: Self = saved_state::read(saved)?;
        match &saved.key_id {
            None => Err(InvalidSavedState::Unreadable),
            Some(key_id) if key_id != jwk.key_id() => Err(InvalidSavedState::OtherKey),
            Some(_) => Ok(saved),
        }
    }
}

/// Returns the state to save for a flow of this kind, with these members and the key's ID.
pub(crate) fn save<'a>(
    plex_tv: &PlexTv,
    kind: FlowKind,
    jwk: &'a Jwk,
    members: impl IntoIterator<Item = (&'static str, Member<'a>)>,
) -> Secret {
    let key_id = [("keyId", Member::Text(jwk.key_id()))];
    Owner::plex_tv(plex_tv).save(kind, key_id.into_iter().chain(members))
}
