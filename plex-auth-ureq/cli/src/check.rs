//! `plex-auth check`: is the token alive? Its exit code is the answer.

use std::io::{self, IsTerminal};

use plex_auth_ureq::flow::{RetryProgress, TokenState};
use plex_auth_ureq::{PlexTv, Token};
use serde_json::json;

use crate::explain;
use crate::failure::{Exit, Failure};
use crate::output::note;
use crate::session::{ActiveProfile, Session};
use crate::state::profile;

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let (state, failure, retry_in) = match ask(session, &plex_tv, &token)? {
        TokenState::Valid(account) => {
            let name = profile::name(&account);
            let json = json!({ "profile": session.options.profile, "state": "alive", "why": null, "retry_in": null });
            session.output.result(&format!("The token is alive; it is {name}'s.\n"), &json)?;
            return Ok(Exit::Done);
        }
        TokenState::Invalid(error) => ("dead", explain::request_error(&error.into()), None),
        TokenState::Unknown { error, retry_in, .. } => {
            ("unknown", explain::request_error(&error), retry_in)
        }
        _ => (
            "unknown",
            Failure::new(Exit::Unknown, "it is not known whether the token is alive"),
            None,
        ),
    };
    // Whatever kept the answer from coming, it is not known.
    let exit = if state == "dead" { Exit::Refused } else { Exit::Unknown };
    if session.output.is_json() {
        let json = json!({
            "profile": session.options.profile, "state": state, "why": failure.what,
            "retry_in": retry_in.map(|wait| wait.as_secs()),
        });
        session.output.result("", &json)?;
    } else {
        session.output.failure(&failure);
    }
    Ok(exit)
}

/// Asks until it is known or the time is over. Whoever looks on at a terminal sees why it takes so long.
pub(crate) fn ask(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    token: &Token,
) -> Result<TokenState, Failure> {
    let mut check = plex_tv.token_check(token).timeout(session.timeout());
    let looks_on = io::stderr().is_terminal();
    let mut pausing = false;
    session.drive(&mut check, |check, now| match check.progress(now) {
        RetryProgress::Waiting { last_error, next_request: left, .. } if !pausing => {
            pausing = true;
            if looks_on {
                note(&format!("{last_error}; asking again in {} s", left.as_secs().max(1)));
            }
        }
        RetryProgress::Waiting { .. } => {}
        _ => pausing = false,
    })
}
