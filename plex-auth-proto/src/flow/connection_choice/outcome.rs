use std::fmt;
use std::time::Duration;

use super::candidate::{ConnectionCandidate, ConnectionKind};
use crate::media_server::server_identity::ServerIdentity;
use crate::media_server::{MediaServer, MediaServerAddress};
use crate::values::server_url::ServerUrl;
use crate::values::token::Token;

/// The connection that a [`ConnectionChoice`](crate::flow::ConnectionChoice) has chosen: the right server has
/// answered there, and has not been sent a token yet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChosenConnection {
    /// Where the server is, and who is asking.
    pub address: MediaServerAddress,
    /// Over which kind of way it is reached.
    pub kind: ConnectionKind,
    /// Whether over IPv6.
    pub ipv6: bool,
    /// Whether it is a bare address in place of a `plex.direct` name, without encryption.
    pub bare_address: bool,
    /// How long the server took to answer, by the caller's clock.
    pub took: Duration,
    /// What the server says of itself.
    pub server: ServerIdentity,
    /// All candidates from the best to the worst, to see why a better one was not chosen.
    pub candidates: Vec<ConnectionCandidate>,
}

impl ChosenConnection {
    /// The base URL.
    pub fn url(&self) -> &ServerUrl {
        self.address.url()
    }

    /// The server, asked with a token that opens it: mostly the
    /// [`access_token`](crate::server::Resource::access_token) of its resource. A 401 there concerns the token: list
    /// the resources again.
    pub fn with_token(self, token: Token) -> MediaServer {
        self.address.with_token(token)
    }
}

/// How far a [`ConnectionChoice`](crate::flow::ConnectionChoice) has come.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectionProgress {
    /// The candidates are being asked.
    #[non_exhaustive]
    Probing {
        /// All of them from the best to the worst, behind them what is not asked at all.
        candidates: Vec<ConnectionCandidate>,
        /// How long it takes at most.
        left: Duration,
    },
    /// It is over.
    Finished,
}

/// Why a [`ConnectionChoice`](crate::flow::ConnectionChoice) has chosen none.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionChoiceError {
    /// The list does not say which server is meant, so that whatever answers may be another. Nothing was
    /// asked. List the servers again.
    #[error("the server has no client identifier that what answers could be compared with")]
    NoIdentifier,
    /// No candidate is of use. List the servers again, as connections change; each
    /// [error](crate::flow::CandidateError) says what else helps.
    #[error("no connection leads to the server{}", Listing(.candidates))]
    #[non_exhaustive]
    NoneReachable {
        /// All of them, and why each failed.
        candidates: Vec<ConnectionCandidate>,
    },
}

/// Behind a colon what became of the candidates, of as many as a line can take.
struct Listing<'a>(&'a [ConnectionCandidate]);

impl Listing<'_> {
    const MAX_SHOWN: usize = 8;
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(": it lists none");
        }
        for (index, candidate) in self.0.iter().take(Self::MAX_SHOWN).enumerate() {
            let separator = if index == 0 { ": " } else { "; " };
            write!(f, "{separator}{candidate}")?;
        }
        match self.0.len().saturating_sub(Self::MAX_SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}
