//! `plex-auth token`: the token alone, for a script.

use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output;
use crate::session::Session;

pub(crate) fn run(session: &Session<'_>, show: bool) -> Result<Exit, Failure> {
    if output::is_terminal() && !show {
        return Err(Failure::usage("the token is not printed to a terminal")
            .likely("Whoever looks at the screen, or at a recording of it, is the account.")
            .next("For a script: TOKEN=$(plex-auth token); to see it: plex-auth token --show"));
    }
    if session.output.is_json() && !session.output.shows_secrets() {
        return Err(Failure::usage("the token is a secret, and JSON has none unless asked for")
            .next("Add --show-secrets, or leave --json away."));
    }
    let token = session.signed_in()?.token;
    let json = json!({ "profile": session.options.profile, "token": session.output.secret(token.expose()) });
    session.output.result(&format!("{}\n", token.expose()), &json)?;
    Ok(Exit::Done)
}
