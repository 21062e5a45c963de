//! `GET {server}/identity`, which requires no token, and `GET {server}/`, which requires one if the
//! server is claimed.

use http::{Response, StatusCode};
use serde_json::json;

use super::{authenticate, container};
use crate::fake::ask::Ask;
use crate::fake::{FakePlex, Which};

pub(crate) fn identity(
    plex: &mut FakePlex,
    which: Which,
    ask: &Ask<'_>,
) -> Result<Response<Vec<u8>>, StatusCode> {
    let server = plex.server(which);
    let body = json!({
        "size": 0, "claimed": server.admin().is_some(), "machineIdentifier": server.machine_identifier(),
        "version": server.version(),
    });
    Ok(container(ask, body))
}

pub(crate) fn root(
    plex: &mut FakePlex,
    which: Which,
    ask: &Ask<'_>,
) -> Result<Response<Vec<u8>>, StatusCode> {
    let server = plex.server(which);
    if server.admin().is_some() {
        authenticate(plex, which, ask)?;
    }
    let username = server.admin().and_then(|admin| plex.account(admin).email());
    let body = json!({
        "size": 0, "friendlyName": server.name(), "machineIdentifier": server.machine_identifier(),
        "version": server.version(), "platform": "Linux", "platformVersion": "6.1",
        "myPlex": server.admin().is_some(), "myPlexUsername": username.unwrap_or_default(),
        "myPlexSigninState": if server.admin().is_some() { "ok" } else { "none" },
    });
    Ok(container(ask, body))
}
