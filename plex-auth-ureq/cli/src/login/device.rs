//! Signing in with a code and a device key. After that, the key renews the token without involving
//! the user.

use plex_auth_ureq::PlexTv;
use plex_auth_ureq::flow::{DeviceLoginError, DeviceLoginProgress, LinkedDevice};
use plex_auth_ureq::jwt::Ed25519Key;

use super::save::{self, SignIn};
use super::waiting::{Waiting, again};
use crate::cli::LoginMethod;
use crate::explain;
use crate::failure::{Exit, Failure};
use crate::session::{self, Session};
use crate::state::device::Device;
use crate::state::profile::Profile;

pub(super) fn run(session: &Session<'_>, method: &LoginMethod) -> Result<Exit, Failure> {
    let name = &session.options.profile;
    // The device is saved before its key is sent to Plex. A saved one is used again, because Plex
    // would list a new one as another device.
    let device = session.store.change(|state| match state.device(name)? {
        // A key belongs to the account that it was registered with, and cannot be used for another.
        Some(device) if method.replace && device.saved().is_some() => Err(Failure::usage(format!(
            "the profile \"{name}\" has a device key, which cannot be used for another account"
        ))
        .likely("The key is registered with the account that the profile belongs to.")
        .next("Sign out: {logout}, then sign in again: {login --device-key}")),
        Some(device) => Ok(device.clone()),
        None => {
            let device = Device::new()?;
            state.set_device(name, device.clone());
            Ok(device)
        }
    })?;
    let identity = session.identity_of(device.client_identifier())?;
    let plex_tv = session::plex_tv(identity, session.plex_tv_url()?.as_ref());
    let key = device.key();
    let new = |token| Profile::new(token, session::url_to_save(&plex_tv));
    match link(session, &plex_tv, &key, method)? {
        LinkedDevice::Registered(linked) => {
            let refresher = plex_tv.device_token_refresher(&key, linked.auth_token.clone());
            let profile = Profile { by_device_key: true, ..new(linked.auth_token) };
            let device = device.with_saved(refresher.save());
            let sign_in = SignIn::issued(profile, method).with_device(device);
            save::unidentified(session, &plex_tv, sign_in)
        }
        LinkedDevice::NotRegistered(linked) => {
            // Plex issued the token to the device's identifier, so it must be used and signed out
            // with that identifier.
            let client_identifier = Some(device.client_identifier().to_owned());
            let profile = Profile { client_identifier, ..new(linked.auth_token) };
            save::unidentified(session, &plex_tv, SignIn::issued(profile, method).unreported())?;
            Err(explain::key_not_registered())
        }
    }
}

fn link(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    key: &Ed25519Key,
    method: &LoginMethod,
) -> Result<LinkedDevice, Failure> {
    let login = if method.open {
        plex_tv.device_hosted_page_login(key)
    } else {
        plex_tv.device_link_code_login(key)
    };
    let mut login = login.create_timeout(session.timeout());
    loop {
        let mut waiting = Waiting::new(session, plex_tv, method);
        let outcome = session.drive_silently(&mut login, |login, now| match login.progress(now) {
            DeviceLoginProgress::Waiting { pin, left, last_error, .. } => {
                waiting.show(&pin, plex_tv, left, last_error.as_ref());
            }
            DeviceLoginProgress::Creating { last_error, .. } => {
                waiting.creating(last_error.as_ref());
            }
            DeviceLoginProgress::Exchanging => waiting.say("Getting a token with the key"),
            _ => {}
        });
        drop(waiting);
        match outcome? {
            Ok(linked) => return Ok(linked),
            Err(DeviceLoginError::Expired) if again(session, method)? => login.renew(),
            Err(error) => {
                remove_unknown_device(session, &error)?;
                return Err(explain::device_login(&error, session.asked()));
            }
        }
    }
}

/// Removes the saved device if Plex no longer accepts it. The next login then creates a new one.
fn remove_unknown_device(session: &Session<'_>, error: &DeviceLoginError) -> Result<(), Failure> {
    if !matches!(error, DeviceLoginError::Failed(error) if error.needs_new_device_key()) {
        return Ok(());
    }
    session.store.change(|state| {
        state.remove_device(&session.options.profile);
        Ok(())
    })
}
