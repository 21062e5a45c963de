//! The token of a device that signs in with its key: the saved one, or a new one if renewal is due.

use std::time::SystemTime;

use plex_auth_ureq::flow::{Action, Completion, DeviceTokenProgress, DeviceTokenRefresher};
use plex_auth_ureq::jwt::Ed25519Key;
use plex_auth_ureq::{Flow, PlexTv, Step, Token};

use super::{ActiveProfile, Session, identity, plex_tv};
use crate::explain;
use crate::failure::{Exit, Failure};
use crate::output::{note, plain};
use crate::state::State;
use crate::state::device::Device;

/// Mostly nothing is due, and then nothing is written either: a folder that can be read is enough.
pub(super) fn signed_in(session: &Session<'_>) -> Result<ActiveProfile, Failure> {
    let mut state = session.store.read()?;
    let (plex_tv, mut refresher) = refresher(session, &mut state)?;
    let is_due = !matches!(refresher.poll(session.http.now()), Step::Wait(_));
    let as_saved = || {
        let profile = state.profiles.remove(&session.options.profile);
        let profile = profile.ok_or_else(|| session.nobody())?;
        Ok(ActiveProfile { plex_tv, token: token(session, &refresher)?, profile })
    };
    if !is_due {
        return as_saved();
    }
    // With the lock held, so that of several processes one renews the token, and the others find it renewed.
    let renewed = session.store.change(|state| {
        let (plex_tv, mut refresher) = self::refresher(session, state)?;
        renew(session, &mut refresher)?;
        let token = token(session, &refresher)?;
        let (profile, device) = saved(session, state)?;
        if refresher.renewals() > 0 {
            *device = device.clone().with_saved(refresher.save());
        }
        profile.token = token.clone();
        Ok(ActiveProfile { plex_tv, token, profile: profile.clone() })
    });
    match renewed {
        // If nothing can be saved, the current token is used until it expires: it is renewed a day ahead.
        Err(failure) if failure.exit() == Exit::Machine && is_good(session, &refresher) => {
            note(&format!("warning: the token could not be renewed: {}", plain(&failure.what)));
            as_saved()
        }
        renewed => renewed,
    }
}

/// Whether it has a token whose end is still to come, as far as this machine's clock tells.
fn is_good(session: &Session<'_>, refresher: &DeviceTokenRefresher<Ed25519Key>) -> bool {
    match refresher.progress(session.http.now()) {
        DeviceTokenProgress::Active { expires_at, .. } => {
            expires_at.is_none_or(|expires_at| expires_at > SystemTime::now().into())
        }
        _ => false,
    }
}

/// Returns the saved profile and device.
fn saved<'s>(
    session: &Session<'_>,
    state: &'s mut State,
) -> Result<(&'s mut crate::state::profile::Profile, &'s mut Device), Failure> {
    let name = &session.options.profile;
    let saved = state.profiles.get_mut(name).zip(state.devices.get_mut(name));
    saved.ok_or_else(|| session.nobody())
}

/// Restores what renews the token.
fn refresher(
    session: &Session<'_>,
    state: &mut State,
) -> Result<(PlexTv, DeviceTokenRefresher<Ed25519Key>), Failure> {
    let (profile, device) = saved(session, state)?;
    let url = session.options.plex_tv.as_ref().or(profile.plex_tv.as_ref());
    let plex_tv = plex_tv(identity(&device.client_identifier)?, url);
    let saved = device.saved.as_ref().ok_or_else(|| session.nobody())?;
    let refresher = DeviceTokenRefresher::restore(plex_tv.clone(), device.key(), saved.expose());
    let refresher = refresher
        .map_err(|error| Failure::machine(format!("the device's state cannot be used: {error}")))?;
    Ok((plex_tv, refresher))
}

/// Lets it do what is due. What does not work now is tried at the next run.
fn renew(
    session: &Session<'_>,
    refresher: &mut DeviceTokenRefresher<Ed25519Key>,
) -> Result<(), Failure> {
    send_due(session, refresher).map_or(Ok(()), |end| Err(explain::device_token_end(&end)))
}

/// Sends the requests of a flow that are due now. Returns the output if the flow ends with that.
fn send_due<F: Flow>(session: &Session<'_>, flow: &mut F) -> Option<F::Output> {
    let now = || session.http.now();
    loop {
        match flow.poll(now()) {
            Step::Do(id, Action::Send(outgoing)) => {
                let completion = session.http.fetch(outgoing).into();
                flow.complete(now(), id, completion);
            }
            Step::Do(id, _) => flow.complete(now(), id, Completion::Unsupported),
            Step::Wait(_) | Step::Finished => return None,
            Step::Done(output) => return Some(output),
        }
    }
}

/// The token that it has now.
fn token(
    session: &Session<'_>,
    refresher: &DeviceTokenRefresher<Ed25519Key>,
) -> Result<Token, Failure> {
    match refresher.progress(session.http.now()) {
        DeviceTokenProgress::Active { token, last_error: None, .. } => Ok(token),
        DeviceTokenProgress::Active { token, last_error: Some(last_error), .. }
            if is_good(session, refresher) =>
        {
            note(&format!("warning: the token could not be renewed: {last_error}"));
            Ok(token)
        }
        DeviceTokenProgress::Active { last_error: Some(last_error), .. }
        | DeviceTokenProgress::Requesting { last_error: Some(last_error), .. } => {
            Err(Failure::new(Exit::Unknown, last_error).next("Try again in a while."))
        }
        _ => Err(Failure::new(Exit::Unknown, "the device has no token yet").next("Try again.")),
    }
}
