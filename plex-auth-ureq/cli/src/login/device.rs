//! Signing in by a code that brings a key along: the token is renewed by it, with nobody there.

use plex_auth_ureq::PlexTv;
use plex_auth_ureq::flow::{DeviceLoginError, DeviceLoginProgress, LinkedDevice, LoginPin};
use plex_auth_ureq::jwt::Ed25519Key;

use super::save::{save_then_identify, save_unidentified};
use super::waiting::{CREATE_TIMEOUT, Waiting, again};
use crate::explain;
use crate::failure::{Exit, Failure};
use crate::session::{self, Session};
use crate::state::device::Device;
use crate::state::profile::Profile;

pub(super) fn run(session: &Session<'_>, renew: bool) -> Result<Exit, Failure> {
    let name = &session.options.profile;
    // Saved before it is sent to Plex. An existing one is used again, because to Plex a new one is a new device.
    let device = session.store.change(|state| match state.devices.get(name) {
        Some(device) => Ok(device.clone()),
        None => Ok(state.devices.entry(name.clone()).or_insert(Device::new()?).clone()),
    })?;
    let identity = session::identity(&device.client_identifier)?;
    let plex_tv = session::plex_tv(identity, session.options.plex_tv.as_ref());
    let key = device.key();
    let new = |token| Profile::new(token, session.options.plex_tv.clone());
    let linked = match link(session, &plex_tv, &key, renew)? {
        LinkedDevice::Registered(linked) => linked,
        LinkedDevice::NotRegistered(linked) => {
            // Plex issued the token to the device's identifier, so it is used and signed out with that.
            let client_identifier = Some(device.client_identifier);
            let profile = Profile { client_identifier, ..new(linked.auth_token) };
            save_unidentified(session, profile)?;
            return Err(explain::key_not_registered());
        }
    };

    let refresher = plex_tv.device_token_refresher(&key, linked.auth_token.clone());
    session.store.change(|state| {
        Ok(state.devices.insert(name.clone(), device.with_saved(refresher.save())))
    })?;
    let profile = Profile { by_device_key: true, ..new(linked.auth_token) };
    save_then_identify(session, &plex_tv, profile)
}

fn link(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    key: &Ed25519Key,
    renew: bool,
) -> Result<LinkedDevice, Failure> {
    let mut login = plex_tv.device_link_code_login(key).create_timeout(CREATE_TIMEOUT);
    loop {
        let mut waiting = Waiting::new(session);
        let outcome = session.drive(&mut login, |login, now| match login.progress(now) {
            DeviceLoginProgress::Waiting { pin: LoginPin::Code(pin), left, .. } => {
                waiting.show(&pin, plex_tv, left);
            }
            DeviceLoginProgress::Creating { .. } => waiting.say("Asking Plex for a code"),
            DeviceLoginProgress::Exchanging => waiting.say("Asking Plex for a token by the key"),
            _ => {}
        });
        drop(waiting);
        match outcome? {
            Ok(linked) => return Ok(linked),
            Err(DeviceLoginError::Expired) if again(session, renew)? => login.renew(),
            Err(error) => {
                forget_where_unknown(session, &error)?;
                return Err(explain::device_login(&error));
            }
        }
    }
}

/// A device that Plex has removed is of no use any more: the next login makes another one.
fn forget_where_unknown(session: &Session<'_>, error: &DeviceLoginError) -> Result<(), Failure> {
    if !matches!(error, DeviceLoginError::Failed(error) if error.needs_new_device_key()) {
        return Ok(());
    }
    session.store.change(|state| {
        state.devices.remove(&session.options.profile);
        Ok(())
    })
}
