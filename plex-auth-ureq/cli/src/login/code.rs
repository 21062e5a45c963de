//! Signing in by a code that somebody types at plex.tv/link.

use plex_auth_ureq::PlexTv;
use plex_auth_ureq::flow::{LoginPin, PinLoginError, PinProgress};

use super::save::save_then_identify;
use super::waiting::{CREATE_TIMEOUT, Waiting, again};
use crate::explain;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::state::profile::Profile;

pub(super) fn run(session: &Session<'_>, plex_tv: &PlexTv, renew: bool) -> Result<Exit, Failure> {
    let mut login = plex_tv.link_code_login().create_timeout(CREATE_TIMEOUT);
    loop {
        let mut waiting = Waiting::new(session);
        let outcome = session.drive(&mut login, |login, now| match login.progress(now) {
            PinProgress::Waiting { pin: LoginPin::Code(pin), left, .. } => {
                waiting.show(&pin, plex_tv, left);
            }
            PinProgress::Creating { .. } => waiting.say("Asking Plex for a code"),
            _ => {}
        });
        drop(waiting);
        match outcome? {
            Ok(linked) => {
                let profile = Profile::new(linked.auth_token, session.options.plex_tv.clone());
                return save_then_identify(session, plex_tv, profile);
            }
            Err(PinLoginError::Expired) if again(session, renew)? => login.renew(),
            Err(error) => return Err(explain::pin_login(&error)),
        }
    }
}
