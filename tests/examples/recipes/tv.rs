//! Signs in on a TV: shows a code, and a QR code that opens the page with the code filled in.
//!
//! Use this for a device with a screen but no keyboard. The user enters the short code at
//! plex.tv/link, or scans the QR code with a phone. If the TV is turned off in the meantime, the
//! login continues at the next start. At each start, look for a saved token first, and call
//! `log_in` only if there is none.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use plex_auth_ureq::flow::{DriverEvent, PinLogin, PinLoginError, PinProgress};
use plex_auth_ureq::{PlexTv, Token, Transport};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use qrcode::types::QrError;

use crate::save::{forget, save, saved_text};

/// Signs in with a code that the user links, saves the token, and offers another code when the
/// current one has expired. `show` is called at each change and at least once a second.
///
/// Returns `None` if `show` reports that the viewer has left; the next call continues with the same
/// code. If the viewer does not want another code, returns [`PinLoginError::Expired`].
fn log_in(
    http: &Transport,
    plex_tv: &PlexTv,
    folder: &Path,
    mut show: impl FnMut(&PinLogin, PinProgress) -> ControlFlow<()>,
    mut another: impl FnMut() -> bool,
) -> Result<Option<Token>, Box<dyn Error>> {
    let file = folder.join("login.json");
    let login = match saved_text(&file)? {
        Some(saved) => PinLogin::restore(plex_tv.clone(), &saved, http.now())?,
        None => plex_tv.link_code_login(),
    };
    let mut driver = http.driver(login);
    let mut is_saved = false;
    loop {
        match driver.step_within(Duration::from_secs(1)) {
            DriverEvent::Done(Ok(linked)) => {
                save(&folder.join("token"), linked.auth_token.expose())?;
                forget(&file)?;
                return Ok(Some(linked.auth_token));
            }
            // Ask first: linking a new PIN invalidates a token that the account received earlier.
            DriverEvent::Done(Err(PinLoginError::Expired)) if another() => {
                driver.flow_mut().renew();
                is_saved = false;
            }
            DriverEvent::Done(Err(error)) => {
                forget(&file)?;
                return Err(error.into());
            }
            _ => {}
        }
        let (login, now) = (driver.flow(), driver.now());
        if let (Some(state), false) = (login.save(now), is_saved) {
            // The PIN is new. Save it before the user can link it.
            save(&file, state.expose())?;
            is_saved = true;
        }
        if show(login, login.progress(now)).is_break() {
            return Ok(None);
        }
    }
}

/// Returns the text to show on the screen.
fn screen(login: &PinLogin, progress: &PinProgress) -> Result<String, QrError> {
    match progress {
        PinProgress::Creating { last_error: Some(error), .. } => {
            Ok(format!("No code yet: {error}"))
        }
        PinProgress::Waiting { pin, left, .. } => {
            let (Some(page), Some(filled)) = (login.link_page(), login.filled_link_page()) else {
                return Ok(String::new());
            };
            // The QR code contains the long URL, which includes the code. The text contains the
            // short URL, which is easy to type.
            let picture = QrCode::new(filled.as_str())?.render::<Dense1x2>().build();
            let code = pin.pin().code.expose();
            Ok(format!("{picture}\n{code} at {page}, {} s left", left.as_secs()))
        }
        _ => Ok("Requesting a code".to_owned()),
    }
}

// The rest of this file runs the recipe against a fake Plex.

use plex_auth_fake::Who;

use crate::harness::{Folder, Harness, Outcome};

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let folder = Folder::new("tv")?;
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);

    // The viewer sees a code and turns the TV off.
    let mut pin = None;
    let leave = |login: &PinLogin, _| {
        pin = login.pin().map(|pin| pin.pin().clone());
        if pin.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert!(log_in(&http, &plex_tv, folder.path(), leave, || false)?.is_none());
    let first = pin.ok_or("no PIN was created")?;

    // The TV shows the same code again, and that code expires. The second code is linked at once.
    let mut codes = Vec::new();
    let mut offered = 0;
    let stay = |login: &PinLogin, progress| {
        let code = login.pin().map(|pin| pin.pin().code.expose().to_owned()).unwrap_or_default();
        if codes.last() == Some(&code) {
            return ControlFlow::Continue(());
        }
        match screen(login, &progress) {
            Ok(screen) => println!("{screen}"),
            Err(error) => println!("{code}: {error}"),
        }
        if code == first.code.expose() {
            let expire = |pin: &mut plex_auth_fake::Pin| pin.age(901);
            harness
                .server
                .with(|fake| fake.pin_mut(first.id.expose()).into_iter().for_each(expire));
        } else if !code.is_empty() {
            harness.link(&code, Who::Free);
        }
        codes.push(code);
        ControlFlow::Continue(())
    };
    let another = || {
        offered += 1;
        true
    };
    let token = log_in(&http, &plex_tv, folder.path(), stay, another)?;
    let token = token.ok_or("the viewer left")?;
    let account = http.send(plex_tv.token_details(&token))?;
    println!("signed in as {}", account.username.as_deref().unwrap_or_default());
    assert_eq!((account.username.as_deref(), offered), (Some("tariq"), 1));
    assert_eq!(codes.first().map(String::as_str), Some(first.code.expose()));
    assert_eq!(harness.seen("POST", "/pins"), 2);

    let saved = saved_text(&folder.path().join("token"))?;
    assert_eq!(saved.as_deref(), Some(token.expose()));
    assert_eq!(saved_text(&folder.path().join("login.json"))?, None);
    Ok(())
}
