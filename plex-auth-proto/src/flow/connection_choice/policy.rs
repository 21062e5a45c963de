//! The policy that determines which connections are candidates, in which order, and which of them
//! may use plain HTTP.

use std::collections::HashSet;
use std::net::SocketAddr;

use super::address;
use super::candidate::{CandidateError, CandidateState, ConnectionCandidate, ConnectionKind};
use super::listing::{ListedConnection, ListedServer};
use crate::values::server_url::ServerUrl;

// Real lists are much shorter. A hostile list must not cause a flood of requests.
const MAX_CANDIDATES: usize = 64;

/// Returns up to 64 candidates without duplicates: the usable ones from best to worst, then the
/// rest.
pub(super) fn candidates(
    server: &ListedServer,
    allow_plain_http: bool,
) -> Vec<ConnectionCandidate> {
    let by_setting = allow_plain_http && server.https_required != Some(true);
    let in_own_network = is_own_network(server);
    let allows_http = |url: &ServerUrl| {
        let is_private = || address::of_literal(url).is_some_and(address::is_private);
        by_setting || in_own_network && is_private()
    };
    let mut candidates: Vec<_> =
        server.connections.iter().map(|listed| candidate(listed, allows_http)).collect();
    if allow_plain_http && server.https_required == Some(false) {
        let addresses: Vec<_> = candidates.iter().filter_map(without_name).collect();
        candidates.extend(addresses);
    }
    candidates.sort_by_key(rank);
    let mut urls = HashSet::new();
    candidates
        .retain(|candidate| candidate.url.as_ref().is_none_or(|url| urls.insert(url.clone())));
    candidates.truncate(MAX_CANDIDATES);
    candidates
}

/// Returns whether there are plain HTTP addresses that are usable only if plain HTTP is allowed.
pub(super) fn skips_plain_http(server: &ListedServer) -> bool {
    let count_usable = |allow_plain_http| {
        let candidates = candidates(server, allow_plain_http);
        candidates.iter().filter(|candidate| !is_excluded(candidate)).count()
    };
    count_usable(true) > count_usable(false)
}

/// Returns each candidate's turn: 0 for the first candidate of each rank, 1 for the second, and so
/// on.
///
/// Requests are started in the order of these turns, just as RFC 8305 alternates between address
/// families, so that a rank whose addresses all hang does not delay the others.
pub(super) fn turns(candidates: &[ConnectionCandidate]) -> Vec<usize> {
    let turn = |(index, candidate)| {
        let earlier = candidates.iter().take(index);
        earlier.filter(|earlier| rank(earlier) == rank(candidate)).count()
    };
    candidates.iter().enumerate().map(turn).collect()
}

fn candidate(
    listed: &ListedConnection,
    allows_http: impl Fn(&ServerUrl) -> bool,
) -> ConnectionCandidate {
    let (url, error) = match listed.uri.as_deref().map(str::parse::<ServerUrl>) {
        None => (None, Some(CandidateError::NoUri)),
        Some(Err(invalid)) => (None, Some(CandidateError::UnusableUri(invalid))),
        Some(Ok(url)) if address::of_host(&url).is_some_and(address::is_unroutable) => {
            (Some(url), Some(CandidateError::NotRoutable))
        }
        Some(Ok(url)) if !url.is_https() && !allows_http(&url) => {
            (Some(url), Some(CandidateError::PlainHttp))
        }
        Some(Ok(url)) => (Some(url), None),
    };
    let address = url.as_ref().and_then(address::of_host);
    let kind = match address {
        _ if listed.relay => ConnectionKind::Relay,
        Some(address) if address::is_private(address) => ConnectionKind::Local,
        _ => ConnectionKind::Remote,
    };
    ConnectionCandidate {
        url,
        kind,
        ipv6: address.is_some_and(|address| address.is_ipv6()),
        state: error.map_or(CandidateState::Waiting, CandidateState::Failed),
    }
}

/// Returns whether, according to the list, plain HTTP to a private address stays within the
/// caller's own network and is the only way to reach the server.
///
/// `owned` is not enough: an owner can be on a hotel network, where another machine has the
/// server's address.
fn is_own_network(server: &ListedServer) -> bool {
    server.public_address_matches == Some(true)
        && server.https_required == Some(false)
        && !server.offers_https()
}

/// Returns a plain HTTP candidate for the private address, if any, that the candidate's
/// `plex.direct` name stands for. A router may block such a name.
fn without_name(candidate: &ConnectionCandidate) -> Option<ConnectionCandidate> {
    let name = candidate.url.as_ref().filter(|url| url.is_https())?;
    let address = address::of_plex_direct(name).filter(|address| address::is_private(*address))?;
    let url = format!("http://{}", SocketAddr::new(address, name.port()?)).parse().ok()?;
    Some(ConnectionCandidate { url: Some(url), ..candidate.clone() })
}

/// Returns the rank of a candidate. Every usable HTTPS connection, even a relayed one, comes before
/// plain HTTP: protecting the token is more important than speed.
fn rank(candidate: &ConnectionCandidate) -> (bool, bool, ConnectionKind, bool) {
    let is_http = !candidate.url.as_ref().is_some_and(ServerUrl::is_https);
    (is_excluded(candidate), is_http, candidate.kind, candidate.ipv6)
}

fn is_excluded(candidate: &ConnectionCandidate) -> bool {
    matches!(candidate.state, CandidateState::Failed(_))
}
