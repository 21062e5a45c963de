//! `plex-auth claim`: prints a claim token for a new server, or claims a server.

use plex_auth_ureq::server::ClaimToken;
use plex_auth_ureq::{MediaServerAddress, ServerUrl};
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output::{note, plain};
use crate::session::{ActiveProfile, Session};

const CHECK: &str = "Before you try again, check whether the server is in the list: {servers}";

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    session.output.check_secret("a claim token")?;
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let claim = session.send(plex_tv.claim_token(&token))?;
    let expires_in = ClaimToken::LIFETIME.as_secs();
    let json = json!({
        "profile": session.options.profile, "claim_token": session.output.secret(claim.expose()),
        "expires_in": expires_in,
    });
    session.output.result(&format!("{}\n", claim.expose()), &json)?;
    if !session.output.is_json() && !session.options.quiet {
        note(&format!("The claim token expires in {} minutes.", expires_in / 60));
    }
    Ok(Exit::Done)
}

/// Claims the server at a URL, so that it belongs to the account.
pub(crate) fn server(session: &Session<'_>, url: &ServerUrl) -> Result<Exit, Failure> {
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let address = MediaServerAddress::new(plex_tv.identity().clone(), url.clone());
    let before = session.send(address.server_identity())?;
    if before.claimed == Some(true) {
        return Err(Failure::new(Exit::Refused, format!("the server at {url} is already claimed"))
            .likely("It belongs to this account or to another one.")
            .next("See the account's servers: {servers}"));
    }
    let claim = session.send(plex_tv.claim_token(&token))?;
    if let Err(error) = session.ask(address.claim(&claim)) {
        // The server may have been claimed even though its response was lost.
        let after = session.ask(address.server_identity()).ok();
        if after.and_then(|server| server.claimed) != Some(true) {
            let failure = session.explain(&error);
            return Err(match error.status() {
                Some(status) if status.is_client_error() => failure
                    .likely("A server can be claimed only from its own network, and not through a reverse proxy.")
                    .next("Run this command on the machine that the server runs on, with --server http://127.0.0.1:32400"),
                Some(status) if status.is_server_error() => {
                    failure.likely("The server is busy, or it cannot reach plex.tv.").next(CHECK)
                }
                _ => failure.next(CHECK),
            });
        }
    }
    let identifier = before.machine_identifier;
    let text = format!(
        "Claimed the server {}. It can take up to 90 seconds to appear in the list of servers.\n",
        plain(&identifier)
    );
    let json = json!({
        "profile": session.options.profile, "url": url.to_string(),
        "client_identifier": identifier, "claimed": true,
    });
    session.output.confirmation(&text, &json)?;
    Ok(Exit::Done)
}
