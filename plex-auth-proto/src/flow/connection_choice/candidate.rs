use std::fmt;
use std::time::Duration;

use crate::error::Error;
use crate::values::server_url::{InvalidServerUrl, ServerUrl};

/// One way to reach a server, as a [`ConnectionChoice`](crate::flow::ConnectionChoice) sees it, and what has become
/// of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionCandidate {
    /// Where it leads, as the connection's `uri` says. Absent where that is missing or no URL of a server.
    pub url: Option<ServerUrl>,
    /// Over which kind of way.
    pub kind: ConnectionKind,
    /// Whether the address is one of IPv6, by its flag or by its looks.
    pub ipv6: bool,
    /// Whether it is the bare address in place of a `plex.direct` name, without encryption: there are none
    /// unless [allowed](crate::flow::ConnectionChoice::bare_addresses).
    pub bare_address: bool,
    /// What has become of it.
    pub state: CandidateState,
}

/// The kinds of ways to a server, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConnectionKind {
    /// Within the network of whoever asks.
    Local,
    /// Through the internet, straight to the server.
    Remote,
    /// Over Plex's relay, at about 2 Mbit/s.
    Relay,
}

/// `local`, `remote` or `relay`.
impl fmt::Display for ConnectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Remote => "remote",
            Self::Relay => "relay",
        })
    }
}

/// What has become of a [`ConnectionCandidate`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CandidateState {
    /// It is not asked yet. In an outcome: it was not needed any more.
    Waiting,
    /// It is asked and has not answered yet. In an outcome: another was chosen meanwhile.
    InFlight,
    /// The right server answers there.
    #[non_exhaustive]
    Verified {
        /// How long it took from the question to the answer, by the caller's clock.
        took: Duration,
    },
    /// It is of no use, and why.
    Failed(CandidateError),
}

/// Why a [`ConnectionCandidate`] is of no use. `Display` is one line that does not repeat the URL, except
/// where a call [failed](Self::Request).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CandidateError {
    /// Not asked: the connection has no `uri`.
    #[error("the connection has no uri")]
    NoUri,
    /// Not asked: its `uri` is no URL of a server, and what is wrong with it.
    #[error("the uri of the connection cannot be used: {0}")]
    UnusableUri(InvalidServerUrl),
    /// Not asked: the address is `::` or `0.0.0.0`, which is none, or starts with `fe80:`, which is of use on
    /// one cable alone.
    #[error("the address leads nowhere")]
    NotRoutable,
    /// Not asked: the address is a private one in a network that is not known to be yours, where another
    /// machine has it; see [`private_addresses`](crate::flow::ConnectionChoice::private_addresses).
    #[error("the address is a private one in a network that is not known to be yours")]
    ForeignNetwork,
    /// Not asked: a better one has the same URL.
    #[error("a better connection has the same URL")]
    Duplicate,
    /// Not asked: it is a bare address, and the name that it stands for was found.
    #[error("the name that the address stands for was found")]
    NameResolved,
    /// Not asked: the time was over before its turn came.
    #[error("the time was over before it could be asked")]
    NotTried,
    /// Another server answers there. It was sent no token.
    #[error("another server answers there")]
    OtherServer,
    /// No right answer came, and why: the name was not found, the connection was refused, no answer within
    /// the time, a page of a proxy's, ...
    ///
    /// Where a `plex.direct` name
    /// [was not found](crate::error::TransportErrorKind::NameNotFound) and the network is up, the router refuses names
    /// that lead into its own network (DNS rebinding protection): its owner can allow `plex.direct` there.
    #[error("{0}")]
    Request(Error),
}

/// `https://10-0-2-1.feed.plex.direct:32400 (local): asked`
impl fmt::Display for ConnectionCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.url {
            Some(url) => write!(f, "{url} ({}): ", self.kind)?,
            None => write!(f, "one without a URL ({}): ", self.kind)?,
        }
        match &self.state {
            CandidateState::Waiting => f.write_str("not asked"),
            CandidateState::InFlight => f.write_str("asked"),
            CandidateState::Verified { took } => write!(f, "answered within {took:?}"),
            CandidateState::Failed(CandidateError::Request(Error::Transport(transport_error))) => {
                transport_error.kind().fmt(f)
            }
            CandidateState::Failed(loss) => loss.fmt(f),
        }
    }
}
