//! Lists the users of a Plex Home and switches to one of them, with the Home PIN if there is one.
//!
//! Use this for a device that a family shares. Save the Home owner's token, which is needed to
//! switch again, and the current user's token, which the program uses for all other requests.

use std::error::Error;

use plex_auth_ureq::home::{HomePin, HomeUser};
use plex_auth_ureq::{PlexTv, SignedIn, Token, Transport};

/// Returns the users to choose from.
fn users(
    http: &Transport,
    plex_tv: &PlexTv,
    token: &Token,
) -> Result<Vec<HomeUser>, Box<dyn Error>> {
    Ok(http.send(plex_tv.home_users(token))?.users)
}

/// Switches to another user and returns that user's token and account. Returns `None` if `ask_pin`
/// returns `None` because the user gave up.
fn switch(
    http: &Transport,
    plex_tv: &PlexTv,
    token: &Token,
    user: &HomeUser,
    mut ask_pin: impl FnMut() -> Option<String>,
) -> Result<Option<SignedIn>, Box<dyn Error>> {
    let uuid = user.uuid.as_ref().ok_or("the user has no UUID")?;
    let mut pin = None;
    loop {
        match http.send(plex_tv.switch_home_user(token, uuid, pin.as_ref())) {
            // The PIN is missing or wrong. After a few attempts, Plex responds with 429, which ends
            // the loop.
            Err(error) if error.needs_home_pin() => {
                let Some(typed) = ask_pin() else { return Ok(None) };
                pin = Some(HomePin::new(typed)?);
            }
            outcome => return Ok(Some(outcome?)),
        }
    }
}

// The rest of this file runs the recipe against a fake Plex.

use plex_auth_fake::Who;

use crate::harness::{Harness, Outcome};

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);
    let token = harness.token(Who::PlexPass)?;
    let users = users(&http, &plex_tv, &token)?;
    let protected = users.iter().find(|user| user.has_home_pin()).ok_or("no user has a PIN")?;
    let child = users.iter().find(|user| !user.has_home_pin()).ok_or("every user has a PIN")?;

    let signed_in = switch(&http, &plex_tv, &token, child, || None)?.ok_or("a PIN is required")?;
    let account = signed_in.account;
    println!("switched to {}", account.title.as_deref().unwrap_or_default());
    assert_eq!(account.title, child.title);

    let mut typed = ["0000", "4711"].into_iter();
    let back = switch(&http, &plex_tv, &token, protected, || typed.next().map(str::to_owned))?;
    let back = back.ok_or("the second PIN was rejected")?;
    println!("switched to {} with a PIN", back.account.title.as_deref().unwrap_or_default());
    assert_eq!(back.account.title, protected.title);
    // The new token lists the servers of that user.
    let resources = http.send(plex_tv.resources(&back.auth_token))?;
    assert!(resources.servers().next().is_some());
    Ok(())
}
