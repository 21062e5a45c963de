//! Code that the media server handlers share: authentication, and the `MediaContainer` that wraps
//! most responses.

pub(super) mod about;
pub(super) mod claim;
pub(super) mod resources;
pub(super) mod transient_token;

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::ask::Ask;
use super::render::{self, Element};
use super::{FakePlex, Which, Who};

/// Returns the account that the request's token belongs to. The error is 401 if the token is
/// missing, is unknown or does not give access to this server.
fn authenticate(plex: &FakePlex, which: Which, ask: &Ask<'_>) -> Result<Who, StatusCode> {
    let token = ask.token().ok_or(StatusCode::UNAUTHORIZED)?;
    let server = plex.server(which);
    // Media servers do not accept JWTs.
    let issued = plex.tokens.find(&token).filter(|issued| issued.expires_at.is_none());
    let who = server.owner_of(&token, ask.now()).or(issued.map(|issued| issued.who));
    who.filter(|who| server.access_token(*who).is_some()).ok_or(StatusCode::UNAUTHORIZED)
}

/// Returns a `MediaContainer` in JSON or XML, as requested.
fn container(ask: &Ask<'_>, body: Value) -> Response<Vec<u8>> {
    if ask.wants_json() {
        return render::media_server_json(&json!({ "MediaContainer": body }));
    }
    let members = body.as_object().cloned().unwrap_or_default();
    render::xml(StatusCode::OK, &Element::media_server("MediaContainer", &members))
}
