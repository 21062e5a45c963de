//! `plex-auth logout`: signs out of Plex, then deletes the token.

use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output::plain;
use crate::session::{ActiveProfile, Session};
use crate::state::State;

pub(crate) fn run(session: &Session<'_>, local: bool, revoke: bool) -> Result<Exit, Failure> {
    let name = &session.options.profile;
    // Before the sign-out: if the disk is not writable, the token could not be deleted afterward.
    session.store.check_writable()?;
    let mut before = session.store.read()?;
    let profile = before.profile(name)?.ok_or_else(|| session.not_signed_in())?;
    let is_shared = profile.pasted && !revoke;
    let signed_out = !local && !is_shared;
    if signed_out {
        sign_out(session, &mut before)?;
    }
    let is_removed = session.store.change(|state| {
        // Another login may have been saved in the meantime.
        let is_same = state.has_same_sign_in(&before, name);
        // This also deletes the profile's device.
        Ok(is_same && state.remove(name))
    })?;
    if is_removed {
        session.store.remove_renewal_lock(name);
    }
    let text = match (signed_out, is_removed) {
        (true, true) => "Signed out.\n".to_owned(),
        (true, false) => "Signed out. The saved login has since been replaced or removed.\n".to_owned(),
        (false, true) if is_shared && !local => {
            "Deleted the token from this computer. It stays valid, because other programs may use it. Next time, pass --revoke to `logout` to revoke the token as well.\n".to_owned()
        }
        (false, true) => format!("Deleted the token of the profile \"{}\" from this computer. It stays valid.\n", plain(name)),
        (false, false) => "Nothing was deleted, because the saved login has since been replaced or removed.\n".to_owned(),
    };
    let json = json!({ "profile": name, "signed_out": signed_out, "deleted": is_removed });
    session.output.confirmation(&text, &json)?;
    Ok(Exit::Done)
}

/// Signs out of Plex. This may renew the token first, so `before` is updated with the profile to
/// delete.
fn sign_out(session: &Session<'_>, before: &mut State) -> Result<(), Failure> {
    let ActiveProfile { plex_tv, token, profile } = match session.signed_in() {
        // A device that Plex no longer knows is already signed out.
        Err(failure) if failure.exit() == Exit::Refused => return Ok(()),
        signed_in => signed_in?,
    };
    let has_key = profile.by_device_key;
    before.set_profile(&session.options.profile, profile);
    match session.sign_out(&plex_tv, &token, has_key) {
        // An invalid token is signed out already.
        Err(error) if !error.is_token_invalid() => Err(session
            .explain(&error)
            .next("Try again, or just delete the token from this computer: {logout --local}")),
        _ => Ok(()),
    }
}
