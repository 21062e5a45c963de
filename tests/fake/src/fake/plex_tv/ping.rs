//! `GET {plex.tv}/ping`, which confirms that a token is valid.

use http::{Response, StatusCode};
use serde_json::json;

use super::{Refusal, authenticate};
use crate::fake::FakePlex;
use crate::fake::ask::Ask;
use crate::fake::render::{self, Element};

pub(crate) fn answer(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    authenticate(plex, ask)?;
    if ask.wants_json() {
        return Ok(render::json(StatusCode::OK, &json!({ "pong": true })));
    }
    Ok(render::xml(StatusCode::OK, &Element::new("pong").text("true")))
}
