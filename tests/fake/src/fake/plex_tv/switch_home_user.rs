//! `POST {plex.tv}/home/users/{uuid}/switch` and, for older clients,
//! `POST https://plex.tv/api/home/users/{id}/switch`: switches to another Home user, and returns
//! that user's account with a new token.

use http::{Response, StatusCode};
use serde_json::Value;

use super::home_users::home_of;
use super::{Refusal, account, authenticate, issue};
use crate::fake::ask::Ask;
use crate::fake::render::{self, Element};
use crate::fake::{FakePlex, Who};

pub(crate) fn answer(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    captured: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let uuid = captured.first().copied().unwrap_or_default();
    let (who, token) = switch(plex, ask, "uuid", &uuid.into())?;
    Ok(account(plex, ask, StatusCode::CREATED, who, &token, None))
}

/// Switches by numeric ID. Returns the account as XML, even if JSON is requested. The token is in
/// the attribute `authenticationToken`.
pub(crate) fn answer_older(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    captured: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let id: u64 = captured.first().and_then(|id| id.parse().ok()).ok_or(Refusal::PARAMETER)?;
    let (who, token) = switch(plex, ask, "id", &id.into())?;
    let mut body = plex.account(who).body().clone();
    body.insert("authenticationToken".to_owned(), token.into());
    Ok(render::xml(StatusCode::CREATED, &Element::plex_tv("user", &body)))
}

/// Switches to the Home user whose `field` has this value, and issues a token.
fn switch(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    field: &str,
    wanted: &Value,
) -> Result<(Who, String), Refusal> {
    let (_, issued) = authenticate(plex, ask)?;
    let who = home_of(plex, issued.who)
        .find(|account| account.body().get(field) == Some(wanted))
        .map(|account| account.who())
        .ok_or(Refusal::NOT_FOR_THIS_USER)?;
    plex.accounts
        .check_home_pin(who, ask.parameter("pin").as_deref())
        .map_err(|too_many| if too_many { Refusal::RATE_LIMIT } else { Refusal::HOME_PIN })?;
    let token = issue(plex, ask, who, None);
    Ok((who, token))
}
