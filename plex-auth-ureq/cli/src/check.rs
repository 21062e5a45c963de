//! `plex-auth check`: checks whether the token is valid, and reports the result as the exit status.

use std::io::{self, IsTerminal};

use plex_auth_ureq::flow::{RetryProgress, TokenState};
use plex_auth_ureq::{PlexTv, Token};
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output::{note, plain};
use crate::session::{ActiveProfile, Session, host};
use crate::state::profile;
use crate::waiting::SlowNotice;

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let (state, failure, retry_in) = match ask(session, &plex_tv, &token)? {
        TokenState::Valid(account) => {
            let name = profile::name(&account);
            let json = json!({
                "profile": session.options.profile, "state": "valid", "why": null, "retry_in": null,
            });
            let text = format!("The token is valid. It belongs to {name}.\n");
            session.output.confirmation(&text, &json)?;
            return Ok(Exit::Done);
        }
        TokenState::Invalid(error) => ("invalid", session.explain(&error.into()), None),
        TokenState::Unknown { error, retry_in, .. } => {
            ("unknown", session.explain(&error), retry_in)
        }
        _ => ("unknown", undecided(), None),
    };
    let exit = if state == "invalid" { Exit::Refused } else { Exit::Unknown };
    if session.output.is_json() {
        let json = json!({
            "profile": session.options.profile, "state": state, "why": failure.what(),
            "retry_in": retry_in.map(|wait| wait.as_secs()),
        });
        session.output.result("", &json)?;
    }
    // The error may have a different exit status, such as that of a local problem, but the exit
    // status of `check` depends only on the state of the token.
    Err(failure.with_exit(exit))
}

/// Returns the error for a token state that this version of the tool does not know.
pub(crate) fn undecided() -> Failure {
    Failure::new(Exit::Unknown, "the state of the token is unknown")
        .likely("Plex sent a response that this version does not understand.")
        .next("Try again later.")
}

/// Checks the token, and retries after temporary errors until its state is known or the time limit
/// is reached. At a terminal, unless the output is JSON or `--quiet` is set, the user sees why the
/// check is retried.
pub(crate) fn ask(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    token: &Token,
) -> Result<TokenState, Failure> {
    let mut check = plex_tv.token_check(token).timeout(session.timeout());
    let is_silent = session.output.is_json() || session.options.quiet;
    let is_watched = io::stderr().is_terminal() && !is_silent;
    let mut is_waiting = false;
    let notice = || SlowNotice::new(format!("a response from {}", host(plex_tv)));
    let _notice = (!is_watched).then(notice);
    session.drive_silently(&mut check, |check, now| match check.progress(now) {
        RetryProgress::Waiting { last_error, next_request: left, .. } if !is_waiting => {
            is_waiting = true;
            if is_watched {
                let error = plain(&format!("{last_error:#}"));
                let left = left.as_secs().max(1);
                let unit = if left == 1 { "second" } else { "seconds" };
                note(&format!("{error}; trying again in {left} {unit}"));
            }
        }
        RetryProgress::Waiting { .. } => {}
        _ => is_waiting = false,
    })
}
