//! The sign-in of another account that a login replaces. Its token would stay valid, and no longer be saved anywhere.

use crate::failure::Failure;
use crate::output::warning;
use crate::session::{self, Session};
use crate::state::State;
use crate::state::profile::Profile;

pub(super) struct Replaced {
    profile: Profile,
    /// The identifier that the token was issued to, unless it is the permanent one.
    identifier: Option<String>,
    /// Whether others may use the token: the user passed it to the tool, or another profile has it, too.
    is_shared: bool,
}

impl Replaced {
    /// Returns the sign-in that a new one replaces, if both accounts are known and differ.
    pub(super) fn find(state: &State, name: &str, new: &Profile) -> Result<Option<Self>, Failure> {
        let Some(profile) = state.profile(name)? else { return Ok(None) };
        if profile.uuid.is_none() || new.uuid.is_none() || profile.uuid == new.uuid {
            return Ok(None);
        }
        let is_in = |other: &str| {
            let other = state.profile(other).ok().flatten();
            other.is_some_and(|other| other.token.expose() == profile.token.expose())
        };
        let is_shared = profile.pasted || state.names().any(|other| other != name && is_in(other));
        let device = state.device(name)?.filter(|_| profile.by_device_key);
        let identifier = device.map(|device| device.client_identifier().to_owned());
        let identifier = identifier.or_else(|| profile.client_identifier.clone());
        Ok(Some(Self { profile: profile.clone(), identifier, is_shared }))
    }

    /// Signs out, unless others may use the token. Returns what is to be reported, as a line.
    pub(super) fn sign_out(self, session: &Session<'_>) -> Result<Option<String>, Failure> {
        let name = self.profile.name.as_deref().unwrap_or("an unknown account");
        let replaced = format!("the token of {name}, which this replaced,");
        if self.is_shared {
            let text = format!("{replaced} stays valid, because others may use it.\n");
            return Ok(Some(text.replacen("the", "The", 1)));
        }
        let identity = match &self.identifier {
            Some(identifier) => session.identity_of(identifier)?,
            None => session.identity()?,
        };
        // The plex.tv that issued it, whatever the options name.
        let plex_tv = session::plex_tv(identity, self.profile.plex_tv.as_ref());
        match session.sign_out(&plex_tv, &self.profile.token, self.profile.by_device_key) {
            Err(error) if !error.is_token_invalid() || self.profile.by_device_key => {
                warning(&format!(
                    "{replaced} stays valid: {error}; remove this device from that account's list of devices"
                ));
                Ok(None)
            }
            _ => Ok(Some(format!("{replaced} was revoked.\n").replacen("the", "The", 1))),
        }
    }
}
