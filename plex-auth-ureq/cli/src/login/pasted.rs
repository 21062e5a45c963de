//! Taking a token that there is.

use plex_auth_ureq::flow::TokenState;
use plex_auth_ureq::{PlexTv, Token};

use super::save::save;
use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::{check, explain, prompt};

pub(super) fn run(session: &Session<'_>, plex_tv: &PlexTv) -> Result<Exit, Failure> {
    let token = Token::new(prompt::hidden("Token")?.as_str()).map_err(|invalid| {
        Failure::usage(invalid).next("Pass the token alone, as one line of standard input.")
    })?;
    match check::ask(session, plex_tv, &token)? {
        TokenState::Valid(account) => save(session, &token, &account),
        TokenState::Invalid(error) => Err(explain::request_error(&error.into())),
        TokenState::Unknown { error: why, .. } => Err(explain::request_error(&why)),
        _ => Err(Failure::new(Exit::Unknown, "it is not known whether the token is alive")),
    }
}
