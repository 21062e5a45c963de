//! Signing in on Plex's own page in a browser, or with a code that the user enters at plex.tv/link.

use plex_auth_ureq::PlexTv;
use plex_auth_ureq::flow::{PinLoginError, PinProgress};

use super::save::{self, SignIn};
use super::waiting::{Waiting, again};
use crate::cli::LoginMethod;
use crate::explain;
use crate::failure::{Exit, Failure};
use crate::session::{Session, url_to_save};
use crate::state::profile::Profile;

pub(super) fn run(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    method: &LoginMethod,
) -> Result<Exit, Failure> {
    let login = if method.open { plex_tv.hosted_page_login() } else { plex_tv.link_code_login() };
    let mut login = login.create_timeout(session.timeout());
    loop {
        let mut waiting = Waiting::new(session, plex_tv, method);
        let outcome = session.drive_silently(&mut login, |login, now| match login.progress(now) {
            PinProgress::Waiting { pin, left, last_error, .. } => {
                waiting.show(&pin, plex_tv, left, last_error.as_ref());
            }
            PinProgress::Creating { last_error, .. } => {
                waiting.creating(last_error.as_ref());
            }
            _ => {}
        });
        drop(waiting);
        match outcome? {
            Ok(linked) => {
                let profile = Profile::new(linked.auth_token, url_to_save(plex_tv));
                return save::unidentified(session, plex_tv, SignIn::issued(profile, method));
            }
            Err(PinLoginError::Expired) if again(session, method)? => login.renew(),
            Err(error) => return Err(explain::pin_login(&error, session.asked())),
        }
    }
}
