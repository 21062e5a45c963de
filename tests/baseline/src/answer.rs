//! Hand-written response handling: checks the status and parses the body into a strict struct.

use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The maximum length of a successful response's body, in bytes.
const LIMIT: usize = 1024 * 1024;

#[derive(Debug)]
pub enum Failure {
    Refused { status: StatusCode, errors: Vec<PlexError>, retry_after: Option<u64> },
    Redirected { status: StatusCode, to: Option<String> },
    TooLarge,
    NotAsExpected(serde_json::Error),
}

#[derive(Debug, Deserialize)]
pub struct PlexError {
    pub code: u32,
    pub message: String,
    pub status: u16,
}

#[derive(Debug, Default, Deserialize)]
struct Errors {
    errors: Vec<PlexError>,
}

pub fn read<T: DeserializeOwned>(response: &Response<impl AsRef<[u8]>>) -> Result<T, Failure> {
    let body = response.body().as_ref();
    if !response.status().is_success() {
        return Err(refused(response.status(), response.headers(), body));
    }
    if body.len() > LIMIT {
        return Err(Failure::TooLarge);
    }
    serde_json::from_slice(body).map_err(Failure::NotAsExpected)
}

fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let text = |name| headers.get(name)?.to_str().ok();
    if status.is_redirection() {
        return Failure::Redirected { status, to: text(LOCATION).map(str::to_owned) };
    }
    // If the body is not Plex's list of errors, `errors` is empty.
    let Errors { errors } = serde_json::from_slice(body).unwrap_or_default();
    let retry_after = text(RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
    Failure::Refused { status, errors, retry_after }
}

#[derive(Debug, Deserialize)]
pub struct TransientToken {
    #[serde(rename = "MediaContainer")]
    pub container: TokenContainer,
}

#[derive(Debug, Deserialize)]
pub struct TokenContainer {
    pub token: String,
}

#[derive(Debug, Deserialize)]
pub struct Source {
    #[serde(rename = "MediaContainer")]
    pub container: DeviceContainer,
}

#[derive(Debug, Deserialize)]
pub struct DeviceContainer {
    #[serde(rename = "Device")]
    pub devices: Vec<Device>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    pub name: Option<String>,
    pub client_identifier: Option<String>,
    pub access_token: Option<String>,
    #[serde(rename = "Connection")]
    pub connections: Vec<Connection>,
}

#[derive(Debug, Deserialize)]
pub struct Connection {
    pub protocol: Option<String>,
    pub address: Option<String>,
    pub port: Option<u16>,
    pub uri: Option<String>,
    pub local: Option<bool>,
    pub relay: Option<bool>,
}
