//! `GET {server}/security/resources`: a source's connections, and a token for the source.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{authenticate, container};
use crate::fake::ask::Ask;
use crate::fake::sources::Connection;
use crate::fake::{FakePlex, Which};

pub(crate) fn answer(
    plex: &mut FakePlex,
    which: Which,
    ask: &Ask<'_>,
) -> Result<Response<Vec<u8>>, StatusCode> {
    if let Some(admin) = plex.server(which).admin() {
        let who = authenticate(plex, which, ask)?;
        if who != admin {
            return Err(StatusCode::FORBIDDEN);
        }
    }
    let uri = ask.parameter("source").ok_or(StatusCode::BAD_REQUEST)?;
    let identifier = uri.strip_prefix("server://").or_else(|| uri.strip_prefix("provider://"));
    if identifier.is_none_or(str::is_empty) {
        return Err(StatusCode::BAD_REQUEST);
    }
    if !matches!(ask.parameter("refresh").as_deref(), None | Some("0" | "1")) {
        return Err(StatusCode::BAD_REQUEST);
    }
    let server = plex.servers.get_mut(which);
    let Some(source) = server.sources().iter().find(|source| source.uri == uri).cloned() else {
        return Ok(container(ask, json!({ "size": 0 })));
    };
    // The token is valid for the source, not for this server.
    let token = server.unregistered_token();
    let connections: Vec<Value> =
        source.connections.iter().map(|connection| member(connection, ask.wants_json())).collect();
    let device = json!({
        "name": source.name, "clientIdentifier": source.client_identifier, "accessToken": token,
        "Connection": connections,
    });
    Ok(container(ask, json!({ "size": 1, "Device": one_or_many(&source.uri, device) })))
}

/// Returns a server as an object and a provider as a list with one element, to test both forms. The
/// published API description has a single object, and the published SDKs accept nothing else, but
/// other clients expect a list.
fn one_or_many(uri: &str, device: Value) -> Value {
    if uri.starts_with("server://") { device } else { Value::Array(vec![device]) }
}

/// Returns a connection. In XML, `relay` is present only for a relayed connection.
fn member(connection: &Connection, in_json: bool) -> Value {
    let Connection { protocol, address, port, uri, local, relay } = connection;
    if in_json || *relay {
        json!({ "protocol": protocol, "address": address, "port": port, "uri": uri, "local": local, "relay": relay })
    } else {
        json!({ "protocol": protocol, "address": address, "port": port, "uri": uri, "local": local })
    }
}
