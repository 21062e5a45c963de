//! A profile's sign-in: its token, and the identity that the token was issued to.

use super::{ActiveProfile, Session, device, plex_tv};
use crate::failure::Failure;
use crate::state::profile::Profile;

impl Session<'_> {
    /// Returns the profile's sign-in. If the profile has a device key and renewal is due, the token
    /// is renewed first.
    pub(crate) fn signed_in(&self) -> Result<ActiveProfile, Failure> {
        let state = self.store.read()?;
        let profile = state.profile(&self.options.profile)?;
        let profile = profile.ok_or_else(|| self.not_signed_in())?;
        if profile.by_device_key {
            return device::signed_in(self, &state);
        }
        self.with_profile(profile.clone())
    }

    /// Returns a profile's sign-in with its saved token.
    pub(crate) fn with_profile(&self, profile: Profile) -> Result<ActiveProfile, Failure> {
        let url = self.url_of(&profile)?;
        let identity = match &profile.client_identifier {
            Some(identifier) => self.identity_of(identifier)?,
            None => self.identity()?,
        };
        Ok(ActiveProfile {
            plex_tv: plex_tv(identity, url.as_ref()),
            token: profile.token.clone(),
            profile,
        })
    }
}
