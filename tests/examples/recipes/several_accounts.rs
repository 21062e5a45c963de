//! Several accounts in one program: one identifier, and a file for each.

use std::error::Error;
use std::path::Path;
use std::{fs, io};

use plex_auth_ureq::{Account, PlexTv, Token, Transport};

use crate::save::{save, saved_text};

/// Keeps an account's token under what never changes of it. Names and e-mail addresses do.
fn add(folder: &Path, token: &Token, account: &Account) -> io::Result<()> {
    let uuid = account.uuid.as_deref().ok_or_else(|| io::Error::other("whose token is it?"))?;
    save(&file(folder, uuid)?, token.expose())
}

/// The accounts that are kept, by uuid.
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

/// The token of one of them.
fn token(folder: &Path, uuid: &str) -> Result<Option<Token>, Box<dyn Error>> {
    Ok(saved_text(&file(folder, uuid)?)?.map(Token::new).transpose()?)
}

/// Signs one of them out at Plex, and forgets it: in this order, so that one that Plex has not heard of is still
/// there to be tried again. A token that is dead already has nothing to sign out of.
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

/// What came from elsewhere is no path.
fn file(folder: &Path, uuid: &str) -> io::Result<std::path::PathBuf> {
    if uuid.is_empty() || !uuid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(io::Error::other("this is no uuid"));
    }
    Ok(folder.join(format!("{uuid}.token")))
}

// Played at the fake.

use plex_auth_fake::Who;

use crate::harness::{Folder, Harness, Outcome};

pub(crate) fn play() -> Outcome {
    let harness = Harness::new();
    let folder = Folder::new("several-accounts")?;
    let (http, plex_tv) = (Transport::new(), harness.plex_tv()?);
    for who in [Who::PlexPass, Who::Free] {
        // Each came from a login of its own.
        let token = harness.token(who)?;
        let account = http.send(plex_tv.token_details(&token))?;
        add(folder.path(), &token, &account)?;
    }
    let uuids = all(folder.path())?;
    println!("{} accounts are kept", uuids.len());
    assert_eq!(uuids.len(), 2);
    let one = uuids.first().ok_or("there are two")?;
    let token = token(folder.path(), one)?.ok_or("it is kept")?;
    remove(&http, &plex_tv, folder.path(), one)?;
    remove(&http, &plex_tv, folder.path(), one)?;
    assert_eq!(all(folder.path())?.len(), 1);
    let refusal = http.send(plex_tv.token_details(&token)).err().ok_or("it is signed out")?;
    assert!(refusal.is_token_invalid());
    assert!(file(folder.path(), "../x").is_err());
    println!("one is signed out: {refusal}");
    Ok(())
}
