//! A Home: its users, and switching to one of them, with the Home PIN where there is one.

use std::error::Error;

use plex_auth_ureq::home::{HomePin, HomeUser};
use plex_auth_ureq::{PlexTv, SignedIn, Token, Transport};

/// The users to choose from: name, whether a PIN is asked for, and what they are switched to by.
fn users(
    http: &Transport,
    plex_tv: &PlexTv,
    token: &Token,
) -> Result<Vec<HomeUser>, Box<dyn Error>> {
    Ok(http.send(plex_tv.home_users(token))?.users)
}

/// Becomes another user, whose account brings a token of its own. `None` where whoever is asked for the PIN
/// gives up.
fn switch(
    http: &Transport,
    plex_tv: &PlexTv,
    token: &Token,
    user: &HomeUser,
    mut ask_pin: impl FnMut() -> Option<String>,
) -> Result<Option<SignedIn>, Box<dyn Error>> {
    let uuid = user.uuid.as_ref().ok_or("the user has no uuid")?;
    let mut pin = None;
    loop {
        match http.send(plex_tv.switch_home_user(token, uuid, pin.as_ref())) {
            // Missing or wrong. Plex stops listening after a few (429), which ends the loop.
            Err(error) if error.needs_home_pin() => {
                let Some(typed) = ask_pin() else { return Ok(None) };
                pin = Some(HomePin::new(typed)?);
            }
            outcome => return Ok(Some(outcome?)),
        }
    }
}

// Played at the fake.

use plex_auth_fake::Who;

use crate::harness::{Harness, Outcome};

pub(crate) fn play() -> Outcome {
    let harness = Harness::new();
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);
    let token = harness.token(Who::PlexPass)?;
    let users = users(&http, &plex_tv, &token)?;
    let protected = users.iter().find(|user| user.has_home_pin()).ok_or("one has a PIN")?;
    let child = users.iter().find(|user| !user.has_home_pin()).ok_or("one has none")?;

    let signed_in = switch(&http, &plex_tv, &token, child, || None)?.ok_or("nothing is asked")?;
    let account = signed_in.account;
    println!("now it is {}", account.title.as_deref().unwrap_or_default());
    assert_eq!(account.title, child.title);

    let mut typed = ["0000", "4711"].into_iter();
    let back = switch(&http, &plex_tv, &token, protected, || typed.next().map(str::to_owned))?;
    let back = back.ok_or("the second PIN is right")?;
    println!("and {} again, with a PIN", back.account.title.as_deref().unwrap_or_default());
    assert_eq!(back.account.title, protected.title);
    // What media servers take comes with the new token.
    let resources = http.send(plex_tv.resources(&back.auth_token))?;
    assert!(resources.servers().next().is_some());
    Ok(())
}
