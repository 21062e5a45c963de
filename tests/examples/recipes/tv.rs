//! Signs in on a TV: shows a code, and a QR code of the page with the code filled in.
//!
//! Use it for a device with a screen and without a keyboard. The user enters the short code at plex.tv/link, or scans
//! the QR code with a phone.

use std::ops::ControlFlow;
use std::time::Duration;

use plex_auth_ureq::flow::{LinkedPin, PinLogin, PinLoginError, PinProgress};
use plex_auth_ureq::{PlexTv, Transport};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use qrcode::types::QrError;

/// Signs in with a code that the user links, and offers another one when it has expired. Returns `None` if the viewer
/// has left, which `show` and `another` report.
fn log_in(
    http: &Transport,
    plex_tv: &PlexTv,
    mut show: impl FnMut(&PinLogin, Duration) -> ControlFlow<()>,
    mut another: impl FnMut() -> bool,
) -> Result<Option<LinkedPin>, PinLoginError> {
    let mut login = plex_tv.link_code_login();
    loop {
        // The closure is called at least once a second, so that it can show the time that is left.
        let outcome = http.drive_with(&mut login, |login, now| match login.progress(now) {
            PinProgress::Waiting { left, .. } => show(login, left),
            _ => ControlFlow::Continue(()),
        });
        match outcome {
            None => return Ok(None),
            // Ask first: a new PIN can invalidate a token that was saved earlier.
            Some(Err(PinLoginError::Expired)) if another() => login.renew(),
            Some(outcome) => return outcome.map(Some),
        }
    }
}

/// Returns the text on the screen; empty while there is no PIN.
fn screen(login: &PinLogin, left: Duration) -> Result<String, QrError> {
    let (Some(pin), Some(page), Some(filled)) =
        (login.pin(), login.link_page(), login.filled_link_page())
    else {
        return Ok(String::new());
    };
    // The QR code has the long URL with the code in it; the text has the short one, which is easy to type.
    let picture = QrCode::new(filled.as_str())?.render::<Dense1x2>().build();
    let code = pin.pin().code.expose();
    Ok(format!("{picture}\n{code} at {page}, {} s left", left.as_secs()))
}

// The rest of this file runs the recipe with a fake Plex.

use plex_auth_fake::Who;

use crate::harness::{Harness, Outcome};

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);
    let mut offered = 0;
    let mut last = String::new();
    let linked = log_in(
        &http,
        &plex_tv,
        |login, left| {
            let Some(pin) = login.pin() else { return ControlFlow::Continue(()) };
            let code = pin.pin().code.expose();
            if code == last {
                return ControlFlow::Continue(());
            }
            // The first code expires; the second is linked at once.
            if last.is_empty() {
                let id = pin.pin().id.expose();
                harness
                    .server
                    .with(|fake| fake.pin_mut(id).into_iter().for_each(|pin| pin.age(901)));
            } else {
                harness.link(code, Who::Free);
            }
            last = code.to_owned();
            match screen(login, left) {
                Ok(screen) => println!("{screen}"),
                Err(error) => println!("{code}: {error}"),
            }
            ControlFlow::Continue(())
        },
        || {
            offered += 1;
            true
        },
    )?;
    let linked = linked.ok_or("the viewer has not left")?;
    let account = http.send(plex_tv.token_details(&linked.auth_token))?;
    println!("signed in as {}", account.username.as_deref().unwrap_or_default());
    assert_eq!((account.username.as_deref(), offered), (Some("tariq"), 1));
    Ok(())
}
