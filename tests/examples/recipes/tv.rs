//! A television: a code and its QR code on the screen, typed or scanned with a telephone.

use std::ops::ControlFlow;
use std::time::Duration;

use plex_auth_ureq::flow::{LinkedPin, PinLoginError, PinProgress};
use plex_auth_ureq::pin::ShortPin;
use plex_auth_ureq::{PlexTv, Transport};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use qrcode::types::QrError;

/// Signs in by a code that somebody links, and offers another one when it has expired. `None` where the viewer
/// has left, which `show` and `another` say.
fn log_in(
    http: &Transport,
    plex_tv: &PlexTv,
    mut show: impl FnMut(&ShortPin, Duration) -> ControlFlow<()>,
    mut another: impl FnMut() -> bool,
) -> Result<Option<LinkedPin>, PinLoginError> {
    let mut login = plex_tv.short_pin_login();
    loop {
        // It is called once a second at least, so that the time that is left can be shown.
        let outcome = http.drive_with(&mut login, |progress| match progress {
            PinProgress::Waiting { pin, left, .. } => show(&pin, left),
            _ => ControlFlow::Continue(()),
        });
        match outcome {
            None => return Ok(None),
            // Never unasked: a new PIN can end a token that is kept.
            Some(Err(PinLoginError::Expired)) if another() => login.renew(),
            Some(outcome) => return outcome.map(Some),
        }
    }
}

/// What is on the screen.
fn screen(pin: &ShortPin, left: Duration, plex_tv: &PlexTv) -> Result<String, QrError> {
    // The page with the code filled in is for a camera; a person types the short one.
    let picture = QrCode::new(pin.filled_link_page(plex_tv).as_str())?;
    let picture = picture.render::<Dense1x2>().build();
    let (code, page) = (pin.pin().code.expose(), pin.link_page(plex_tv));
    Ok(format!("{picture}\n{code} at {page}, {} s left", left.as_secs()))
}

// Played at the fake.

use plex_auth_fake::Who;

use crate::harness::{Harness, Outcome};

pub(crate) fn play() -> Outcome {
    let harness = Harness::new();
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);
    let mut offered = 0;
    let mut last = String::new();
    let linked = log_in(
        &http,
        &plex_tv,
        |pin, left| {
            let code = pin.pin().code.expose();
            if code == last {
                return ControlFlow::Continue(());
            }
            // Nobody links the first one in time; the second is linked at once.
            if last.is_empty() {
                let id = pin.pin().id.expose();
                harness
                    .server
                    .with(|fake| fake.pin_mut(id).into_iter().for_each(|pin| pin.age(901)));
            } else {
                harness.link(code, Who::Free);
            }
            last = code.to_owned();
            match screen(pin, left, &plex_tv) {
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
