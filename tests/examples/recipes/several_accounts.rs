//! Saves the tokens of several accounts, each in its own file.
//!
//! One client identifier is enough for all accounts that sign in with a PIN or a password. A device
//! key belongs to one account: give each account that uses a device key its own identifier and key,
//! in its own folder.

use std::error::Error;
use std::path::Path;
use std::{fs, io};

use plex_auth_ureq::{Account, PlexTv, Token, Transport};

use crate::save::{save, saved_text};

/// Saves the token under the account's UUID, which never changes. Names and email addresses can
/// change.
fn add(folder: &Path, token: &Token, account: &Account) -> io::Result<()> {
    let uuid =
        account.uuid.as_deref().ok_or_else(|| io::Error::other("the account has no UUID"))?;
    save(&file(folder, uuid)?, token.expose())
}

/// Returns the UUIDs of the saved accounts.
fn all(folder: &Path) -> io::Result<Vec<String>> {
    let mut uuids = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "token") {
            uuids.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    uuids.sort();
    Ok(uuids)
}

/// Returns an account's saved token, or `None` if no token is saved.
fn token(folder: &Path, uuid: &str) -> Result<Option<Token>, Box<dyn Error>> {
    Ok(saved_text(&file(folder, uuid)?)?.map(Token::new).transpose()?)
}

/// Signs an account out of Plex, and then deletes its token. If signing out fails, the token stays
/// saved for another attempt. If the token is already invalid, it is just deleted.
fn remove(
    http: &Transport,
    plex_tv: &PlexTv,
    folder: &Path,
    uuid: &str,
) -> Result<(), Box<dyn Error>> {
    let Some(token) = token(folder, uuid)? else { return Ok(()) };
    match http.send(plex_tv.sign_out(&token)) {
        Err(error) if !error.is_token_invalid() => Err(error.into()),
        _ => Ok(fs::remove_file(file(folder, uuid)?)?),
    }
}

/// Returns the path of an account's file. The UUID comes from a response, so a UUID with any
/// unexpected character, such as a path separator, is rejected.
fn file(folder: &Path, uuid: &str) -> io::Result<std::path::PathBuf> {
    if uuid.is_empty() || !uuid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(io::Error::other("the account's UUID is invalid"));
    }
    Ok(folder.join(format!("{uuid}.token")))
}

// The rest of this file runs the recipe against a fake Plex.

use plex_auth_fake::Who;

use crate::harness::{Folder, Harness, Outcome};

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let folder = Folder::new("several-accounts")?;
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);
    for who in [Who::PlexPass, Who::Free] {
        let token = harness.token(who)?;
        let account = http.send(plex_tv.token_details(&token))?;
        add(folder.path(), &token, &account)?;
    }
    let uuids = all(folder.path())?;
    println!("{} accounts are saved", uuids.len());
    assert_eq!(uuids.len(), 2);
    let one = uuids.first().ok_or("no account was saved")?;
    let token = token(folder.path(), one)?.ok_or("the token was not saved")?;
    remove(&http, &plex_tv, folder.path(), one)?;
    remove(&http, &plex_tv, folder.path(), one)?;
    assert_eq!(all(folder.path())?.len(), 1);
    let refusal = http.send(plex_tv.token_details(&token)).err().ok_or("the token still works")?;
    assert!(refusal.is_token_invalid());
    assert!(file(folder.path(), "../x").is_err());
    println!("one was signed out: {refusal}");
    Ok(())
}
