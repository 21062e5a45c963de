//! `plex-auth login`: the sign-in methods, each of which ends with a saved token.

use crate::cli::Way;
use crate::failure::{Exit, Failure};
use crate::session::Session;

mod code;
mod device;
mod password;
mod pasted;
mod save;
mod waiting;

pub(crate) fn run(session: &Session<'_>, way: &Way) -> Result<Exit, Failure> {
    // Before there is a token that would be lost.
    session.store.check_writable()?;
    if way.device_key {
        return device::run(session, way.renew);
    }
    let plex_tv = session.plex_tv()?;
    if way.token {
        pasted::run(session, &plex_tv)
    } else if way.password {
        password::run(session, &plex_tv)
    } else {
        code::run(session, &plex_tv, way.renew)
    }
}
