//! Signing in by a code that somebody types at plex.tv/link.

use plex_auth_ureq::PlexTv;
use plex_auth_ureq::flow::{PinLoginError, PinProgress};

use super::save::save_then_identify;
use super::waiting::{Waiting, again};
use crate::explain;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::state::profile::Profile;

pub(super) fn run(session: &Session<'_>, plex_tv: &PlexTv, renew: bool) -> Result<Exit, Failure> {
    let mut login = plex_tv.short_pin_login();
    loop {
        let mut waiting = Waiting::new(session);
        let outcome = session.drive(&mut login, |progress| match progress {
            PinProgress::Waiting { pin, left, .. } => waiting.show(&pin, plex_tv, left),
            PinProgress::Creating => waiting.say("Asking Plex for a code"),
            _ => {}
        });
        drop(waiting);
        match outcome {
            Ok(linked) => {
                let profile = Profile::new(linked.auth_token, session.options.plex_tv.clone());
                return save_then_identify(session, plex_tv, profile);
            }
            Err(PinLoginError::Expired) if again(session, renew)? => login.renew(),
            Err(error) => return Err(explain::pin_login(&error)),
        }
    }
}
