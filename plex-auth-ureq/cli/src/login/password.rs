//! Signing in with a username and password and, if the account has two-factor authentication, a
//! verification code.

use plex_auth_ureq::{Credentials, Error, PlexTv, SignedIn};

use super::save::{self, SignIn};
use crate::cli::LoginMethod;
use crate::failure::{Exit, Failure};
use crate::session::{Session, url_to_save};
use crate::state::profile::Profile;
use crate::{output, prompt};

pub(super) fn run(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    method: &LoginMethod,
) -> Result<Exit, Failure> {
    let login = prompt::line("Username or email")?;
    let password = prompt::hidden("Password")?;
    let credentials = Credentials::new(login.as_str(), password.as_str()).map_err(|invalid| {
        Failure::usage(invalid)
            .likely("A line of the input is empty.")
            .next("Enter both the username and the password, one per line.")
    })?;
    let SignedIn { auth_token, account, .. } =
        sign_in(session, plex_tv, credentials).map_err(|error| session.explain(&error))?;
    let profile = Profile::new(auth_token, url_to_save(plex_tv));
    save::identified(session, plex_tv, SignIn::issued(profile, method), &account)
}

/// Signs in, and asks for a verification code if Plex requires one. If the code is wrong, a user at
/// a terminal is asked up to two more times.
fn sign_in(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    mut credentials: Credentials,
) -> Result<SignedIn, Error> {
    const CODES: u32 = 3;
    let mut codes = 0;
    loop {
        let error = match session.ask(plex_tv.sign_in(&credentials)) {
            Ok(signed_in) => return Ok(signed_in),
            Err(error) => error,
        };
        if !error.needs_verification_code()
            || codes == CODES
            || (codes > 0 && !prompt::is_interactive())
        {
            return Err(error);
        }
        if codes > 0 {
            output::warning("the code is wrong or has expired");
        }
        codes += 1;
        // If no code can be read, the error to report is Plex's response.
        let Ok(code) = prompt::line("Verification code") else { return Err(error) };
        credentials = credentials.verification_code(code.as_str());
    }
}
