//! `GET https://plex.tv/devices.xml`, which lists the devices of an account, and `DELETE
//! https://plex.tv/devices/{id}.xml`, which removes one.

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{Refusal, authenticate};
use crate::fake::FakePlex;
use crate::fake::ask::Ask;
use crate::fake::devices::Device;
use crate::fake::render::{self, Element};

/// Returns the list as XML, even if JSON is requested.
pub(crate) fn list(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let (_, issued) = authenticate(plex, ask)?;
    let rows: Vec<Value> = plex.devices(issued.who).map(row).collect();
    let members = Map::from_iter([
        ("publicAddress".to_owned(), "203.0.113.45".into()),
        ("Device".to_owned(), Value::Array(rows)),
    ]);
    Ok(render::xml(StatusCode::OK, &Element::media_server("MediaContainer", &members)))
}

fn row(device: &Device) -> Value {
    json!({
        "id": device.id(), "name": device.name(), "product": device.product(),
        "productVersion": device.version(), "platform": device.platform(), "platformVersion": "",
        "device": device.platform(), "model": "", "vendor": "", "provides": "player,controller",
        "clientIdentifier": device.client_identifier(), "version": device.version(),
        "publicAddress": "203.0.113.45", "token": device.token(), "createdAt": device.created_at(),
        "lastSeenAt": device.last_seen_at(), "Connection": [{ "uri": "http://192.168.7.20:8324" }],
    })
}

pub(crate) fn remove(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    captured: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let (_, issued) = authenticate(plex, ask)?;
    let file = captured.first().copied().unwrap_or_default();
    let id: u64 =
        file.strip_suffix(".xml").and_then(|id| id.parse().ok()).ok_or(Refusal::NO_ENDPOINT)?;
    let identifier = plex
        .devices(issued.who)
        .find(|device| device.id() == id)
        .map(|device| device.client_identifier().to_owned())
        .ok_or(Refusal::NO_ENDPOINT)?;
    plex.remove_device_of(issued.who, &identifier);
    Ok(render::nothing(StatusCode::NO_CONTENT))
}
