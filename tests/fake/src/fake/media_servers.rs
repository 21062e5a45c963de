//! The media servers: one claimed by Rosa, and an unclaimed one.

use std::collections::BTreeMap;

use super::accounts::Who;
use super::sources::{self, Source};
use super::tokens;

/// One of the media servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Which {
    /// The server that is initially claimed by Rosa. It is served at the root and under `/pms`.
    Claimed,
    /// The server that is initially unclaimed. It is served under `/unclaimed`.
    Unclaimed,
}

/// A media server.
#[derive(Debug)]
pub struct MediaServer {
    which: Which,
    name: &'static str,
    machine_identifier: &'static str,
    prefix: &'static str,
    admin: Option<Who>,
    access: Vec<Access>,
    sources: Vec<Source>,
    transient: BTreeMap<String, Transient>,
    made: u64,
    admitted: u64,
}

/// An account with access to a server, and the access token that plex.tv returns to the account.
#[derive(Debug, Clone)]
struct Access {
    who: Who,
    token: String,
}

impl MediaServer {
    /// Returns which media server this is.
    pub fn which(&self) -> Which {
        self.which
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Returns the machine identifier, which is also the server's client identifier at plex.tv.
    pub fn machine_identifier(&self) -> &str {
        self.machine_identifier
    }

    /// Returns the path that the server is served under.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// Returns the account that claimed the server, or `None` if the server is unclaimed.
    pub fn admin(&self) -> Option<Who> {
        self.admin
    }

    /// Returns the version.
    pub fn version(&self) -> &str {
        VERSION
    }

    /// Returns an account's access token for this server, which plex.tv includes in the account's
    /// resources. Returns `None` if the account has no access.
    pub fn access_token(&self, who: Who) -> Option<&str> {
        self.access.iter().find(|access| access.who == who).map(|access| access.token.as_str())
    }

    /// Returns the account that a token issued for this server belongs to, or `None` if the token
    /// is unknown or has expired.
    pub(crate) fn owner_of(&self, token: &str, now: u64) -> Option<Who> {
        let transient = self.transient.get(token).filter(|transient| now < transient.expires_at);
        let access = self.access.iter().find(|access| access.token == token);
        transient.map(|transient| transient.who).or(access.map(|access| access.who))
    }

    /// Returns whether the server is also served at the root.
    pub(crate) fn is_at_the_root(&self) -> bool {
        self.which == Which::Claimed
    }

    /// Returns the sources that the server knows.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    pub(crate) fn restart(&mut self) {
        self.transient.clear();
    }

    pub(crate) fn claim(&mut self, who: Who) {
        self.admin = Some(who);
        self.admit(who);
    }

    /// Unclaims the server, so that all accounts lose access.
    pub(crate) fn unclaim(&mut self) {
        self.admin = None;
        self.access.clear();
        self.transient.clear();
    }

    /// Gives an account access, and issues it a token for this server.
    fn admit(&mut self, who: Who) {
        self.admitted += 1;
        let first = match self.which {
            Which::Claimed => 1_000_000,
            Which::Unclaimed => 2_000_000,
        };
        self.access.push(Access { who, token: tokens::opaque(first + self.admitted) });
    }

    /// Issues a transient token for this account.
    pub(crate) fn issue(&mut self, who: Who, now: u64) -> String {
        let token = self.unregistered_token();
        let expires_at = now.saturating_add(TRANSIENT_SECONDS);
        self.transient.insert(token.clone(), Transient { who, expires_at });
        token
    }

    /// Creates a transient token without registering it, so that this server does not accept it.
    pub(crate) fn unregistered_token(&mut self) -> String {
        self.made += 1;
        tokens::transient(self.made)
    }
}

const VERSION: &str = "1.99.1.4711-b0a7b0a75";

/// The lifetime of a transient token, in seconds.
const TRANSIENT_SECONDS: u64 = 48 * 60 * 60;

#[derive(Debug, Clone, Copy)]
struct Transient {
    who: Who,
    expires_at: u64,
}

/// Both media servers.
#[derive(Debug)]
pub(crate) struct MediaServers {
    claimed: MediaServer,
    unclaimed: MediaServer,
}

impl MediaServers {
    pub(crate) fn new() -> Self {
        let server = |which, name, machine_identifier, prefix| MediaServer {
            which,
            name,
            machine_identifier,
            prefix,
            admin: None,
            access: Vec::new(),
            sources: Vec::new(),
            transient: BTreeMap::new(),
            made: 0,
            admitted: 0,
        };
        let mut claimed = MediaServer {
            sources: sources::sources(),
            ..server(
                Which::Claimed,
                "Boathouse",
                "0f6b21c3a9d84e75b0c1f2a3948576e1d2c3b4a5",
                "/pms",
            )
        };
        claimed.claim(Who::PlexPass);
        claimed.admit(Who::Managed);
        Self {
            claimed,
            unclaimed: server(
                Which::Unclaimed,
                "Shed",
                "7a8b9c0d1e2f30415263748596a7b8c9d0e1f2a3",
                "/unclaimed",
            ),
        }
    }

    pub(crate) fn get(&self, which: Which) -> &MediaServer {
        match which {
            Which::Claimed => &self.claimed,
            Which::Unclaimed => &self.unclaimed,
        }
    }

    pub(crate) fn get_mut(&mut self, which: Which) -> &mut MediaServer {
        match which {
            Which::Claimed => &mut self.claimed,
            Which::Unclaimed => &mut self.unclaimed,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &MediaServer> {
        [&self.claimed, &self.unclaimed].into_iter()
    }
}
