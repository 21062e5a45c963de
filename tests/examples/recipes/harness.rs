//! What every recipe is played with: a fake Plex, who asks, and a folder that is gone afterwards.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, io, process};

use plex_auth_fake::{FakePlex, Server, Who};
use plex_auth_ureq::{ClientIdentity, PlexTv, Token};
use ring::rand::{SecureRandom, SystemRandom};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A plex.tv with media servers, over HTTP.
pub(crate) struct Harness {
    pub(crate) server: Server,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self { server: Server::http(FakePlex::new()) }
    }

    /// The fake in plex.tv's place. A program has `PlexTv::new(me)` here.
    pub(crate) fn plex_tv(&self) -> Outcome<PlexTv> {
        plex_tv_at(self.server.url())
    }

    /// A token of this account's.
    pub(crate) fn token(&self, who: Who) -> Outcome<Token> {
        Ok(Token::new(self.server.with(|fake| fake.account(who).token().to_owned()))?)
    }

    /// Types the code at plex.tv/link, as this account's owner does.
    pub(crate) fn link(&self, code: &str, who: Who) {
        self.server.with(|fake| fake.link_pin(code, who, now()));
    }

    /// How many requests with this verb came to this path.
    pub(crate) fn seen(&self, method: &str, path: &str) -> usize {
        self.server.with(|fake| fake.seen(method, path))
    }
}

pub(crate) fn plex_tv_at(url: &str) -> Outcome<PlexTv> {
    let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58")
        .product("Kites & Lanterns")
        .version("1.0")
        .build()?;
    Ok(PlexTv::at(me, format!("{url}/api/v2").parse()?))
}

/// By the clock, in Unix seconds.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| io::Error::other("the system has no randomness"))?;
    Ok(bytes)
}

/// An empty folder, removed when this is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let path = env::temp_dir().join(format!("plex-auth-recipes-{}-{name}", process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies among other temporary things.
        let _ = fs::remove_dir_all(&self.0);
    }
}
