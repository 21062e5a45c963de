//! The media servers: one that Rosa has claimed, and one that nobody has.

mod about;
mod claim;
mod resources;
mod transient_token;

use std::collections::BTreeMap;

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::ask::Ask;
use super::render::{self, Element};
use super::tokens;
use super::{FakePlex, Who};

/// One of the media servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Which {
    /// Rosa's from the beginning. It answers at the root, and under `/pms`.
    Claimed,
    /// Nobody's from the beginning. It answers under `/unclaimed`.
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

/// Somebody who may use a server, and the token that plex.tv hands out for that.
#[derive(Debug, Clone)]
struct Access {
    who: Who,
    token: String,
}

/// Something that a media server knows how to reach: another server, or a provider.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Source {
    /// How it is asked for: `server://…` or `provider://…`.
    pub uri: String,
    /// Its name.
    pub name: String,
    /// Its client identifier.
    pub client_identifier: String,
    /// Where it can be reached.
    pub connections: Vec<Connection>,
}

/// One way to reach a source.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Connection {
    /// `http` or `https`.
    pub protocol: String,
    /// Host name or IP address.
    pub address: String,
    /// Port.
    pub port: u16,
    /// The whole URL.
    pub uri: String,
    /// Whether the address is a private one.
    pub local: bool,
    /// Whether it goes through Plex's relay.
    pub relay: bool,
}

impl MediaServer {
    /// Which of the servers it is.
    pub fn which(&self) -> Which {
        self.which
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Its identifier, which is its client identifier at plex.tv.
    pub fn machine_identifier(&self) -> &str {
        self.machine_identifier
    }

    /// The path that it answers under.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// Who has claimed it.
    pub fn admin(&self) -> Option<Who> {
        self.admin
    }

    /// Its version.
    pub fn version(&self) -> &str {
        VERSION
    }

    /// The token that plex.tv hands out to an account for this server; none to one that may not use it.
    pub fn access_token(&self, who: Who) -> Option<&str> {
        self.access.iter().find(|access| access.who == who).map(|access| access.token.as_str())
    }

    /// Whether it answers at the root, too.
    pub(crate) fn is_at_the_root(&self) -> bool {
        self.which == Which::Claimed
    }

    /// What it knows how to reach.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    pub(crate) fn restart(&mut self) {
        self.transient.clear();
    }

    fn claim(&mut self, who: Who) {
        self.admin = Some(who);
        self.admit(who);
    }

    /// Nobody's again: all that it has let in is out.
    fn unclaim(&mut self) {
        self.admin = None;
        self.access.clear();
        self.transient.clear();
    }

    /// Lets an account in, with a token of its own for this server.
    fn admit(&mut self, who: Who) {
        self.admitted += 1;
        let first = match self.which {
            Which::Claimed => 1_000_000,
            Which::Unclaimed => 2_000_000,
        };
        self.access.push(Access { who, token: tokens::opaque(first + self.admitted) });
    }

    /// A new transient token with the rights of this account.
    fn issue(&mut self, who: Who, now: u64) -> String {
        let token = self.unregistered_token();
        let expires_at = now.saturating_add(TRANSIENT_SECONDS);
        self.transient.insert(token.clone(), Transient { who, expires_at });
        token
    }

    /// A transient token that opens something else.
    fn unregistered_token(&mut self) -> String {
        self.made += 1;
        tokens::transient(self.made)
    }
}

const VERSION: &str = "1.99.1.4711-b0a7b0a75";

/// Transient tokens live for 48 hours.
const TRANSIENT_SECONDS: u64 = 48 * 60 * 60;

#[derive(Debug, Clone, Copy)]
struct Transient {
    who: Who,
    expires_at: u64,
}

/// Both of them.
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
            sources: resources::sources(),
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

/// Answers a request that got this far, or refuses with a status and a page.
type Handler = fn(&mut FakePlex, Which, &Ask<'_>) -> Result<Response<Vec<u8>>, StatusCode>;

/// Verb, path, who answers. No verb is any verb.
const ROUTES: &[(Option<&str>, &str, Handler)] = &[
    (None, "/security/token", transient_token::answer),
    (Some("GET"), "/security/resources", resources::answer),
    (Some("GET"), "/identity", about::identity),
    (Some("POST"), "/myplex/claim", claim::claim),
    (Some("DELETE"), "/myplex/account", claim::unclaim),
    (Some("GET"), "/", about::root),
];

/// Whether a path is one of a media server's.
pub(crate) fn knows(path: &str) -> bool {
    ROUTES.iter().any(|(_, known, _)| *known == path)
}

/// A media server's answer.
pub(crate) fn answer(
    plex: &mut FakePlex,
    which: Which,
    path: &str,
    ask: &Ask<'_>,
) -> Response<Vec<u8>> {
    let mut refusal = StatusCode::NOT_FOUND;
    for (verb, known, handler) in ROUTES {
        if *known == path && verb.is_none_or(|verb| verb == ask.method()) {
            return handler(plex, which, ask).unwrap_or_else(render::html);
        }
        if *known == path {
            refusal = StatusCode::METHOD_NOT_ALLOWED;
        }
    }
    render::html(refusal)
}

/// Whose token was asked with. 401 to none, an unknown one, and one that does not open this server.
fn authenticate(plex: &FakePlex, which: Which, ask: &Ask<'_>) -> Result<Who, StatusCode> {
    let token = ask.token().ok_or(StatusCode::UNAUTHORIZED)?;
    let server = plex.server(which);
    let transient =
        server.transient.get(&token).filter(|transient| ask.now() < transient.expires_at);
    let access = server.access.iter().find(|access| access.token == token);
    let who = transient.map(|transient| transient.who).or(access.map(|access| access.who));
    // No media server takes a signed token.
    let issued = plex.tokens.find(&token).filter(|issued| issued.expires_at.is_none());
    let who = who.or(issued.map(|issued| issued.who));
    who.filter(|who| server.access_token(*who).is_some()).ok_or(StatusCode::UNAUTHORIZED)
}

/// A `MediaContainer` in the representation that was asked for.
fn container(ask: &Ask<'_>, body: Value) -> Response<Vec<u8>> {
    if ask.wants_json() {
        return render::media_server_json(&json!({ "MediaContainer": body }));
    }
    let members = body.as_object().cloned().unwrap_or_default();
    render::xml(StatusCode::OK, &Element::media_server("MediaContainer", &members))
}
