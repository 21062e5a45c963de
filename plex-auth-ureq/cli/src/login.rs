//! `plex-auth login`: the sign-in methods, each of which ends with a saved token.

use crate::cli::LoginMethod;
use crate::failure::{Exit, Failure};
use crate::session::Session;

mod code;
mod device;
mod password;
mod pasted;
mod save;
mod waiting;

pub(crate) fn run(session: &Session<'_>, method: &LoginMethod) -> Result<Exit, Failure> {
    // Before there is a token that would be lost.
    session.store.check_writable()?;
    if method.device_key {
        return device::run(session, method.renew);
    }
    let plex_tv = session.plex_tv()?;
    if method.token {
        pasted::run(session, &plex_tv)
    } else if method.password {
        password::run(session, &plex_tv)
    } else {
        code::run(session, &plex_tv, method.renew)
    }
}
