//! Signing in by login, password and, where the account has one, the second factor.

use plex_auth_ureq::{Credentials, Error, PlexTv, SignedIn};

use super::save::save;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::{explain, output, prompt};

pub(super) fn run(session: &Session<'_>, plex_tv: &PlexTv) -> Result<Exit, Failure> {
    let login = prompt::line("Login")?;
    let password = prompt::hidden("Password")?;
    let credentials = Credentials::new(login.as_str(), password.as_str())
        .map_err(|invalid| Failure::usage(invalid).next("Try again."))?;
    let SignedIn { auth_token, account, .. } =
        sign_in(session, plex_tv, credentials).map_err(|error| explain::request_error(&error))?;
    save(session, &auth_token, &account)
}

/// Asks for the code once it is known that one is wanted, and at a terminal again where it was wrong.
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
            output::note("That code is wrong or too old.");
        }
        codes += 1;
        // Without a code there is nothing to add to what Plex said.
        let Ok(code) = prompt::line("Verification code") else { return Err(error) };
        credentials = credentials.verification_code(code.as_str());
    }
}
