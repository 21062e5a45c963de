//! `plex-auth token`: prints a token for a script, either the account's or a server's.

use serde_json::json;

use crate::cli::PlainHttp;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::server::{self, Reached};
use crate::session::Session;

pub(crate) fn run(session: &Session<'_>, show: bool) -> Result<Exit, Failure> {
    check_output(session, show)?;
    let token = session.signed_in()?.token;
    let json = json!({ "profile": session.options.profile, "token": session.output.secret(token.expose()) });
    session.output.result(&format!("{}\n", token.expose()), &json)?;
    Ok(Exit::Done)
}

/// Prints the token that a server accepts from this account. The server's address is determined
/// only with `--url`, because that requires requests to the server.
pub(crate) fn of_server(
    session: &Session<'_>,
    named: &str,
    with_url: bool,
    show: bool,
    plain_http: PlainHttp,
) -> Result<Exit, Failure> {
    check_output(session, show)?;
    let (name, token, url) = if with_url {
        let Reached { server, name } = server::reach(session, named, plain_http)?;
        (name, server.token().clone(), Some(server.url().to_string()))
    } else {
        let (name, token) = server::token(session, named, plain_http)?;
        (name, token, None)
    };
    let json = json!({
        "profile": session.options.profile, "server": name,
        "token": session.output.secret(token.expose()), "url": url,
    });
    let url = url.map_or_else(String::new, |url| format!("{url}\n"));
    session.output.result(&format!("{}\n{url}", token.expose()), &json)?;
    Ok(Exit::Done)
}

fn check_output(session: &Session<'_>, show: bool) -> Result<(), Failure> {
    if output::is_terminal() && !show {
        return Err(Failure::usage("refusing to print the token to a terminal")
            .likely(
                "Standard output is a terminal. Anyone who sees the screen could use the account.",
            )
            .next("In a script, capture it with $({token}). To see it: {token --show}"));
    }
    session.output.check_secret("the token")
}
