//! `plex-auth login`: the sign-in methods, each of which ends by saving a token.

use plex_auth_ureq::flow::TokenState;

use crate::check;
use crate::cli::LoginMethod;
use crate::failure::{Exit, Failure};
use crate::session::Session;

mod browser;
mod code;
mod device;
mod password;
mod pasted;
mod qr_code;
mod save;
mod waiting;

pub(crate) fn run(session: &Session<'_>, method: &LoginMethod) -> Result<Exit, Failure> {
    // A damaged profile is reported before the user signs in.
    let saved = session.store.read()?;
    saved.profile(&session.options.profile)?;
    saved.device(&session.options.profile)?;
    // Before the check for write access: a profile that is already signed in needs only read
    // access.
    if method.if_needed && is_signed_in(session)? {
        return Ok(Exit::Done);
    }
    // Before the sign-in: a token that cannot be saved would be lost.
    session.store.check_writable()?;
    if method.device_key {
        return device::run(session, method);
    }
    let plex_tv = session.plex_tv()?;
    if method.token {
        pasted::run(session, &plex_tv, method)
    } else if method.password {
        password::run(session, &plex_tv, method)
    } else {
        code::run(session, &plex_tv, method)
    }
}

/// Returns whether the profile has a valid token. If that is unknown, returns an error, because
/// another sign-in would not help.
fn is_signed_in(session: &Session<'_>) -> Result<bool, Failure> {
    let active = match session.signed_in() {
        Err(failure) if matches!(failure.exit(), Exit::NotSignedIn | Exit::Refused) => {
            return Ok(false);
        }
        active => active?,
    };
    match check::ask(session, &active.plex_tv, &active.token)? {
        TokenState::Valid(account) => {
            save::report(session, &active.token, &account, "Already signed in as", "")?;
            Ok(true)
        }
        TokenState::Invalid(_) => Ok(false),
        TokenState::Unknown { error, .. } => Err(session.explain(&error)),
        _ => Err(check::undecided()),
    }
}
