//! `GET https://plex.tv/api/claim/token.json`: a claim token for a media server.

use http::{Response, StatusCode};
use serde_json::json;

use super::{Refusal, authenticate};
use crate::fake::FakePlex;
use crate::fake::ask::Ask;
use crate::fake::render;

/// Returns JSON, even if XML is requested. The error for an invalid token has a different form than
/// the API's errors.
pub(crate) fn answer(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let Ok((_, issued)) = authenticate(plex, ask) else {
        let error = json!({ "error": "You need to sign in to claim a server." });
        return Ok(render::json(StatusCode::UNAUTHORIZED, &error));
    };
    let token = plex.claims.issue(issued.who, ask.now());
    Ok(render::json(StatusCode::OK, &json!({ "token": token })))
}
