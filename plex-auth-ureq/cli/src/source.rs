//! `plex-auth source SERVER SOURCE`: shows how a server reaches another server or a provider.

use plex_auth_ureq::Source;
use plex_auth_ureq::server::SourceDevice;
use serde_json::{Value, json};

use crate::cli::PlainHttp;
use crate::failure::{Exit, Failure};
use crate::output::plain;
use crate::server::{self, Reached};
use crate::session::Session;

const CORRECT: &str =
    "Correct the identifier after `://`. To list the servers' identifiers: {servers}";

pub(crate) fn run(
    session: &Session<'_>,
    named: &str,
    source: &Source,
    plain_http: PlainHttp,
) -> Result<Exit, Failure> {
    let Reached { server, .. } = server::reach(session, named, plain_http)?;
    let known = session.ask(server.source_connection_information(source)).map_err(|error| {
        let failure = session.explain(&error);
        match error.status().map(|status| status.as_u16()) {
            // The response to an invalid source.
            Some(400) => failure.likely("The identifier is wrong.").next(CORRECT),
            _ => failure,
        }
    })?;
    if known.devices.is_empty() {
        return Err(Failure::new(Exit::Refused, format!("the server does not know {source}"))
            .likely("The identifier is wrong, or the server has never connected to this source.")
            .next(CORRECT));
    }
    let text: String = known.devices.iter().map(as_text).collect();
    let devices: Vec<_> = known.devices.iter().map(|device| as_json(session, device)).collect();
    let json = json!({ "profile": session.options.profile, "source": source.as_str(), "devices": devices });
    session.output.result(&text, &json)?;
    Ok(Exit::Done)
}

/// Returns a device as text, without its token. Only JSON contains the token, and only with
/// `--show-secrets`.
fn as_text(device: &SourceDevice) -> String {
    let mut lines = format!("{}\n", plain(device.name.as_deref().unwrap_or("?")));
    for connection in &device.connections {
        let kind = match (connection.relay, connection.local) {
            (Some(true), _) => "relay",
            (_, Some(true)) => "local",
            _ => "remote",
        };
        lines += &format!("  {kind:<7} {}\n", plain(connection.uri.as_deref().unwrap_or("?")));
    }
    lines
}

fn as_json(session: &Session<'_>, device: &SourceDevice) -> Value {
    let connections = device.connections.iter().map(|connection| {
        json!({ "url": connection.uri, "local": connection.local, "relay": connection.relay })
    });
    let access_token =
        device.access_token.as_ref().map(|token| session.output.secret(token.expose()));
    json!({
        "name": device.name, "client_identifier": device.client_identifier, "access_token": access_token,
        "connections": connections.collect::<Vec<_>>(),
    })
}
