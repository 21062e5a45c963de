//! `POST {plex.tv}/home/users/{uuid}/switch`: the account of somebody else in the Home, with a new token.

use http::{Response, StatusCode};

use super::home_users::home_of;
use super::{Refusal, account, authenticate, issue};
use crate::fake::FakePlex;
use crate::fake::ask::Ask;

pub(crate) fn answer(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    captured: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let (_, issued) = authenticate(plex, ask)?;
    let uuid = captured.first().copied().unwrap_or_default();
    let is_meant = |uuid_of: &serde_json::Value| uuid_of == uuid;
    let who = home_of(plex, issued.who)
        .find(|account| account.body().get("uuid").is_some_and(is_meant))
        .map(|account| account.who())
        .ok_or(Refusal::NOT_FOR_THIS_USER)?;
    plex.accounts
        .check_home_pin(who, ask.parameter("pin").as_deref())
        .map_err(|too_many| if too_many { Refusal::RATE_LIMIT } else { Refusal::HOME_PIN })?;
    let token = issue(plex, ask, who, None);
    Ok(account(plex, ask, StatusCode::CREATED, who, &token, None))
}
