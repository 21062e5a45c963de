use std::fmt;
use std::time::Duration;

use crate::error::Error;
use crate::values::server_url::{InvalidServerUrl, ServerUrl};

/// A connection considered by a [`ConnectionChoice`](crate::flow::ConnectionChoice), and its state.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionCandidate {
    /// The connection's `uri`, or the plain HTTP URL of the private address that a `plex.direct`
    /// name stands for. Absent if the `uri` is missing or not a server URL.
    pub url: Option<ServerUrl>,
    /// The kind of connection.
    pub kind: ConnectionKind,
    /// Whether the host is an IPv6 address, or a `plex.direct` name for one.
    pub ipv6: bool,
    /// The candidate's state.
    pub state: CandidateState,
}

/// The kinds of connections to a server, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConnectionKind {
    /// A connection to a private or loopback address, not necessarily on the caller's network.
    Local,
    /// Any other direct connection, usually over the internet.
    Remote,
    /// A connection through Plex's relay, at about 2 Mbit/s.
    Relay,
}

/// Writes `local`, `remote` or `relay`.
impl fmt::Display for ConnectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Remote => "remote",
            Self::Relay => "relay",
        })
    }
}

/// The state of a [`ConnectionCandidate`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CandidateState {
    /// No request has been sent yet, or the driver cancelled the last one. In an outcome, this
    /// means that another candidate was chosen first.
    Waiting,
    /// A request is in flight. In an outcome, this means that another candidate was chosen first.
    InFlight,
    /// The right server responded.
    #[non_exhaustive]
    Verified {
        /// The time from the request to the response, by the caller's clock.
        took: Duration,
    },
    /// The candidate cannot be used.
    Failed(CandidateError),
}

/// The reason a [`ConnectionCandidate`] cannot be used. Its `Display` output is a single line
/// without the URL, and names the server only if a [request](Self::Request) failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CandidateError {
    /// No request was sent because the connection has no `uri`.
    #[error("the URI is missing")]
    NoUri,
    /// No request was sent because the `uri` is not a server URL.
    #[error("the URI {}", .0.problem())]
    UnusableUri(InvalidServerUrl),
    /// No request was sent because the address is unspecified (`::` or `0.0.0.0`) or link-local
    /// (`fe80::/10`). A link-local address works only within a single network link.
    #[error("the address is not routable")]
    NotRoutable,
    /// No request was sent because a token sent to this address would not be encrypted. See
    /// [`allow_plain_http`](crate::flow::ConnectionChoice::allow_plain_http).
    #[error("plain HTTP is not allowed")]
    PlainHttp,
    /// The time limit was reached before a request was sent, or before a request that the driver
    /// had cancelled was sent again.
    #[error("the time limit was reached before this connection could be checked")]
    NotTried,
    /// A different server responded. No token was sent to it.
    #[error("a different server responded")]
    OtherServer,
    /// The request failed, for example because the name was not found, the connection was refused
    /// or the response came from a proxy.
    ///
    /// If a `plex.direct` name [was not found](crate::error::TransportErrorKind::NameNotFound)
    /// although the network is up, the router probably blocks names that resolve to private
    /// addresses (DNS rebinding protection). Allow `plex.direct` in the router's settings.
    #[error("{0}")]
    Request(Error),
}

/// Writes the URL (or `invalid connection` without one), the kind and the state, such as
/// `https://10-0-2-1.feed.plex.direct:32400 (local): in flight`.
impl fmt::Display for ConnectionCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.url {
            Some(url) => write!(f, "{url} ({}): ", self.kind)?,
            None => write!(f, "invalid connection ({}): ", self.kind)?,
        }
        match &self.state {
            CandidateState::Waiting => f.write_str("not tried"),
            CandidateState::InFlight => f.write_str("in flight"),
            CandidateState::Verified { took } => write!(f, "verified in {took:?}"),
            CandidateState::Failed(CandidateError::Request(Error::Transport(transport_error))) => {
                transport_error.kind().fmt(f)
            }
            // Candidates are displayed in a list, which would repeat the advice.
            CandidateState::Failed(CandidateError::Request(error)) => write!(f, "{error:#}"),
            CandidateState::Failed(error) => error.fmt(f),
        }
    }
}
