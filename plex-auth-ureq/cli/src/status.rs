//! `plex-auth status`: shows what is saved about the profile. Sends no request.

use std::time::SystemTime;

use plex_auth_ureq::ServerUrl;
use plex_auth_ureq::jwt::PlexJwt;
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::output::{date, plain, table};
use crate::session::Session;
use crate::session::device::saved_expiry;

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let state = session.store.read()?;
    let name = &session.options.profile;
    let profile = state.profile(name)?.ok_or_else(|| session.not_signed_in())?;
    let expires_at = match profile.by_device_key {
        true => saved_expiry(session, &state),
        false => PlexJwt::unverified(&profile.token).ok().map(|jwt| jwt.expires_at),
    };
    let device = state.device(name)?.filter(|_| profile.by_device_key);
    let identifier = device.map(|device| device.client_identifier().to_owned());
    let identifier = identifier.or_else(|| profile.client_identifier.clone());
    let identifier = match identifier.or_else(|| session.options.client_identifier.clone()) {
        Some(identifier) => Some(identifier),
        None => session.store.read_identifier()?,
    };
    let url = profile.plex_tv.clone().unwrap_or_else(ServerUrl::plex_tv).to_string();
    let until = match expires_at {
        Some(at) if profile.by_device_key => {
            format!("{}, renewed when it is used", date::day(at))
        }
        Some(at) if at <= SystemTime::now().into() => format!("{}, already expired", date::day(at)),
        Some(at) => date::day(at),
        None if profile.by_device_key => "unknown; renewed when it is used".to_owned(),
        None => "never, unless it is revoked or unused for weeks".to_owned(),
    };
    let method = match profile.method() {
        "token" if profile.pasted => "a token from `login --token`",
        "token" => "a token",
        _ => "a device key",
    };
    let account = profile.name.as_deref().unwrap_or("unknown; see `plex-auth whoami`");
    let rows = [
        ("Profile", plain(name)),
        ("Account", plain(account)),
        ("Signed in", format!("with {method}")),
        ("Expires", until),
        ("plex.tv", plain(&url)),
        ("Device", plain(identifier.as_deref().unwrap_or("no identifier yet"))),
        ("State", plain(&session.store.location())),
    ];
    let json = json!({
        "profile": name, "name": profile.name, "uuid": profile.uuid, "signed_in_with": profile.method(),
        "pasted": profile.pasted, "expires_at": expires_at.map(|at| at.0), "plex_tv": url,
        "client_identifier": identifier, "device_name": session.device_name(),
        "state_dir": session.store.location(),
    });
    session.output.result(&table(&rows), &json)?;
    Ok(Exit::Done)
}
