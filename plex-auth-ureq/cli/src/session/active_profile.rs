//! The sign-in that a profile holds: its token, and the identity that the token was issued to.

use super::{ActiveProfile, Session, device, identity, plex_tv};
use crate::failure::Failure;

impl Session<'_> {
    /// Returns the sign-in that the profile holds. The token of a device is renewed first if that is due.
    pub(crate) fn signed_in(&self) -> Result<ActiveProfile, Failure> {
        let name = &self.options.profile;
        let profile = self.store.read()?.profiles.remove(name).ok_or_else(|| self.nobody())?;
        if profile.by_device_key {
            return device::signed_in(self);
        }
        let url = self.options.plex_tv.as_ref().or(profile.plex_tv.as_ref());
        let identity = match &profile.client_identifier {
            Some(identifier) => identity(identifier)?,
            None => self.identity()?,
        };
        Ok(ActiveProfile { plex_tv: plex_tv(identity, url), token: profile.token.clone(), profile })
    }
}
