//! The last step of each sign-in method: saves the token and reports the account that it belongs
//! to.

use plex_auth_ureq::flow::TokenState;
use plex_auth_ureq::{Account, PlexTv, Token};
use serde_json::json;

use crate::cli::LoginMethod;
use crate::failure::{Exit, Failure};
use crate::hint::Hint;
use crate::name::folded;
use crate::replaced::Replaced;
use crate::session::Session;
use crate::state::State;
use crate::state::device::Device;
use crate::state::profile::{self, Profile};
use crate::{check, prompt};

/// A sign-in that is not saved yet.
pub(super) struct SignIn {
    profile: Profile,
    device: Option<Device>,
    /// Whether Plex issued the token for this profile. Otherwise, the user already had the token.
    is_issued: bool,
    /// Whether `--device-key` is set.
    uses_key: bool,
    /// Whether `--replace` is set, which allows replacing a saved sign-in that belongs to another
    /// account.
    replaces: bool,
    /// The name of the other account whose sign-in the user agreed to replace.
    agreed: Option<String>,
    is_reported: bool,
}

impl SignIn {
    /// Creates a sign-in with a token that Plex issued for this profile.
    pub(super) fn issued(profile: Profile, method: &LoginMethod) -> Self {
        Self { is_issued: true, ..Self::pasted(profile, method) }
    }

    /// Creates a sign-in with a token that the user already had.
    pub(super) fn pasted(profile: Profile, method: &LoginMethod) -> Self {
        Self {
            profile,
            device: None,
            is_issued: false,
            uses_key: method.device_key,
            replaces: method.replace,
            agreed: None,
            is_reported: true,
        }
    }

    pub(super) fn with_device(self, device: Device) -> Self {
        Self { device: Some(device), ..self }
    }

    /// Makes the caller responsible for reporting the result.
    pub(super) fn unreported(self) -> Self {
        Self { is_reported: false, ..self }
    }
}

/// Saves a token whose account is known. If the profile belongs to another account, this requires
/// `--replace` or the user's consent. Without either, a token that was issued for this profile is
/// revoked.
pub(super) fn identified(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    mut sign_in: SignIn,
    account: &Account,
) -> Result<Exit, Failure> {
    sign_in.profile = with_identifier(session, &sign_in.profile, plex_tv).of(account);
    match may_replace(session, &sign_in) {
        Ok(agreed) => sign_in.agreed = agreed,
        Err(conflict) => {
            if sign_in.is_issued {
                discard(session, plex_tv, &sign_in.profile)?;
            }
            return Err(conflict);
        }
    }
    let replaced = store(session, plex_tv, &sign_in)?;
    if sign_in.is_reported {
        report(session, &sign_in.profile.token, account, "Signed in as", &replaced)?;
    }
    Ok(Exit::Done)
}

/// Saves an issued token immediately, then requests its account, so that the user does not have to
/// sign in again if that request fails. If the profile already belongs to an account, the new
/// token's account is requested before the token is saved, and must be known unless `--replace` is
/// set. A token that is not saved is revoked.
pub(super) fn unidentified(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    mut sign_in: SignIn,
) -> Result<Exit, Failure> {
    let name = &session.options.profile;
    let token = sign_in.profile.token.clone();
    match account_before_saving(session, plex_tv, &sign_in) {
        Ok(Some(account)) => return identified(session, plex_tv, sign_in, &account),
        Ok(None) => {}
        Err(failure) => {
            session.revoke_unsaved(plex_tv, &token, name);
            return Err(failure);
        }
    }
    sign_in.profile = with_identifier(session, &sign_in.profile, plex_tv);
    let replaced = store(session, plex_tv, &sign_in)?;
    let account = match session.send(plex_tv.token_details(&token)) {
        Ok(account) => account,
        // The caller reports a different error.
        Err(_) if !sign_in.is_reported => return Ok(Exit::Done),
        Err(failure) => {
            return Err(match failure.exit() {
                Exit::Refused => failure,
                _ => failure
                    .next("You are signed in, and the token is saved. Look up the account later: {whoami}"),
            });
        }
    };
    session.store.change(|state| {
        // Another login may have replaced it in the meantime.
        let saved = state.profile(name)?.filter(|saved| saved.token.expose() == token.expose());
        if let Some(profile) = saved.cloned() {
            state.set_profile(name, profile.of(&account));
        }
        Ok(())
    })?;
    if sign_in.is_reported {
        report(session, &token, &account, "Signed in as", &replaced)?;
    }
    Ok(Exit::Done)
}

/// Returns the account of a new token if it must be known before the token is saved.
fn account_before_saving(
    session: &Session<'_>,
    plex_tv: &PlexTv,
    sign_in: &SignIn,
) -> Result<Option<Account>, Failure> {
    let name = &session.options.profile;
    let state = session.store.read()?;
    if state.profile(name)?.is_none_or(|profile| profile.uuid.is_none()) {
        return Ok(None);
    }
    match check::ask(session, plex_tv, &sign_in.profile.token)? {
        TokenState::Valid(account) => Ok(Some(*account)),
        TokenState::Unknown { .. } if sign_in.replaces => Ok(None),
        TokenState::Invalid(error) => Err(session.explain(&error.into())),
        TokenState::Unknown { error, .. } => {
            let hint = Hint::from(
                "The saved token was not replaced. Try again later, or replace it without checking the account: ",
            );
            Err(session.explain(&error).next(replacing(hint, &state, name, sign_in)))
        }
        _ => Err(check::undecided()),
    }
}

/// Reports the account that the token belongs to, followed by the text in `more`.
pub(super) fn report(
    session: &Session<'_>,
    token: &Token,
    account: &Account,
    what: &str,
    more: &str,
) -> Result<(), Failure> {
    let json = json!({
        "profile": session.options.profile, "username": account.username, "title": account.title,
        "uuid": account.uuid, "token": session.output.secret(token.expose()),
    });
    session.output.confirmation(&format!("{what} {}.\n{more}", profile::name(account)), &json)
}

/// Records the client identifier that the token was issued to, if the options set it and the token
/// is not renewed with a device key.
fn with_identifier(session: &Session<'_>, profile: &Profile, plex_tv: &PlexTv) -> Profile {
    let mut profile = profile.clone();
    if session.options.client_identifier.is_some() && !profile.by_device_key {
        profile.client_identifier = Some(plex_tv.identity().identifier().to_owned());
    }
    profile
}

/// Saves a sign-in, and revokes the replaced one unless other programs or profiles may use its
/// token. Returns a line that reports the revocation, or an empty string. If the new sign-in cannot
/// be saved, a token that was issued for it is revoked.
fn store(session: &Session<'_>, plex_tv: &PlexTv, sign_in: &SignIn) -> Result<String, Failure> {
    let name = &session.options.profile;
    let SignIn { profile, device, .. } = sign_in;
    let stored = session.store.change(|state| {
        // Another login may have been saved in the meantime.
        let other = other_account(state, name, profile)?;
        if let Some(other) = other.filter(|other| Some(other) != sign_in.agreed.as_ref()) {
            if !sign_in.replaces {
                return Err(conflict(name, &other, state, sign_in));
            }
        }
        let replaced = Replaced::save(state, name, profile.clone())?;
        if let Some(device) = device {
            state.set_device(name, device.clone());
        }
        Ok(replaced)
    });
    if stored.is_err() && sign_in.is_issued {
        session.revoke_unsaved(plex_tv, &profile.token, name);
    }
    stored?.map_or(Ok(String::new()), |replaced| replaced.sign_out(session))
}

/// Revokes an issued token that is not saved, because nothing else would revoke it. A device that
/// was created for this login is removed, too.
fn discard(session: &Session<'_>, plex_tv: &PlexTv, profile: &Profile) -> Result<(), Failure> {
    let name = &session.options.profile;
    let own = plex_tv.identity().identifier();
    let is_own = |device: &Device| device.client_identifier() == own;
    // A device with a saved token belongs to the saved sign-in.
    let is_complete = |device: &Device| is_own(device) && device.saved().is_some();
    let state = session.store.read();
    let device = state.as_ref().ok().and_then(|state| state.device(name).ok().flatten());
    let is_new = profile.by_device_key && !device.is_some_and(is_complete);
    drop(session.sign_out(plex_tv, &profile.token, is_new));
    if !is_new {
        return Ok(());
    }
    session.store.change(|state| {
        // Another login may have saved a different device in the meantime.
        if state.device(name)?.is_some_and(is_own) {
            state.remove_device(name);
        }
        Ok(())
    })
}

/// Checks that the profile does not belong to another account, or that the user agreed to replace
/// its sign-in, at the prompt or with `--replace`. If the user agreed, returns the name of the
/// other account.
fn may_replace(session: &Session<'_>, sign_in: &SignIn) -> Result<Option<String>, Failure> {
    let name = &session.options.profile;
    let state = session.store.read()?;
    let Some(other) = other_account(&state, name, &sign_in.profile)? else { return Ok(None) };
    let question = format!("The profile \"{name}\" belongs to {other}. Replace its sign-in?");
    if sign_in.replaces || (!session.output.is_json() && prompt::confirms(&question)?) {
        return Ok(Some(other));
    }
    Err(conflict(name, &other, &state, sign_in))
}

fn conflict(name: &str, other: &str, state: &State, sign_in: &SignIn) -> Failure {
    let own = folded(sign_in.profile.name.as_deref().unwrap_or("other"));
    let is_free = state.names().all(|taken| taken != own);
    let own = if is_free { own } else { "NAME".to_owned() };
    let named = format!("--profile={own}");
    let login = if own.starts_with('-') {
        vec!["login", named.as_str()]
    } else {
        vec!["login", "--profile", own.as_str()]
    };
    let hint =
        Hint::from("To keep both: ").command(&login).text(", or to replace the saved sign-in: ");
    Failure::usage(format!("the profile \"{name}\" already belongs to {other}"))
        .likely("You signed in to a different account than the one saved in this profile.")
        .next(replacing(hint, state, name, sign_in))
}

/// Adds the commands that use the same method to replace the saved sign-in. A saved device key
/// cannot be used for another account, so `login --device-key` requires signing out first.
fn replacing(hint: Hint, state: &State, name: &str, sign_in: &SignIn) -> Hint {
    let device = state.device(name).ok().flatten();
    if sign_in.uses_key && device.is_some_and(|device| device.saved().is_some()) {
        hint.command(&["logout"]).text(", then ").command(&["login", "--device-key"])
    } else {
        hint.command(&["login", "--replace"])
    }
}

/// Returns the name of the account that the profile belongs to, if the new sign-in is for a
/// different account.
fn other_account(state: &State, name: &str, new: &Profile) -> Result<Option<String>, Failure> {
    let Some(saved) = state.profile(name)? else { return Ok(None) };
    let is_same = saved.uuid.is_none() || saved.uuid == new.uuid;
    let known = || saved.name.clone().unwrap_or_else(|| "an unknown account".to_owned());
    Ok((!is_same).then(known))
}
