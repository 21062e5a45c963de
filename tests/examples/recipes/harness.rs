//! The environment in which the recipes run: a fake Plex, an identity, and a temporary folder.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, io, process};

use plex_auth_fake::{FakePlex, Server, Who};
use plex_auth_ureq::{ClientIdentity, PlexTv, Token};
use ring::rand::{SecureRandom, SystemRandom};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A fake plex.tv with media servers, served over HTTP.
pub(crate) struct Harness {
    pub(crate) server: Server,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self { server: Server::http(FakePlex::new()) }
    }

    /// Returns a `PlexTv` for the fake. A real program uses `PlexTv::new(me)`.
    pub(crate) fn plex_tv(&self) -> Outcome<PlexTv> {
        plex_tv_at(self.server.url())
    }

    /// Returns this account's token.
    pub(crate) fn token(&self, who: Who) -> Outcome<Token> {
        Ok(Token::new(self.server.with(|fake| fake.account(who).token().to_owned()))?)
    }

    /// Links the code, as this account's user would do at plex.tv/link.
    pub(crate) fn link(&self, code: &str, who: Who) {
        self.server.with(|fake| fake.link_pin(code, who, now()));
    }

    /// Returns the number of requests with this method and path that the fake has received.
    pub(crate) fn seen(&self, method: &str, path: &str) -> usize {
        self.server.with(|fake| fake.seen(method, path))
    }
}

/// Returns a `PlexTv` for the fake at this URL. A real program creates its client identifier once,
/// saves it, and reads it at each start.
pub(crate) fn plex_tv_at(url: &str) -> Outcome<PlexTv> {
    let me = ClientIdentity::builder("recipes").product("Example Player").build()?;
    Ok(PlexTv::at(me, format!("{url}/api/v2").parse()?))
}

/// Returns the current time in Unix seconds.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Returns cryptographically secure random bytes.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| io::Error::other("the system could not generate random bytes"))?;
    Ok(bytes)
}

/// An empty folder, which is removed when this value is dropped.
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
        // If this fails, the folder is left among the other temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
