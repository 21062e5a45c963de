//! `GET {plex.tv}/user`: the account that a token belongs to.

use http::{Response, StatusCode};

use super::{Refusal, account, authenticate};
use crate::fake::FakePlex;
use crate::fake::ask::Ask;

pub(crate) fn answer(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let (token, issued) = authenticate(plex, ask)?;
    Ok(account(plex, ask, StatusCode::OK, issued.who, &token, issued.remember_expires_at))
}
