//! Shows servers and the state of their connections, as text and as JSON.

use plex_auth_ureq::server::Resource;
use serde_json::{Value, json};

use super::probe::Tried;
use crate::output::plain;
use crate::session::Session;

pub(super) fn as_text(server: &Resource, tried: &[Tried]) -> String {
    let text = |text: &Option<String>| plain(text.as_deref().unwrap_or("?"));
    let owner = match (server.owned, &server.source_title) {
        (Some(true), _) => "yours".to_owned(),
        (_, Some(name)) => format!("{}'s", plain(name)),
        _ => "shared".to_owned(),
    };
    let mut lines = format!(
        "{} ({owner}, {})\n  {}\n",
        text(&server.name),
        text(&server.product_version),
        text(&server.client_identifier)
    );
    for Tried { candidate, outcome, .. } in tried {
        let url = candidate.url.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
        let outcome = match outcome {
            Ok(took) => format!("responded in {} ms", took.as_millis().max(1)),
            Err(why) => why.clone(),
        };
        lines +=
            &format!("  {:<7} {}  {}\n", candidate.kind.to_string(), plain(&url), plain(&outcome));
    }
    if tried.is_empty() {
        lines += "  no connections are listed\n";
    }
    lines
}

pub(super) fn as_json(session: &Session<'_>, server: &Resource, tried: &[Tried]) -> Value {
    let connections = tried.iter().map(|Tried { candidate, outcome, .. }| {
        let url = candidate.url.as_ref().map(ToString::to_string);
        let took = outcome
            .as_ref()
            .ok()
            .map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1));
        json!({
            "url": url, "kind": candidate.kind.to_string(), "responds": outcome.is_ok(), "milliseconds": took,
            "why_not": outcome.as_ref().err(),
        })
    });
    let access_token =
        server.access_token.as_ref().map(|token| session.output.secret(token.expose()));
    json!({
        "name": server.name, "client_identifier": server.client_identifier, "version": server.product_version,
        "owned": server.owned, "owner": server.source_title, "access_token": access_token,
        "connections": connections.collect::<Vec<_>>(),
    })
}
