//! `plex-auth whoami`: shows the account that the token belongs to.

use plex_auth_ureq::account::SubscriptionPeriod;
use plex_auth_ureq::{Account, UnixSeconds};
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output::{date, plain, table};
use crate::session::{ActiveProfile, Session};

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let ActiveProfile { plex_tv, token, profile } = session.signed_in()?;
    let account = session.send(plex_tv.token_details(&token))?;
    let until = plex_pass_until(&account);
    let method = profile.method();
    let identifier = plex_tv.identity().identifier();
    let json = json!({
        "profile": session.options.profile,
        "id": account.id, "uuid": account.uuid, "username": account.username, "title": account.title,
        "email": account.email, "plex_pass": account.has_plex_pass(), "plex_pass_until": until.map(|until| until.0),
        "home": account.home, "home_admin": account.home_admin, "managed": account.is_managed(),
        "guest": account.is_guest(), "two_factor": account.two_factor_enabled,
        "signed_in_with": method, "client_identifier": identifier,
    });
    let none = || "none".to_owned();
    let rows = [
        ("Name", account.title.as_deref().map_or_else(none, plain)),
        ("Username", account.username.as_deref().map_or_else(none, plain)),
        ("Email", account.email.as_deref().map_or_else(none, plain)),
        ("Plex Pass", plex_pass(&account, until)),
        ("Home", home(&account).to_owned()),
        ("Two-factor", yes_or_no(account.two_factor_enabled).to_owned()),
        ("Signed in", format!("with a {method}, profile {}", plain(&session.options.profile))),
        ("Device", identifier.to_owned()),
    ];
    session.output.result(&table(&rows), &json)?;
    Ok(Exit::Done)
}

/// Returns when the Plex Pass ends or renews. Returns `None` if the account has no Plex Pass
/// period, or has one without a date, as with a lifetime pass.
fn plex_pass_until(account: &Account) -> Option<UnixSeconds> {
    let passes =
        account.subscriptions.iter().filter(|period| period.kind.as_deref() == Some("plexpass"));
    let ends: Option<Vec<_>> = passes
        .map(|SubscriptionPeriod { ends_at, renews_at, .. }| ends_at.or(*renews_at))
        .collect();
    ends?.into_iter().max()
}

fn plex_pass(account: &Account, until: Option<UnixSeconds>) -> String {
    let plan = account.subscription.as_ref().and_then(|subscription| subscription.plan.as_deref());
    match (account.has_plex_pass(), until, plan) {
        (false, ..) => "no".to_owned(),
        (true, Some(until), _) => format!("yes, until {}", date::day(until)),
        (true, None, Some(plan)) => format!("yes, {}", plain(plan)),
        (true, None, None) => "yes".to_owned(),
    }
}

fn home(account: &Account) -> &'static str {
    match (account.home, account.home_admin) {
        _ if account.is_managed() => "managed user",
        _ if account.is_guest() => "guest",
        (Some(true), Some(true)) => "administrator",
        (Some(true), _) => "member",
        (Some(false), _) => "no",
        (None, _) => "unknown",
    }
}

fn yes_or_no(is: Option<bool>) -> &'static str {
    is.map_or("unknown", |is| if is { "yes" } else { "no" })
}
