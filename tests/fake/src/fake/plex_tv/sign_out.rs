//! `DELETE {plex.tv}/users/signout`, which revokes the token.

use http::{Response, StatusCode};

use super::{Refusal, authenticate};
use crate::fake::FakePlex;
use crate::fake::ask::Ask;
use crate::fake::render;

pub(crate) fn answer(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let (token, _) = authenticate(plex, ask)?;
    plex.revoke(&token);
    Ok(render::nothing(StatusCode::NO_CONTENT))
}
