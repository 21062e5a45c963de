//! `POST {server}/security/token`: issues a short-lived token for the account that the request's
//! token belongs to. Any other method works too. An unclaimed server issues no token.

use http::{Response, StatusCode};
use serde_json::json;

use super::{authenticate, container};
use crate::fake::ask::Ask;
use crate::fake::{FakePlex, Which};

pub(crate) fn answer(
    plex: &mut FakePlex,
    which: Which,
    ask: &Ask<'_>,
) -> Result<Response<Vec<u8>>, StatusCode> {
    if plex.server(which).admin().is_none() {
        return Ok(container(ask, json!({ "size": 0 })));
    }
    let who = authenticate(plex, which, ask)?;
    let is = |name: &str, value: &str| ask.parameter(name).as_deref() == Some(value);
    if !is("type", "delegation") || !is("scope", "all") {
        return Err(StatusCode::BAD_REQUEST);
    }
    let token = plex.servers.get_mut(which).issue(who, ask.now());
    Ok(container(ask, json!({ "size": 0, "token": token })))
}
