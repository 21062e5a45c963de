//! A device with a key of its own: what it keeps and when, how it goes on after a restart, and its renewals.

use std::error::Error;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, SystemTime};

use plex_auth_ureq::flow::{
    DeviceLogin, DeviceLoginProgress, DeviceTokenEnd, DeviceTokenProgress, DeviceTokenRefresher,
};
use plex_auth_ureq::jwt::Ed25519Key;
use plex_auth_ureq::pin::DevicePin;
use plex_auth_ureq::{PlexTv, Token, Transport};

use crate::save::{save, saved, saved_text};

/// The device's key: the one that is kept, or a new one, which is kept before anybody hears of it.
pub(crate) fn device_key(folder: &Path, random: [u8; 32]) -> io::Result<Ed25519Key> {
    let file = folder.join("device-key");
    let Some(seed) = saved(&file)? else {
        save(&file, random)?;
        return Ok(Ed25519Key::from_seed(&random));
    };
    let seed = seed.try_into().map_err(|_| io::Error::other("the kept key is damaged"))?;
    Ok(Ed25519Key::from_seed(&seed))
}

/// Signs in, or goes on with a login that a crash has cut off, and keeps the first token.
pub(crate) fn log_in(
    http: &Transport,
    plex_tv: &PlexTv,
    key: &Ed25519Key,
    folder: &Path,
    mut show: impl FnMut(&DevicePin),
) -> Result<(), Box<dyn Error>> {
    let file = folder.join("device.json");
    let now = SystemTime::now;
    let mut login = match saved_text(&file)? {
        Some(saved) => DeviceLogin::restore(plex_tv.clone(), key, &saved, now())?,
        None => plex_tv.short_device_login(key),
    };
    save(&file, login.save(now()).expose())?;
    // As far as the PIN, which is kept too, and on from there.
    let mut outcome = http.drive_with(&mut login, |progress| match progress {
        DeviceLoginProgress::Waiting { pin, .. } => {
            show(&pin);
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    if outcome.is_none() {
        save(&file, login.save(now()).expose())?;
        outcome = Some(http.drive(&mut login));
    }
    if let Some(linked) = outcome.transpose()? {
        let refresher = plex_tv.device_token_refresher(key, linked.auth_token);
        save(&file, refresher.save().expose())?;
    }
    Ok(())
}

/// Keeps the device's token alive, and each new one before `renewed` hears of it, which can stop it.
pub(crate) fn keep_alive(
    http: &Transport,
    refresher: &mut DeviceTokenRefresher<&Ed25519Key>,
    folder: &Path,
    mut renewed: impl FnMut(&Token) -> ControlFlow<()>,
) -> io::Result<Option<DeviceTokenEnd>> {
    loop {
        let before = refresher.renewals();
        let end = http.drive_with(refresher, |progress| match progress {
            DeviceTokenProgress::Active { renewals, .. } if renewals > before => {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        });
        if end.is_some() {
            return Ok(end);
        }
        save(&folder.join("device.json"), refresher.save().expose())?;
        if refresher.token().is_some_and(|token| renewed(token).is_break()) {
            return Ok(None);
        }
    }
}

/// The refresher of a device that has signed in, as its state says. It can be any number of days old.
pub(crate) fn refresher_of<'a>(
    plex_tv: &PlexTv,
    key: &'a Ed25519Key,
    folder: &Path,
    jitter: Duration,
) -> Result<DeviceTokenRefresher<&'a Ed25519Key>, Box<dyn Error>> {
    let saved = saved_text(&folder.join("device.json"))?.ok_or("this device has not signed in")?;
    Ok(DeviceTokenRefresher::restore(plex_tv.clone(), key, &saved)?.jitter(jitter))
}

// Played at the fake.

use plex_auth_fake::Who;

use crate::harness::{Folder, Harness, Outcome, random};

pub(crate) fn play() -> Outcome {
    let harness = Harness::new();
    let folder = Folder::new("device-key")?;
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);

    let key = device_key(folder.path(), random()?)?;
    assert!(refresher_of(&plex_tv, &key, folder.path(), Duration::ZERO).is_err());
    // The program ended before its first call; it goes on from there.
    let state = plex_tv.short_device_login(&key).save(SystemTime::now());
    save(&folder.path().join("device.json"), state.expose())?;
    log_in(&http, &plex_tv, &key, folder.path(), |pin| {
        let code = pin.short().map(|pin| pin.pin().code.expose().to_owned()).unwrap_or_default();
        println!("{code}, linked at once");
        harness.link(&code, Who::PlexPass);
    })?;

    // The program is started again: the same key, and the token that is kept.
    let again = device_key(folder.path(), random()?)?;
    assert_eq!(again.expose_seed(), key.expose_seed());
    let mut refresher = refresher_of(&plex_tv, &again, folder.path(), Duration::from_secs(1234))?;
    let first = refresher.token().cloned().ok_or("a token is kept")?;
    http.send(plex_tv.ping(&first))?;

    // Somebody says that it is dead.
    refresher.renew_now();
    let end = keep_alive(&http, &mut refresher, folder.path(), |_| ControlFlow::Break(()))?;
    assert!(end.is_none());
    let saved = refresher_of(&plex_tv, &again, folder.path(), Duration::ZERO)?;
    let second = saved.token().ok_or("the new token is kept")?;
    assert_ne!(first.expose(), second.expose());
    let account = http.send(plex_tv.token_details(second))?;
    println!("renewed, and it is {}'s", account.username.as_deref().unwrap_or_default());
    assert_eq!(harness.server.with(|fake| fake.device_keys().count()), 1);
    Ok(())
}
