//! `plex-auth users`: lists the users of the account's Plex Home.

use plex_auth_ureq::home::HomeUser;
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output::plain;
use crate::session::{ActiveProfile, Session};

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let home = session.send(plex_tv.home_users(&token))?;
    let text: String = home.users.iter().map(as_text).collect();
    let text = if text.is_empty() { "This account has no Plex Home.\n".to_owned() } else { text };
    let users = home.users.iter().map(|user| {
        json!({
            "uuid": user.uuid.as_ref().map(|uuid| uuid.as_str()), "title": user.title, "username": user.username,
            "admin": user.admin, "managed": user.restricted, "guest": user.guest, "home_pin": user.has_home_pin(),
        })
    });
    let users: Vec<_> = users.collect();
    session.output.result(&text, &json!({ "profile": session.options.profile, "users": users }))?;
    Ok(Exit::Done)
}

fn as_text(user: &HomeUser) -> String {
    let facts = [
        (user.admin == Some(true), "administrator"),
        (user.restricted == Some(true), "managed"),
        (user.guest == Some(true), "guest"),
        (user.has_home_pin(), "has a Home PIN"),
    ];
    let facts: Vec<_> = facts.into_iter().filter_map(|(is, fact)| is.then_some(fact)).collect();
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    let uuid = user.uuid.as_ref().map_or("?", |uuid| uuid.as_str());
    format!("{uuid}  {}{facts}\n", name(user))
}

/// Returns the name of a Home user, with unsafe characters escaped.
pub(crate) fn name(user: &HomeUser) -> String {
    plain(raw_name(user).unwrap_or("a user without a name"))
}

/// Returns the name of a Home user as Plex sent it.
pub(crate) fn raw_name(user: &HomeUser) -> Option<&str> {
    user.title.as_deref().or(user.username.as_deref())
}
