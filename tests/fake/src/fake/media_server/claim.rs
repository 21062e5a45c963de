//! `POST {server}/myplex/claim`, which claims the server, and `DELETE {server}/myplex/account`,
//! which unclaims it.

use http::{Response, StatusCode};
use serde_json::{Map, json};

use super::authenticate;
use crate::fake::ask::Ask;
use crate::fake::render::{self, Element};
use crate::fake::{FakePlex, Which};

pub(crate) fn claim(
    plex: &mut FakePlex,
    which: Which,
    ask: &Ask<'_>,
) -> Result<Response<Vec<u8>>, StatusCode> {
    if plex.server(which).admin().is_some() {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let token = ask.parameter("token").ok_or(StatusCode::BAD_REQUEST)?;
    let who = plex.claims.redeem(&token, ask.now()).ok_or(StatusCode::FORBIDDEN)?;
    plex.servers.get_mut(which).claim(who);
    Ok(account(plex, which, ask))
}

pub(crate) fn unclaim(
    plex: &mut FakePlex,
    which: Which,
    ask: &Ask<'_>,
) -> Result<Response<Vec<u8>>, StatusCode> {
    if let Some(admin) = plex.server(which).admin()
        && authenticate(plex, which, ask)? != admin
    {
        return Err(StatusCode::FORBIDDEN);
    }
    plex.servers.get_mut(which).unclaim();
    Ok(account(plex, which, ask))
}

/// Returns the response that describes the account the server belongs to, if any.
fn account(plex: &FakePlex, which: Which, ask: &Ask<'_>) -> Response<Vec<u8>> {
    let server = plex.server(which);
    let owner = server.admin().map(|admin| plex.account(admin));
    let members = json!({
        "authToken": server.admin().and_then(|admin| server.access_token(admin)),
        "username": owner.and_then(|owner| owner.email()),
        "signInState": if owner.is_some() { "ok" } else { "none" }, "mappingState": "unknown",
    });
    if ask.wants_json() {
        return render::media_server_json(&json!({ "MyPlex": members }));
    }
    let members = members.as_object().cloned().unwrap_or_else(Map::new);
    render::xml(StatusCode::OK, &Element::media_server("MyPlex", &members))
}
