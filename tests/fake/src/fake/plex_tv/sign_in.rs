//! `POST {plex.tv}/users/signin`, which exchanges a login and a password for a token.

use http::{Response, StatusCode};

use super::{Refusal, account, issue};
use crate::fake::FakePlex;
use crate::fake::accounts::Refusal as SignInRefusal;
use crate::fake::ask::{Ask, Form};

/// The lifetime of a "remember me" session, in seconds.
const REMEMBERED_SECONDS: u64 = 14 * 24 * 60 * 60;

pub(crate) fn answer(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let form = ask.form().ok_or(Refusal::PARAMETER)?;
    let login = required(&form, "login")?;
    let password = required(&form, "password")?;
    let remember = remember_me(&form)?;
    let code = optional(&form, "verificationCode")?;

    let who = plex.accounts.sign_in(login, password, code).map_err(|refusal| match refusal {
        SignInRefusal::Wrong => Refusal::UNAUTHENTICATED,
        SignInRefusal::CodeRequired => Refusal::CODE_REQUIRED,
        SignInRefusal::CodeWrong => Refusal::CODE_WRONG,
        SignInRefusal::EmailOnly => Refusal::EMAIL_ONLY,
        SignInRefusal::TooManyFailures => Refusal::TOO_MANY,
    })?;
    let expires_at = remember.then(|| ask.now().saturating_add(REMEMBERED_SECONDS));
    let token = issue(plex, ask, who, expires_at);
    Ok(account(plex, ask, StatusCode::CREATED, who, &token, expires_at))
}

fn required<'f>(form: &'f Form, name: &str) -> Result<&'f str, Refusal> {
    form.field(name).filter(|value| !value.is_empty()).ok_or(Refusal::PARAMETER)
}

/// Returns an optional field. A blank field counts as missing; a repeated field is an error.
fn optional<'f>(form: &'f Form, name: &str) -> Result<Option<&'f str>, Refusal> {
    match form.field(name) {
        Some(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
        None if form.has(name) => Err(Refusal::PARAMETER),
        None => Ok(None),
    }
}

/// Parses the `rememberMe` field: `true`, `1`, `false` or `0`. The default is `false`. Python
/// clients capitalize the words.
fn remember_me(form: &Form) -> Result<bool, Refusal> {
    let value = optional(form, "rememberMe")?.map(str::to_ascii_lowercase);
    match value.as_deref() {
        Some("true" | "1") => Ok(true),
        Some("false" | "0") | None => Ok(false),
        Some(_) => Err(Refusal::PARAMETER),
    }
}
