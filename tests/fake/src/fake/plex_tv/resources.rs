//! `GET {plex.tv}/resources`: the media servers that an account has access to, and a player.

use http::{Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::{Refusal, authenticate};
use crate::fake::ask::Ask;
use crate::fake::render::{self, Element};
use crate::fake::{FakePlex, MediaServer, Who};

pub(crate) fn answer(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let (_, issued) = authenticate(plex, ask)?;
    let base = plex.base_url(ask);
    let mut rows: Vec<Value> =
        plex.servers().filter_map(|server| row(plex, server, issued.who, &base)).collect();
    rows.push(player(plex, issued.who));
    if ask.wants_json() {
        return Ok(render::json(StatusCode::OK, &Value::Array(rows)));
    }
    Ok(render::xml(StatusCode::OK, &Element::plex_tv_list("resources", &rows)))
}

/// Returns the row for a server, if the account has access to it.
fn row(plex: &FakePlex, server: &MediaServer, who: Who, base: &str) -> Option<Value> {
    let access_token = server.access_token(who)?;
    let owner = server.admin().map(|admin| plex.account(admin))?;
    let owned = owner.who() == who;
    // A server that is also available at the root has a second connection.
    let mut connections = vec![connection(&format!("{base}{}", server.prefix()), true)];
    if server.is_at_the_root() {
        connections.push(connection(base, false));
    }
    Some(json!({
        "name": server.name(), "product": "Plex Media Server", "productVersion": server.version(),
        "platform": "Linux", "platformVersion": "6.1", "device": "PC",
        "clientIdentifier": server.machine_identifier(), "createdAt": "2021-10-01T01:02:03Z",
        "lastSeenAt": "2026-08-01T10:20:30Z", "provides": "server",
        "ownerId": if owned { Value::Null } else { owner.body()["id"].clone() },
        "sourceTitle": if owned { Value::Null } else { owner.body()["title"].clone() },
        "publicAddress": "203.0.113.45", "accessToken": access_token, "owned": owned,
        "home": !owned, "synced": false, "relay": false, "presence": true, "httpsRequired": false,
        "publicAddressMatches": true, "dnsRebindingProtection": false, "natLoopbackSupported": true,
        "connections": connections,
    }))
}

fn connection(url: &str, local: bool) -> Value {
    let uri = url.parse::<Uri>().unwrap_or_default();
    let scheme = uri.scheme_str().unwrap_or("http");
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    json!({
        "protocol": scheme, "address": uri.host().unwrap_or_default(), "port": port, "uri": url,
        "local": local, "relay": false, "IPv6": false,
    })
}

/// Returns a row for a player, which has no token and no connections.
fn player(plex: &FakePlex, who: Who) -> Value {
    let title = plex.account(who).body().get("title").and_then(Value::as_str).unwrap_or_default();
    json!({
        "name": format!("{title}'s telephone"), "product": "Plex for Kites", "productVersion": "9.1",
        "platform": null, "platformVersion": null, "device": null, "clientIdentifier": "a-telephone",
        "createdAt": "2024-02-29T12:00:00Z", "lastSeenAt": "2024-03-01T12:00:00Z", "provides": "player",
        "ownerId": null, "sourceTitle": null, "publicAddress": "203.0.113.45", "accessToken": null,
        "owned": true, "home": false, "synced": false, "relay": false, "presence": false,
        "httpsRequired": false, "publicAddressMatches": true, "dnsRebindingProtection": false,
        "natLoopbackSupported": false, "connections": [],
    })
}
