//! Answers by hand: the status is looked at, then the body is read into a strict struct.
#![allow(dead_code, reason = "read by nobody here")]

use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The longest answer that is read.
const LIMIT: usize = 1024 * 1024;

#[derive(Debug)]
pub(crate) enum Failure {
    Refused { status: StatusCode, errors: Vec<PlexError>, retry_after: Option<u64> },
    Redirected { status: StatusCode, to: Option<String> },
    TooLarge,
    NotAsExpected(serde_json::Error),
}

#[derive(Debug, Deserialize)]
pub(crate) struct PlexError {
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) status: u16,
}

#[derive(Debug, Default, Deserialize)]
struct Errors {
    errors: Vec<PlexError>,
}

pub(crate) fn read<T: DeserializeOwned>(answer: &Response<impl AsRef<[u8]>>) -> Result<T, Failure> {
    let body = answer.body().as_ref();
    if !answer.status().is_success() {
        return Err(refused(answer.status(), answer.headers(), body));
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
    // What is no list of Plex's says nothing.
    let Errors { errors } = serde_json::from_slice(body).unwrap_or_default();
    let retry_after = text(RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
    Failure::Refused { status, errors, retry_after }
}

#[derive(Debug, Deserialize)]
pub(crate) struct TransientToken {
    #[serde(rename = "MediaContainer")]
    pub(crate) container: TokenContainer,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TokenContainer {
    pub(crate) token: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Source {
    #[serde(rename = "MediaContainer")]
    pub(crate) container: DeviceContainer,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DeviceContainer {
    #[serde(rename = "Device")]
    pub(crate) devices: Vec<Device>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    pub(crate) name: Option<String>,
    pub(crate) client_identifier: Option<String>,
    pub(crate) access_token: Option<String>,
    #[serde(rename = "Connection")]
    pub(crate) connections: Vec<Connection>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Connection {
    pub(crate) protocol: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) uri: Option<String>,
    pub(crate) local: Option<bool>,
    pub(crate) relay: Option<bool>,
}
