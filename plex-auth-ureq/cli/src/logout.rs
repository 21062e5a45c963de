//! `plex-auth logout`: signs out at Plex, then forgets.

use serde_json::json;

use crate::explain;
use crate::failure::{Exit, Failure};
use crate::session::{ActiveProfile, Session};
use crate::state::profile::Profile;

pub(crate) fn run(session: &Session<'_>, forget: bool) -> Result<Exit, Failure> {
    let name = &session.options.profile;
    // On a disk that cannot be written to, the result could not be saved.
    session.store.check_writable()?;
    let mut before = session.store.read()?;
    let signed_out = match sign_out(session) {
        Ok(profile) => {
            before.profiles.extend(profile.map(|profile| (name.clone(), profile)));
            true
        }
        Err(_) if forget => false,
        Err(failure) => return Err(failure),
    };
    let is_removed = session.store.change(|state| {
        // Another login may have taken its place meanwhile.
        let is_same = state.has_same_sign_in(&before, name);
        if is_same {
            // The device with it: once it is signed out, Plex no longer accepts its key.
            state.devices.remove(name);
            state.profiles.remove(name);
        }
        Ok(is_same)
    })?;
    let text = match (signed_out, is_removed) {
        (true, true) => "Signed out.\n",
        (false, true) => "Forgotten here; Plex was not asked, or did not answer.\n",
        (true, false) => "Signed out. A login that was completed meanwhile is still saved.\n",
        (false, false) => "Not forgotten: another login was completed meanwhile.\n",
    };
    session.output.result(text, &json!({ "profile": name, "signed_out": signed_out }))?;
    Ok(Exit::Done)
}

/// Signs out at Plex, and returns what was signed out. Nothing if Plex no longer knows the device.
fn sign_out(session: &Session<'_>) -> Result<Option<Profile>, Failure> {
    let ActiveProfile { plex_tv, token, profile } = match session.signed_in() {
        // A device that Plex does not know any more is signed out.
        Err(failure) if failure.exit() == Exit::Refused => return Ok(None),
        signed_in => signed_in?,
    };
    match session.ask(plex_tv.sign_out(&token)) {
        // An invalid token is signed out already.
        Err(error) if !error.is_token_invalid() => {
            let failure = explain::request_error(&error);
            Err(failure
                .next("Try again, or forget the token here alone: plex-auth logout --forget"))
        }
        _ => Ok(Some(profile)),
    }
}
