//! The last step of each sign-in method: saving the token, and reporting whose account it belongs to.

use plex_auth_ureq::{Account, PlexTv, Token};
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::state::profile::{self, Profile};

/// Saves a token whose account is known.
pub(super) fn save(
    session: &Session<'_>,
    token: &Token,
    account: &Account,
) -> Result<Exit, Failure> {
    let profile = Profile::new(token.clone(), session.options.plex_tv.clone()).of(account);
    session
        .store
        .change(|state| Ok(state.profiles.insert(session.options.profile.clone(), profile)))?;
    welcome(session, token, account)
}

/// Saves a token at once, then requests its account: if that fails, the user need not sign in again.
pub(super) fn save_then_identify(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    new: Profile,
) -> Result<Exit, Failure> {
    let (name, token) = (&session.options.profile, new.token.clone());
    save_unidentified(session, new)?;
    let account = match session.send(plex_tv.token_details(&token)) {
        Ok(account) => account,
        Err(failure) => {
            return Err(failure
                .likely("You are signed in, and the token is kept: only whose it is was not said.")
                .next("See later: plex-auth whoami"));
        }
    };
    session.store.change(|state| {
        // Another login may have taken its place meanwhile.
        let saved = state.profiles.get_mut(name);
        if let Some(profile) = saved.filter(|saved| saved.token.expose() == token.expose()) {
            profile.uuid.clone_from(&account.uuid);
        }
        Ok(())
    })?;
    welcome(session, &token, &account)
}

/// Saves a token whose account is not known yet.
pub(super) fn save_unidentified(session: &Session<'_>, new: Profile) -> Result<(), Failure> {
    session.store.change(|state| {
        state.profiles.insert(session.options.profile.clone(), new);
        Ok(())
    })
}

fn welcome(session: &Session<'_>, token: &Token, account: &Account) -> Result<Exit, Failure> {
    let json = json!({
        "profile": session.options.profile, "username": account.username, "title": account.title,
        "uuid": account.uuid, "token": session.output.secret(token.expose()),
    });
    session.output.result(&format!("Signed in as {}.\n", profile::name(account)), &json)?;
    Ok(Exit::Done)
}
