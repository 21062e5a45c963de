//! `plex-auth devices`: lists the account's devices, or removes one.

use plex_auth_ureq::UnixSeconds;
use plex_auth_ureq::device::{Device, DeviceId};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::hint::Hint;
use crate::output::{date, plain};
use crate::session::{ActiveProfile, Session};

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let own = plex_tv.identity().identifier();
    let list = session.send(plex_tv.devices(&token))?.devices;
    let text: String = list.iter().map(|device| as_text(device, own)).collect();
    let text = if text.is_empty() { "The account has no devices.\n".to_owned() } else { text };
    let devices: Vec<_> = list.iter().map(|device| as_json(device, own)).collect();
    let json = json!({ "profile": session.options.profile, "devices": devices });
    session.output.result(&text, &json)?;
    Ok(Exit::Done)
}

pub(crate) fn remove(session: &Session<'_>, id: u64) -> Result<Exit, Failure> {
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let own = plex_tv.identity().identifier();
    let list = session.send(plex_tv.devices(&token))?.devices;
    let device = list.iter().find(|device| device.id == Some(DeviceId(id))).ok_or_else(|| {
        Failure::usage(format!("the account has no device with the number {id}"))
            .likely("The device has already been removed, or the number is wrong.")
            .next("List the devices and their numbers: {devices}")
    })?;
    if is_own(device, own) {
        return Err(Failure::usage(format!(
            "device {id} is this device, which `devices remove` does not remove"
        ))
        .likely("The number is wrong, or you want to sign out. Removing this device would revoke the token in use.")
        .next(Hint::from("Sign out instead: {logout}")));
    }
    session.send(plex_tv.remove_device(&token, DeviceId(id)))?;
    let name = plain(device.name.as_deref().unwrap_or("unnamed"));
    let json = json!({ "profile": session.options.profile, "id": id, "removed": true });
    session.output.confirmation(&format!("Removed device {id} ({name}).\n"), &json)?;
    Ok(Exit::Done)
}

fn is_own(device: &Device, own: &str) -> bool {
    device.client_identifier.as_deref() == Some(own)
}

fn as_text(device: &Device, own: &str) -> String {
    let id = device.id.map_or_else(|| "?".to_owned(), |id| id.to_string());
    let name = device.name.as_deref().unwrap_or("unnamed");
    let mark = if is_own(device, own) { " (this device)" } else { "" };
    let Device { product, product_version, platform, .. } = device;
    let product = [product, product_version].into_iter().flatten().cloned().collect::<Vec<_>>();
    let platform = platform.as_ref().map(|platform| format!("on {platform}"));
    let seen = device.last_seen_at.map(|seen| format!("last seen {}", date::day(seen)));
    let facts = [Some(product.join(" ")), platform, seen].into_iter().flatten();
    let facts: Vec<_> = facts.filter(|fact| !fact.is_empty()).collect();
    let facts = plain(&facts.join(", "));
    let facts = if facts.is_empty() { facts } else { format!("  {facts}\n") };
    format!("{id}  {}{mark}\n{facts}", plain(name))
}

fn as_json(device: &Device, own: &str) -> Value {
    let seconds = |time: Option<UnixSeconds>| time.map(|time| time.0);
    json!({
        "id": device.id.map(|id| id.0), "name": device.name, "product": device.product,
        "version": device.product_version, "platform": device.platform, "device": device.device,
        "client_identifier": device.client_identifier, "created_at": seconds(device.created_at),
        "last_seen_at": seconds(device.last_seen_at), "this_device": is_own(device, own),
    })
}
