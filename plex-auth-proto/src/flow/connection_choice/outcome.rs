use std::fmt;
use std::time::Duration;

use super::address;
use super::candidate::{CandidateError, CandidateState, ConnectionCandidate, ConnectionKind};
use crate::error::Error;
use crate::media_server::server_identity::ServerIdentity;
use crate::media_server::{MediaServer, MediaServerAddress};
use crate::values::server_url::ServerUrl;
use crate::values::token::Token;

/// The connection that a [`ConnectionChoice`](crate::flow::ConnectionChoice) has chosen: the right
/// server responded over it, and no token has been sent over it yet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChosenConnection {
    /// The server's URL, and the client identity to use with it.
    pub address: MediaServerAddress,
    /// The kind of connection.
    pub kind: ConnectionKind,
    /// Whether the host is an IPv6 address, or a `plex.direct` name for one.
    pub ipv6: bool,
    /// The time that the server took to respond, by the caller's clock.
    pub took: Duration,
    /// The server's description of itself, from its response.
    pub server: ServerIdentity,
    /// All candidates: the usable ones from best to worst, then the rest. Their states show why a
    /// better one was not chosen.
    pub candidates: Vec<ConnectionCandidate>,
}

impl ChosenConnection {
    /// Returns the base URL.
    pub fn url(&self) -> &ServerUrl {
        self.address.url()
    }

    /// Returns whether the connection is plain HTTP. If it is, anyone on the network path can read
    /// the token, and the response does not prove which machine sent it.
    ///
    /// The choice of a plain HTTP connection is valid only on the network where the list of servers
    /// was fetched. After a network change, fetch the list and choose again before sending a token.
    pub fn is_plain_http(&self) -> bool {
        !self.url().is_https()
    }

    /// Returns a [`MediaServer`] that sends this token. The server must accept the token, which is
    /// usually the [`access_token`](crate::server::Resource::access_token) of the server's
    /// resource. If the server responds with 401, it does not accept the token: list the resources
    /// again.
    pub fn with_token(self, token: Token) -> MediaServer {
        self.address.with_token(token)
    }
}

/// The progress of a [`ConnectionChoice`](crate::flow::ConnectionChoice).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectionProgress {
    /// The candidates are being tried.
    #[non_exhaustive]
    Probing {
        /// All candidates: the usable ones from best to worst, then the rest.
        candidates: Vec<ConnectionCandidate>,
        /// The longest time that the choice can still take.
        left: Duration,
    },
    /// The choice is over.
    Finished,
}

/// The reason a [`ConnectionChoice`](crate::flow::ConnectionChoice) did not choose a connection.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionChoiceError {
    /// The list has no identifier for the server, so a response could come from any server. No
    /// request was sent. List the servers again.
    #[error(
        "the server list has no identifier for this server, so its responses cannot be verified; list the servers again"
    )]
    NoIdentifier,
    /// No candidate can be used. List the servers again, because connections change. See
    /// [`CandidateError`](crate::flow::CandidateError) for what else may help.
    #[error("could not connect to the server{}{}", Listing(.candidates), Advice { candidates, plain_http: *plain_http_skipped })]
    #[non_exhaustive]
    NoneReachable {
        /// All candidates, with the reason each one failed.
        candidates: Vec<ConnectionCandidate>,
        /// Whether there are plain HTTP addresses that were not tried because
        /// [`allow_plain_http`](crate::flow::ConnectionChoice::allow_plain_http) is off.
        plain_http_skipped: bool,
    },
}

/// The part of the error message that lists, after a colon, the first eight candidates and their
/// states.
struct Listing<'a>(&'a [ConnectionCandidate]);

impl Listing<'_> {
    const MAX_SHOWN: usize = 8;
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(": no connections are listed for it; list the servers again");
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

/// Advice for the user and for the program's author.
struct Advice<'a> {
    candidates: &'a [ConnectionCandidate],
    plain_http: bool,
}

impl fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.plain_http || self.candidates.iter().any(is_name_blocked) {
            f.write_str(
                ". If the router blocks plex.direct names (DNS rebinding protection), allow plex.direct in its settings.",
            )?;
        }
        if self.plain_http {
            f.write_str(" Plain HTTP addresses are tried only with allow_plain_http.")?;
        }
        Ok(())
    }
}

/// Returns whether the router may be blocking the candidate's name: the name stands for a private
/// address, and the request failed with a transport error.
fn is_name_blocked(candidate: &ConnectionCandidate) -> bool {
    let address = candidate.url.as_ref().and_then(address::of_plex_direct);
    let is_transport_error = matches!(
        candidate.state,
        CandidateState::Failed(CandidateError::Request(Error::Transport(_)))
    );
    is_transport_error && address.is_some_and(address::is_private)
}
