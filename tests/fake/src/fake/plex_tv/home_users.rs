//! `GET {plex.tv}/home/users`: the users of the requesting account's Home.

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{Refusal, authenticate};
use crate::fake::ask::Ask;
use crate::fake::render::{self, Element};
use crate::fake::{Account, FakePlex, Who};

pub(crate) fn answer(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let (_, issued) = authenticate(plex, ask)?;
    let users: Vec<Value> = home_of(plex, issued.who).map(user).collect();
    let home = json!({
        "id": 60_417, "name": "The house at the harbour", "guestUserID": null, "guestUserUUID": null,
        "guestEnabled": false, "subscription": true, "users": users,
    });
    if ask.wants_json() {
        return Ok(render::json(StatusCode::OK, &home));
    }
    let home = home.as_object().cloned().unwrap_or_else(Map::new);
    Ok(render::xml(StatusCode::OK, &Element::plex_tv("home", &home)))
}

/// Returns the accounts in this account's Home. An account outside the shared Home is the only
/// member of its own Home.
pub(super) fn home_of(plex: &FakePlex, who: Who) -> impl Iterator<Item = &Account> {
    let is_in_the_home = |account: &Account| account.body().get("home") == Some(&true.into());
    let together = is_in_the_home(plex.account(who));
    plex.accounts()
        .filter(move |account| account.who() == who || (together && is_in_the_home(account)))
}

fn user(account: &Account) -> Value {
    let of_account = |name: &str| account.body().get(name).cloned().unwrap_or_default();
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    json!({
        "id": of_account("id"), "uuid": of_account("uuid"), "title": of_account("title"),
        "username": text(account.login()), "email": text(account.email()),
        "friendlyName": of_account("friendlyName"), "thumb": of_account("thumb"),
        "hasPassword": of_account("hasPassword"), "restricted": of_account("restricted"),
        "admin": of_account("homeAdmin"), "guest": of_account("guest"),
        "protected": account.home_pin().is_some(),
        "restrictionProfile": of_account("restrictionProfile"),
    })
}
