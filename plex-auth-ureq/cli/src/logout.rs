//! `plex-auth logout`: signs out at Plex, then forgets.

use serde_json::json;

use crate::explain;
use crate::failure::{Exit, Failure};
use crate::session::{ActiveProfile, Session};

pub(crate) fn run(session: &Session<'_>, forget: bool) -> Result<Exit, Failure> {
    let name = &session.options.profile;
    // On a disk that cannot be written to, the result could not be saved.
    session.store.check_writable()?;
    let signed_out = match sign_out(session) {
        Ok(()) => true,
        Err(_) if forget => false,
        Err(failure) => return Err(failure),
    };
    session.store.change(|state| {
        // The device with it: once it is signed out, Plex takes its key no more.
        state.devices.remove(name);
        Ok(state.profiles.remove(name))
    })?;
    let text = if signed_out {
        "Signed out.\n"
    } else {
        "Forgotten here; Plex was not asked, or did not answer.\n"
    };
    session.output.result(text, &json!({ "profile": name, "signed_out": signed_out }))?;
    Ok(Exit::Done)
}

fn sign_out(session: &Session<'_>) -> Result<(), Failure> {
    let ActiveProfile { plex_tv, token, .. } = match session.signed_in() {
        // A device that Plex does not know any more is signed out.
        Err(failure) if failure.exit() == Exit::Refused => return Ok(()),
        signed_in => signed_in?,
    };
    match session.ask(plex_tv.sign_out(&token)) {
        // A token that is dead is signed out.
        Err(error) if error.is_token_invalid() => Ok(()),
        Err(error) => {
            let failure = explain::request_error(&error);
            Err(failure
                .next("Try again, or forget the token here alone: plex-auth logout --forget"))
        }
        Ok(()) => Ok(()),
    }
}
