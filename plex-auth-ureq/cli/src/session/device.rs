//! The token for a profile with a device key: the saved one, or a new one if renewal is due.

use std::time::SystemTime;

use plex_auth_ureq::flow::{
    Action, Completion, DeviceTokenProgress, DeviceTokenRefresher, InvalidSavedState,
};
use plex_auth_ureq::jwt::Ed25519Key;
use plex_auth_ureq::{Flow, PlexTv, Step, Token, UnixSeconds};

use super::{ActiveProfile, Session, host, plex_tv};
use crate::explain;
use crate::failure::{Exit, Failure};
use crate::output::warning;
use crate::state::State;
use crate::state::device::Device;
use crate::state::profile::Profile;
use crate::waiting::SlowNotice;

type Refresher = DeviceTokenRefresher<Ed25519Key>;

/// Returns the sign-in of a profile with a device key, and renews the token if renewal is due.
/// Otherwise, nothing is written, and read access to the folder is enough.
pub(super) fn signed_in(session: &Session<'_>, state: &State) -> Result<ActiveProfile, Failure> {
    let (plex_tv, refresher) = refresher(session, state)?;
    if !is_due(session, state)? {
        let token = token(session, &refresher)?;
        return Ok(ActiveProfile { plex_tv, token, profile: saved(session, state)?.0.clone() });
    }
    // If several processes need the token at once, one renews it, and the others use the renewed
    // one. Without a lock, as on a read-only file system, the current token is used until it
    // expires, and then each process renews it.
    let lock = session.store.lock_renewal(&session.options.profile);
    if let (Err(failure), Some(token)) = (&lock, unexpired(session, &refresher)) {
        warning(&format!("the token could not be renewed: {}", failure.what()));
        return Ok(ActiveProfile { plex_tv, token, profile: saved(session, state)?.0.clone() });
    }
    let state = &session.store.read()?;
    let (plex_tv, mut refresher) = self::refresher(session, state)?;
    let (profile, device) = saved(session, state)?;
    let mut profile = profile.clone();
    if is_due(session, state)? {
        renew(session, &plex_tv, &mut refresher)?;
        profile.token = token(session, &refresher)?;
        if refresher.renewals() > 0 {
            let is_saved = lock.and_then(|_lock| save(session, &profile, device, &refresher));
            if let Err(failure) = is_saved {
                let cause = failure.what();
                warning(&format!("the token was renewed, but could not be saved: {cause}"));
            }
        }
    }
    let token = token_now(session, &refresher)?;
    Ok(ActiveProfile { plex_tv, token, profile })
}

/// Saves a renewed token, unless the device was replaced or the profile was removed in the
/// meantime.
fn save(
    session: &Session<'_>,
    profile: &Profile,
    device: &Device,
    refresher: &Refresher,
) -> Result<(), Failure> {
    let name = &session.options.profile;
    session.store.change(|state| {
        let now = state.device(name)?.map(Device::client_identifier);
        if now == Some(device.client_identifier()) && state.profile(name)?.is_some() {
            state.set_device(name, device.clone().with_saved(refresher.save()));
            state.set_profile(name, profile.clone());
        }
        Ok(())
    })
}

/// Returns when the saved device token expires, if that is known.
pub(crate) fn saved_expiry(session: &Session<'_>, state: &State) -> Option<UnixSeconds> {
    let (_, refresher) = refresher(session, state).ok()?;
    match refresher.progress(session.now()) {
        DeviceTokenProgress::Active { expires_at, .. } => expires_at,
        _ => None,
    }
}

/// Returns whether a renewal is due. Polls a separate flow and drops it, because polling may return
/// a request, which is not sent here.
fn is_due(session: &Session<'_>, state: &State) -> Result<bool, Failure> {
    let (_, mut refresher) = refresher(session, state)?;
    Ok(!matches!(refresher.poll(session.now()), Step::Wait(_)))
}

/// Returns the saved profile and device.
fn saved<'s>(
    session: &Session<'_>,
    state: &'s State,
) -> Result<(&'s Profile, &'s Device), Failure> {
    let name = &session.options.profile;
    let saved = state.profile(name)?.zip(state.device(name)?);
    saved.ok_or_else(|| {
        session
            .not_signed_in()
            .likely("The profile's device key was deleted.")
            .next("Sign in again: {login --device-key}")
    })
}

/// Restores the flow that renews the token.
fn refresher(session: &Session<'_>, state: &State) -> Result<(PlexTv, Refresher), Failure> {
    let (profile, device) = saved(session, state)?;
    let url = session.url_of(profile)?;
    let plex_tv = plex_tv(session.identity_of(device.client_identifier())?, url.as_ref());
    let saved = device.saved().ok_or_else(|| session.not_signed_in())?;
    let refresher = DeviceTokenRefresher::restore(plex_tv.clone(), device.key(), saved.expose());
    let refresher = refresher.map_err(|error| match error {
        InvalidSavedState::NewerFormat => {
            Failure::machine("the saved device key was written by a newer version of plex-auth")
                .likely("Two versions of the tool are using the same folder.")
                .next("Use the newer version, or another folder: --state-dir DIR")
        }
        _ => Failure::machine("the saved device key cannot be used")
            .likely("It was saved for another plex.tv URL, or another program changed it.")
            .next("Sign in again: {login --device-key}"),
    })?;
    Ok((plex_tv, refresher))
}

/// Sends the requests that are due. If a request fails, the next run tries again.
fn renew(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    refresher: &mut Refresher,
) -> Result<(), Failure> {
    let _notice = SlowNotice::new(format!("{} to renew the token", host(plex_tv)));
    send_due(session, refresher).map_or(Ok(()), |end| Err(explain::device_token_end(&end)))
}

/// Sends the requests of a flow that are due now. Returns the output if that ends the flow.
fn send_due<F: Flow>(session: &Session<'_>, flow: &mut F) -> Option<F::Output> {
    loop {
        match flow.poll(session.now()) {
            Step::Do(id, Action::Send(outgoing)) => {
                let completion = session.http.fetch(outgoing).into();
                flow.complete(session.now(), id, completion);
            }
            Step::Do(id, _) => flow.complete(session.now(), id, Completion::Unsupported),
            Step::Wait(_) | Step::Finished => return None,
            Step::Done(output) => return Some(output),
        }
    }
}

/// Returns the current token if its expiry is known and, according to this computer's clock, still
/// in the future.
fn unexpired(session: &Session<'_>, refresher: &Refresher) -> Option<Token> {
    match refresher.progress(session.now()) {
        DeviceTokenProgress::Active { token, expires_at: Some(expires_at), .. } => {
            (expires_at > SystemTime::now().into()).then_some(token)
        }
        _ => None,
    }
}

/// Returns the current token without a warning about a failed renewal.
fn token_now(session: &Session<'_>, refresher: &Refresher) -> Result<Token, Failure> {
    match refresher.progress(session.now()) {
        DeviceTokenProgress::Active { token, .. } => Ok(token),
        _ => token(session, refresher),
    }
}

/// Returns the current token. If its renewal failed, prints a warning, but still returns the token
/// until it expires, usually a day after the renewal was due.
fn token(session: &Session<'_>, refresher: &Refresher) -> Result<Token, Failure> {
    match refresher.progress(session.now()) {
        DeviceTokenProgress::Active { token, last_error: None, .. } => Ok(token),
        DeviceTokenProgress::Active { token, last_error: Some(error), expires_at, .. }
            if expires_at.is_none_or(|expires_at| expires_at > SystemTime::now().into()) =>
        {
            warning(&format!("the token could not be renewed: {error:#}"));
            Ok(token)
        }
        DeviceTokenProgress::Active { last_error: Some(error), .. }
        | DeviceTokenProgress::Requesting { last_error: Some(error), .. } => {
            Err(explain::renewal(&error, session.asked()))
        }
        _ => Err(Failure::new(Exit::Unknown, "the device has no token yet")
            .likely("The last login with a device key was not completed.")
            .next("Sign in again: {login --device-key}")),
    }
}
