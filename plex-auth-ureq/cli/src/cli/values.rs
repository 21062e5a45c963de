//! Validation of option values. Errors do not quote a value, because it may contain a secret. The
//! only exception is the suggested correction of a URL, which leaves out the user info, query and
//! fragment.

use std::ffi::OsStr;
use std::time::Duration;

use plex_auth_ureq::{ClientIdentity, ServerUrl};

pub(super) fn profile(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > 64 || text.chars().any(char::is_control) {
        return Err("a profile name must have 1 to 64 bytes and no control characters".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.1..=3600.0).contains(seconds));
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "must be from 0.1 to 3600 seconds".to_owned())
}

pub(super) fn device_number(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| "use the number of a device, as shown by `devices`".to_owned())
}

const NOT_A_SWITCH: &str = "set its environment variable to 1 (on) or 0 (off)";

/// Parses the value of a flag's variable. A value that means neither on nor off is an error.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    switched(text).ok_or_else(|| NOT_A_SWITCH.to_owned())
}

/// Does the same as [`switch`] for a variable whose name suggests that it contains a secret, such
/// as `PLEX_AUTH_TOKEN` for `login --token`. The error explains that secrets are not read from
/// variables.
pub(super) fn secret_switch(text: &str) -> Result<bool, String> {
    let refused = || format!("{NOT_A_SWITCH}; secrets are not read from variables");
    switched(text).ok_or_else(refused)
}

/// Returns whether the value of a flag's variable means on or off, or `None` for any other value.
fn switched(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" | "t" => Some(true),
        "" | "0" | "false" | "no" | "off" | "n" | "f" => Some(false),
        _ => None,
    }
}

/// Returns whether this value of a flag's variable turns the flag off.
pub(crate) fn is_no(value: &OsStr) -> bool {
    value.to_str().and_then(switched) == Some(false)
}

pub(super) fn device_identifier(text: &str) -> Result<String, String> {
    let identity = ClientIdentity::builder(text).build().map_err(|error| error.to_string())?;
    Ok(identity.identifier().to_owned())
}

pub(super) fn device_name(text: &str) -> Result<String, String> {
    let identity = ClientIdentity::builder("any").device_name(text).build();
    identity.map_err(|error| error.to_string())?;
    Ok(text.trim().to_owned())
}

/// The path of Plex's API.
const API: &str = "/api/v2";

/// Parses the URL in `--plex-tv`, and adds the API's path if the URL has no path. A URL on one of
/// Plex's own hosts is refused unless it is exactly right, because a mistake in it would look like
/// a failure at Plex.
pub(super) fn plex_tv(text: &str) -> Result<ServerUrl, String> {
    let url = text.parse::<ServerUrl>().map_err(|error| {
        // A suggested URL must not be refused in turn.
        let refused = error.corrected().and_then(|url| plex_tv(url).err());
        refused.unwrap_or_else(|| error.to_string())
    })?;
    let text = url.to_string();
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.to_ascii_lowercase();
    let name = host.split(':').next().unwrap_or_default();
    let is_plex = name == "plex.tv" || name.ends_with(".plex.tv");
    let is_right = scheme == "https"
        && matches!(host.as_str(), "plex.tv" | "plex.tv:443" | "clients.plex.tv")
        && matches!(path, "" | API);
    if is_plex && !is_right {
        return Err(format!("Plex's own API is at {}", ServerUrl::plex_tv()));
    }
    if path.is_empty() {
        return format!("{text}{API}").parse().map_err(|error| format!("{error}"));
    }
    Ok(url)
}
