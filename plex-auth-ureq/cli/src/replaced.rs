//! A profile's previous sign-in, after a new sign-in has replaced it. Its token or key stays valid
//! until the sign-in is revoked.

use crate::failure::Failure;
use crate::output::{plain, warning};
use crate::session::{self, Session};
use crate::state::State;
use crate::state::profile::Profile;

pub(crate) struct Replaced {
    profile: Profile,
    /// The client identifier that the token was issued to, unless it is the permanent one.
    identifier: Option<String>,
    has_key: bool,
    /// Whether other programs or profiles may use the token, because the user passed it to the tool
    /// or another profile has it, too.
    is_shared: bool,
}

impl Replaced {
    /// Saves a sign-in in a profile. Returns the replaced sign-in if its token is different and
    /// either belongs to a different account or was issued to a different device. For the same
    /// account and device, Plex itself replaces the token.
    pub(crate) fn save(
        state: &mut State,
        name: &str,
        new: Profile,
    ) -> Result<Option<Self>, Failure> {
        let replaced = Self::find(state, name, &new)?;
        if replaced.is_some() {
            state.remove_device(name);
        }
        state.set_profile(name, new);
        Ok(replaced)
    }

    fn find(state: &State, name: &str, new: &Profile) -> Result<Option<Self>, Failure> {
        let Some(profile) = state.profile(name)? else { return Ok(None) };
        let device = state.device(name)?.filter(|_| profile.by_device_key);
        let has_key = device.is_some();
        let identifier = device.map(|device| device.client_identifier().to_owned());
        let identifier = identifier.or_else(|| profile.client_identifier.clone());
        let is_other_account = profile.uuid.is_some() && profile.uuid != new.uuid;
        // A device key has its own client identifier.
        let is_same_device = if new.by_device_key {
            profile.by_device_key
        } else {
            new.client_identifier == identifier
        };
        let is_same_token = profile.token.expose() == new.token.expose();
        if is_same_token || (is_same_device && !is_other_account) {
            return Ok(None);
        }
        let is_in = |other: &str| {
            let other = state.profile(other).ok().flatten();
            other.is_some_and(|other| other.token.expose() == profile.token.expose())
        };
        let is_shared = profile.pasted || state.names().any(|other| other != name && is_in(other));
        Ok(Some(Self { profile: profile.clone(), identifier, has_key, is_shared }))
    }

    /// Revokes the replaced sign-in, unless other programs or profiles may use its token. Returns a
    /// line that reports the revocation, or an empty string if a warning was printed instead.
    pub(crate) fn sign_out(self, session: &Session<'_>) -> Result<String, Failure> {
        let name = plain(self.profile.name.as_deref().unwrap_or("an unknown account"));
        let replaced = if self.has_key { "device key" } else { "token" };
        let replaced = format!("replaced {replaced} for {name}");
        if self.is_shared {
            warning(&format!(
                "the {replaced} stays valid, because other programs or profiles may use it"
            ));
            return Ok(String::new());
        }
        let identity = match &self.identifier {
            Some(identifier) => session.identity_of(identifier)?,
            None => session.identity()?,
        };
        // The plex.tv that issued the token, even if the options name a different one.
        let plex_tv = session::plex_tv(identity, self.profile.plex_tv.as_ref());
        match session.sign_out(&plex_tv, &self.profile.token, self.has_key) {
            // A warning has been printed.
            Ok(false) => Ok(String::new()),
            Err(error) if !error.is_token_invalid() => {
                warning(&format!(
                    "the {replaced} could not be revoked: {error:#}; remove this device from that account's list of devices"
                ));
                Ok(String::new())
            }
            _ => Ok(format!("The {replaced} was revoked.\n")),
        }
    }
}
