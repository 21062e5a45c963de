//! Signs in once with a device key, and renews the token unattended.
//!
//! Use this for a service without a screen. The order matters: save the key before Plex receives
//! it, and save each new token before it is used. At each start, call `refresher_of`; if it returns
//! an error or a refresher without a token, call `log_in`.
//!
//! Media servers do not accept these tokens: use the token to request the list of `resources` from
//! plex.tv, and send each server that is shared with the account its own token from that list. For
//! the account's own servers, the list may contain only the device's token; the docs of `Token` say
//! which one to use. Give the device its own client identifier, because Plex reportedly refuses
//! other logins under the identifier of a device that has a key.

use std::error::Error;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use plex_auth_ureq::flow::{
    DeviceLogin, DeviceTokenEnd, DeviceTokenRefresher, DriverEvent, LinkedDevice, LoginPin,
};
use plex_auth_ureq::jwt::Ed25519Key;
use plex_auth_ureq::{PlexTv, Token, Transport};

use crate::save::{save, saved, saved_text};

/// Returns the device's saved key. If no key is saved, saves and returns a new one.
pub(crate) fn device_key(folder: &Path, random: [u8; 32]) -> io::Result<Ed25519Key> {
    let file = folder.join("device-key");
    let Some(seed) = saved(&file)? else {
        save(&file, random)?;
        return Ok(Ed25519Key::from_seed(&random));
    };
    let seed = seed.try_into().map_err(|_| io::Error::other("the saved key is damaged"))?;
    Ok(Ed25519Key::from_seed(&seed))
}

/// Signs in, or continues a login that a crash interrupted, and saves the first token. To sign in
/// again later, delete `device.json` first.
pub(crate) fn log_in(
    http: &Transport,
    plex_tv: &PlexTv,
    key: &Ed25519Key,
    folder: &Path,
    mut show: impl FnMut(&LoginPin),
) -> Result<(), Box<dyn Error>> {
    let file = folder.join("device.json");
    let login = match saved_text(&file)? {
        Some(saved) => DeviceLogin::restore(plex_tv.clone(), key, &saved, http.now())?,
        None => plex_tv.device_link_code_login(key),
    };
    save(&file, login.save(http.now()).expose())?;
    let mut driver = http.driver(login);
    let mut is_shown = false;
    let linked = loop {
        if let DriverEvent::Done(outcome) = driver.step() {
            break outcome?;
        }
        if let (Some(pin), false) = (driver.flow().pin(), is_shown) {
            // The PIN is part of the state. Save it before the user can link it.
            save(&file, driver.flow().save(driver.now()).expose())?;
            show(pin);
            is_shown = true;
        }
    };
    match linked {
        LinkedDevice::Registered(linked) => {
            let refresher = plex_tv.device_token_refresher(key, linked.auth_token);
            Ok(save(&file, refresher.save().expose())?)
        }
        // The token works, but the key cannot renew it. A program that can do without renewals can
        // use it as is.
        LinkedDevice::NotRegistered(_) => Err("Plex has not registered this device's key".into()),
    }
}

/// Renews the device's token. Saves each new token before passing it to `renewed`, which can stop
/// the loop. Returns why the refresher ended, or `None` if `renewed` stopped the loop or the
/// refresher had already ended.
pub(crate) fn keep_alive(
    http: &Transport,
    refresher: &mut DeviceTokenRefresher<&Ed25519Key>,
    folder: &Path,
    mut renewed: impl FnMut(&Token) -> ControlFlow<()>,
) -> io::Result<Option<DeviceTokenEnd>> {
    let mut saved = refresher.renewals();
    let mut driver = http.driver(refresher);
    loop {
        match driver.step() {
            DriverEvent::Done(end) => return Ok(Some(end)),
            DriverEvent::Finished => return Ok(None),
            _ => {}
        }
        let refresher = driver.flow();
        if refresher.renewals() > saved {
            saved = refresher.renewals();
            save(&folder.join("device.json"), refresher.save().expose())?;
            if refresher.token().is_some_and(|token| renewed(token).is_break()) {
                return Ok(None);
            }
        }
    }
}

/// Restores the refresher of a device that has signed in. The saved state can be any number of days
/// old.
pub(crate) fn refresher_of<'a>(
    plex_tv: &PlexTv,
    key: &'a Ed25519Key,
    folder: &Path,
    jitter: Duration,
) -> Result<DeviceTokenRefresher<&'a Ed25519Key>, Box<dyn Error>> {
    let saved = saved_text(&folder.join("device.json"))?.ok_or("this device has not signed in")?;
    Ok(DeviceTokenRefresher::restore(plex_tv.clone(), key, &saved)?.jitter(jitter))
}

// The rest of this file runs the recipe against a fake Plex.

use plex_auth_fake::Who;

use crate::harness::{Folder, Harness, Outcome, random};

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let folder = Folder::new("device-key")?;
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);

    let key = device_key(folder.path(), random()?)?;
    assert!(refresher_of(&plex_tv, &key, folder.path(), Duration::ZERO).is_err());
    // Simulate a program that ended before its first request. The login continues from there.
    let state = plex_tv.device_link_code_login(&key).save(http.now());
    save(&folder.path().join("device.json"), state.expose())?;
    log_in(&http, &plex_tv, &key, folder.path(), |pin| {
        let code = pin.pin().code.expose();
        println!("linking {code}");
        harness.link(code, Who::PlexPass);
    })?;

    // The program is started again, with the same key and the saved token.
    let again = device_key(folder.path(), random()?)?;
    assert_eq!(again.expose_seed(), key.expose_seed());
    let mut refresher = refresher_of(&plex_tv, &again, folder.path(), Duration::from_secs(1234))?;
    let first = refresher.token().cloned().ok_or("no token was saved")?;
    http.send(plex_tv.ping(&first))?;

    // Suppose that Plex has rejected the token.
    refresher.renew_now();
    let end = keep_alive(&http, &mut refresher, folder.path(), |_| ControlFlow::Break(()))?;
    assert!(end.is_none());
    let saved = refresher_of(&plex_tv, &again, folder.path(), Duration::ZERO)?;
    let second = saved.token().ok_or("the new token was not saved")?;
    assert_ne!(first.expose(), second.expose());
    let account = http.send(plex_tv.token_details(second))?;
    println!("renewed the token of {}", account.username.as_deref().unwrap_or_default());
    assert_eq!(harness.server.with(|fake| fake.device_keys().count()), 1);
    Ok(())
}
