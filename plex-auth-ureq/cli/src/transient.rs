//! `plex-auth transient SERVER`: prints a server's transient token.

use plex_auth_ureq::server::{Scope, TokenType};
use serde_json::json;

use crate::cli::PlainHttp;
use crate::failure::{Exit, Failure};
use crate::server::{self, Reached};
use crate::session::Session;

pub(crate) fn run(
    session: &Session<'_>,
    named: &str,
    plain_http: PlainHttp,
) -> Result<Exit, Failure> {
    session.output.check_secret("a transient token")?;
    let Reached { server, name } = server::reach(session, named, plain_http)?;
    let transient = session.send(server.transient_token(TokenType::Delegation, Scope::All))?;
    let token = transient.token.expose();
    let json = json!({
        "profile": session.options.profile, "server": name, "url": server.url().to_string(),
        "transient_token": session.output.secret(token),
    });
    session.output.result(&format!("{token}\n"), &json)?;
    Ok(Exit::Done)
}
