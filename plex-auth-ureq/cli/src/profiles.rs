//! `plex-auth profiles`: lists the saved profiles, or removes one. Sends no request.

use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::hint::Hint;
use crate::output::{plain, print};
use crate::session::Session;
use crate::state::State;

pub(crate) fn run(session: &Session<'_>, only_names: bool) -> Result<Exit, Failure> {
    let state = session.store.read()?;
    if only_names && !session.output.is_json() {
        // A shell's completion script reads these names, so they are printed unchanged.
        print(&state.names().map(|name| format!("{name}\n")).collect::<String>())?;
        return Ok(Exit::Done);
    }
    let text: String = state.names().map(|name| as_text(session, &state, name)).collect();
    let text = if text.is_empty() {
        format!("No profile is saved in {}.\n", plain(&session.store.location()))
    } else {
        text
    };
    let profiles: Vec<_> = state.names().map(|name| as_json(&state, name)).collect();
    let json = json!({ "state_dir": session.store.location(), "profiles": profiles });
    session.output.result(&text, &json)?;
    Ok(Exit::Done)
}

/// Removes a profile, even one that is damaged.
pub(crate) fn remove(session: &Session<'_>, name: &str) -> Result<Exit, Failure> {
    // A profile that does not exist is reported before `change` creates the folder.
    if !session.store.read()?.remove(name) {
        return Err(unknown(name));
    }
    session.store.change(|state| if state.remove(name) { Ok(()) } else { Err(unknown(name)) })?;
    session.store.remove_renewal_lock(name);
    let text = format!("Removed the profile \"{}\". Its token stays valid.\n", plain(name));
    session.output.confirmation(&text, &json!({ "profile": name, "removed": true }))?;
    Ok(Exit::Done)
}

fn unknown(name: &str) -> Failure {
    Failure::new(Exit::NotSignedIn, format!("there is no profile \"{name}\""))
        .likely("The name is misspelled, or the profile is saved in another folder.")
        .next(Hint::from("See the profiles: {profiles}"))
}

fn as_text(session: &Session<'_>, state: &State, name: &str) -> String {
    let mark = if name == session.options.profile { "*" } else { " " };
    let sign_in = match state.profile(name) {
        Ok(Some(profile)) => {
            let account = profile.name.as_deref().unwrap_or("an unknown account");
            let plex_tv = profile.plex_tv.as_ref();
            let at = plex_tv.map_or_else(String::new, |url| format!(", at {url}"));
            format!("{}, with a {}{}", plain(account), profile.method(), plain(&at))
        }
        _ => "damaged".to_owned(),
    };
    format!("{mark} {}: {sign_in}\n", plain(name))
}

fn as_json(state: &State, name: &str) -> Value {
    let profile = state.profile(name).ok().flatten();
    json!({
        "profile": name, "damaged": profile.is_none(), "name": profile.and_then(|profile| profile.name.clone()),
        "uuid": profile.and_then(|profile| profile.uuid.clone()),
        "signed_in_with": profile.map(|profile| profile.method()),
        "plex_tv": profile.and_then(|profile| profile.plex_tv.as_ref()).map(ToString::to_string),
    })
}
