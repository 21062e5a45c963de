//! `plex-auth switch USER`: switches to another user of the Plex Home, who gets a separate profile.

use plex_auth_ureq::SignedIn;
use plex_auth_ureq::home::{Home, HomePin, HomeUser, HomeUserUuid};
use serde_json::json;

use crate::explain::REPORT;
use crate::failure::{Exit, Failure};
use crate::hint::quoted;
use crate::name::{folded, is_same};
use crate::prompt;
use crate::replaced::Replaced;
use crate::session::{ActiveProfile, Session, url_to_save};
use crate::state::State;
use crate::state::profile::{self, Profile};
use crate::users::{name, raw_name};

pub(crate) fn run(session: &Session<'_>, user: &str, into: Option<&str>) -> Result<Exit, Failure> {
    session.store.check_writable()?;
    let from = session.signed_in()?;
    let home = session.send(from.plex_tv.home_users(&from.token))?;
    let user = find(&home, user)?;
    let uuid = user.uuid.as_ref().ok_or_else(|| {
        let what = format!("Plex sent no identifier for {}", name(user));
        Failure::new(Exit::Unknown, what).likely("Plex's API has changed.").next(REPORT)
    })?;
    let into =
        into.map_or_else(|| profile_name(raw_name(user).unwrap_or_default(), uuid), str::to_owned);
    check_free(&session.store.read()?, &into, uuid)?;
    let identifier = from.plex_tv.identity().identifier();
    let is_permanent = session.options.client_identifier.is_none()
        && Some(identifier) == session.store.read_identifier()?.as_deref();
    // From here on, a token that is not saved must be revoked.
    let SignedIn { auth_token: token, account, .. } = switch(session, &from, user, uuid)?;
    // The response may lack the UUID, so the requested one is saved. The client identifier is
    // saved unless it is the permanent one, because Plex issued the token to it.
    let new = Profile {
        uuid: Some(uuid.to_string()),
        client_identifier: (!is_permanent).then(|| identifier.to_owned()),
        ..Profile::new(token.clone(), url_to_save(&from.plex_tv)).of(&account)
    };
    let saved = session.store.change(|state| {
        // Another login may have used the name in the meantime.
        check_free(state, &into, uuid)?;
        Replaced::save(state, &into, new)
    });
    if saved.is_err() {
        session.revoke_unsaved(&from.plex_tv, &token, &into);
    }
    let revoked = saved?.map_or(Ok(String::new()), |replaced| replaced.sign_out(session))?;
    let json = json!({
        "profile": into, "username": account.username, "title": account.title, "uuid": uuid.as_str(),
        "token": session.output.secret(token.expose()),
    });
    let text = format!(
        "Signed in as {}. To use this account, pass --profile {}\n{revoked}",
        profile::name(&account),
        quoted(&into)
    );
    session.output.confirmation(&text, &json)?;
    Ok(Exit::Done)
}

/// Checks that the profile belongs to this user or does not exist.
fn check_free(state: &State, name: &str, uuid: &HomeUserUuid) -> Result<(), Failure> {
    let Some(saved) = state.profile(name)? else { return Ok(()) };
    let (what, likely) = match saved.uuid.as_deref() {
        Some(saved) if saved == uuid.as_str() => return Ok(()),
        Some(_) => (
            format!("the profile \"{name}\" belongs to another account"),
            "Another sign-in uses the same profile name.",
        ),
        None => (
            format!("the account of the profile \"{name}\" is unknown"),
            "Its account could not be looked up when it was saved.",
        ),
    };
    Err(Failure::usage(what)
        .likely(likely)
        .next("Choose another name with --into, or see the profiles: {profiles}"))
}

/// Switches to a user, and asks for the Home PIN if there is one. After a wrong PIN, this does not
/// ask again, because Plex limits the number of wrong PINs.
fn switch(
    session: &Session<'_>,
    from: &ActiveProfile,
    user: &HomeUser,
    uuid: &HomeUserUuid,
) -> Result<SignedIn, Failure> {
    let ActiveProfile { plex_tv, token, .. } = from;
    let ask = || {
        let pin = prompt::hidden(&format!("Home PIN for {}", name(user)))?;
        HomePin::new(pin.as_str()).map_err(|_| {
            Failure::usage("the Home PIN must be four digits")
                .likely("There is a typo in the PIN, or nothing was entered.")
                .next("Try again with the user's Home PIN.")
        })
    };
    let pin = user.has_home_pin().then(ask).transpose()?;
    match session.ask(plex_tv.switch_home_user(token, uuid, pin.as_ref())) {
        // The list of users did not mention the Home PIN.
        Err(error) if error.needs_home_pin() && pin.is_none() => {
            session.send(plex_tv.switch_home_user(token, uuid, Some(&ask()?)))
        }
        answer => answer.map_err(|error| session.explain(&error)),
    }
}

/// Finds a user by identifier, or by a name that only one user has.
fn find<'a>(home: &'a Home, named: &str) -> Result<&'a HomeUser, Failure> {
    let by_uuid = home
        .users
        .iter()
        .find(|user| user.uuid.as_ref().is_some_and(|uuid| uuid.as_str() == named));
    let is_called = |user: &&HomeUser| {
        let names = [&user.title, &user.username].into_iter().flatten();
        names.into_iter().any(|name| is_same(name, named))
    };
    let mut by_name = home.users.iter().filter(is_called);
    match (by_uuid, by_name.next(), by_name.next()) {
        (Some(user), ..) | (None, Some(user), None) => Ok(user),
        (None, None, _) => Err(Failure::usage(format!("the Home has no user named \"{named}\""))
            .likely("The name is misspelled, or the user is in another Home.")
            .next("See the users: {users}")),
        (None, Some(_), Some(_)) => {
            Err(Failure::usage(format!("the Home has more than one user named \"{named}\""))
                .likely("Their names are the same, ignoring case.")
                .next("Use the user's identifier instead. To list the identifiers: {users}"))
        }
    }
}

/// Returns the default name for a user's profile, which needs no quoting in a shell: the words of
/// the user's name in lowercase, joined with hyphens, or the identifier if the name has no words.
/// At most 16 characters are kept.
fn profile_name(name: &str, uuid: &HomeUserUuid) -> String {
    let name = folded(name);
    let words = name.split(|character: char| !character.is_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let name = if words.is_empty() { uuid.to_string() } else { words.join("-") };
    name.chars().take(16).collect()
}
