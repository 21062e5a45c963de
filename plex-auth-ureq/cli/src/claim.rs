//! `plex-auth claim`: a claim token for a new server.

use plex_auth_ureq::server::ClaimToken;
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output::{date, note};
use crate::session::{ActiveProfile, Session};

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let claim = session.send(plex_tv.claim_token(&token))?;
    let good_for = ClaimToken::LIFETIME.as_secs();
    let json = json!({
        "profile": session.options.profile, "claim_token": session.output.secret(claim.expose()),
        "good_for": good_for,
    });
    session.output.result(&format!("{}\n", claim.expose()), &json)?;
    if !session.output.is_json() {
        note(&format!("It is good for {} minutes.", date::left(good_for)));
    }
    Ok(Exit::Done)
}
