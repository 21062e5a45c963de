//! Signing in with an existing token, read from the terminal or from a pipe.

use plex_auth_ureq::error::InvalidToken;
use plex_auth_ureq::flow::TokenState;
use plex_auth_ureq::{PlexTv, Token};

use super::save::{self, SignIn};
use crate::cli::LoginMethod;
use crate::failure::{Exit, Failure};
use crate::session::{Session, url_to_save};
use crate::state::profile::Profile;
use crate::{check, prompt};

pub(super) fn run(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    method: &LoginMethod,
) -> Result<Exit, Failure> {
    let token = Token::new(prompt::hidden("Token")?.as_str()).map_err(|invalid| {
        let (likely, next) = match invalid {
            InvalidToken::Empty => (
                "The line is empty: a variable in a script might not be set.",
                "Pass a token as one line of standard input, or sign in on Plex's page: {login --open}",
            ),
            InvalidToken::ClaimCode => (
                "A claim token was copied instead of the account's token.",
                "Pass the account's token, or sign in on Plex's page: {login --open}",
            ),
            _ => (
                "The copied text is incomplete or contains more than the token.",
                "Pass only the token, as one line of standard input.",
            ),
        };
        Failure::usage(invalid).likely(likely).next(next)
    })?;
    match check::ask(session, plex_tv, &token)? {
        TokenState::Valid(account) => {
            let new = Profile::new(token, url_to_save(plex_tv));
            let sign_in = SignIn::pasted(Profile { pasted: true, ..new }, method);
            save::identified(session, plex_tv, sign_in, &account)
        }
        // Plex's response does not show whether the token was ever valid.
        TokenState::Invalid(_) => {
            Err(Failure::new(Exit::Refused, "Plex does not accept this token")
                .likely("The token was not copied completely, or its device was signed out.")
                .next("Get a valid token, or sign in on Plex's page: {login --open}"))
        }
        TokenState::Unknown { error, .. } => Err(session.explain(&error)),
        _ => Err(check::undecided()),
    }
}
