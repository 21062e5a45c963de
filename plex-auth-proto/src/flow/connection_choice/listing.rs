//! What plex.tv or a server lists, in order and without what leads nowhere.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::candidate::{CandidateError, CandidateState, ConnectionCandidate, ConnectionKind};
use crate::media_server::source_connection_information::{SourceConnection, SourceDevice};
use crate::plex_tv::resource::{Resource, ResourceConnection};
use crate::values::server_url::ServerUrl;

/// How many connections of a server are looked at. Ten are many; a hostile list makes no flood.
const MAX_CONNECTIONS: usize = 64;

/// A server as it is listed, with what decides which of its connections are tried.
#[derive(Clone, Debug)]
pub(super) struct ListedServer {
    pub(super) identifier: Option<String>,
    connections: Vec<Connection>,
    /// Whether its private addresses are those of the network of whoever asks.
    pub(super) private_addresses: bool,
    /// Whether the server is known to take what is not encrypted.
    takes_http: bool,
    /// Whether the caller allows that in place of a name that is not found.
    pub(super) bare_addresses: bool,
}

#[derive(Clone, Debug)]
struct Connection {
    address: Option<String>,
    port: Option<u16>,
    uri: Option<String>,
    local: Option<bool>,
    relay: bool,
    ipv6: bool,
}

/// A candidate, and the name that it stands for where it is a bare address.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) connection: ConnectionCandidate,
    pub(super) stands_for: Option<ServerUrl>,
}

impl ListedServer {
    pub(super) fn resource(resource: &Resource) -> Self {
        let is_true = |flag| flag == Some(true);
        Self {
            identifier: resource.client_identifier.clone(),
            connections: resource
                .connections
                .iter()
                .take(MAX_CONNECTIONS)
                .map(Connection::from)
                .collect(),
            private_addresses: is_true(resource.owned) || is_true(resource.public_address_matches),
            takes_http: resource.https_required == Some(false),
            bare_addresses: false,
        }
    }

    pub(super) fn source(device: &SourceDevice) -> Self {
        Self {
            identifier: device.client_identifier.clone(),
            connections: device
                .connections
                .iter()
                .take(MAX_CONNECTIONS)
                .map(Connection::from)
                .collect(),
            // Nothing is said about whose it is, nor about what it takes.
            private_addresses: false,
            takes_http: false,
            bare_addresses: false,
        }
    }

    /// The candidates from the best to the worst, behind them what is not asked at all.
    pub(super) fn candidates(&self) -> Vec<Planned> {
        let mut all: Vec<_> =
            self.connections.iter().map(|connection| self.candidate(connection)).collect();
        all.sort_by_key(rank);
        let mut urls: Vec<ServerUrl> = Vec::new();
        for Planned { connection, .. } in &mut all {
            let Some(url) = connection.url.as_ref().filter(|_| !is_excluded(connection)) else {
                continue;
            };
            if urls.contains(url) {
                connection.state = CandidateState::Failed(CandidateError::Duplicate);
            } else {
                urls.push(url.clone());
            }
        }
        if self.bare_addresses && self.takes_http {
            let connections = self.connections.iter();
            let bare = connections.filter_map(|connection| self.bare_address(connection));
            let mut bare: Vec<_> = bare.collect();
            bare.retain(|bare| {
                let url = bare.connection.url.as_ref();
                let is_new = url.is_some_and(|url| !urls.contains(url));
                urls.extend(url.cloned());
                is_new
            });
            all.extend(bare);
        }
        all.sort_by_key(rank);
        all
    }

    fn candidate(&self, connection: &Connection) -> Planned {
        let kind = connection.kind();
        let (url, loss) = match connection.uri.as_deref().map(str::parse::<ServerUrl>) {
            None => (None, Some(CandidateError::NoUri)),
            Some(Err(invalid)) => (None, Some(CandidateError::UnusableUri(invalid))),
            Some(Ok(url)) => {
                let loss = if connection.is_unroutable(&url) {
                    Some(CandidateError::NotRoutable)
                } else if kind == ConnectionKind::Local && !self.private_addresses {
                    Some(CandidateError::ForeignNetwork)
                } else {
                    None
                };
                (Some(url), loss)
            }
        };
        let of_url = url.as_ref().and_then(|url| ip(url.host()));
        let ip = connection.ip().or(of_url);
        let connection = ConnectionCandidate {
            url,
            kind,
            ipv6: connection.ipv6 || ip.is_some_and(|ip| ip.is_ipv6()),
            bare_address: false,
            state: loss.map_or(CandidateState::Waiting, CandidateState::Failed),
        };
        Planned { connection, stands_for: None }
    }

    /// What stands in for a `plex.direct` name that a router may refuse. That is one into the local network,
    /// and what is not encrypted does not leave that.
    fn bare_address(&self, connection: &Connection) -> Option<Planned> {
        let Planned { connection: name, .. } = self.candidate(connection);
        let url = name.url.clone().filter(|url| url.is_https() && is_plex_direct(url))?;
        if name.kind != ConnectionKind::Local || is_excluded(&name) {
            return None;
        }
        let address = SocketAddr::new(connection.ip()?, connection.port?);
        let bare = format!("http://{address}").parse().ok()?;
        let connection = ConnectionCandidate { url: Some(bare), bare_address: true, ..name };
        Some(Planned { connection, stands_for: Some(url) })
    }
}

impl Connection {
    fn ip(&self) -> Option<IpAddr> {
        ip(self.address.as_deref()?)
    }

    fn kind(&self) -> ConnectionKind {
        if self.relay {
            ConnectionKind::Relay
        } else if self.local.unwrap_or_else(|| self.ip().is_some_and(is_private)) {
            ConnectionKind::Local
        } else {
            ConnectionKind::Remote
        }
    }

    fn is_unroutable(&self, url: &ServerUrl) -> bool {
        let is_nowhere = |ip: IpAddr| {
            ip.is_unspecified() || matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
        };
        [self.ip(), ip(url.host())].into_iter().flatten().any(is_nowhere)
    }
}

impl From<&ResourceConnection> for Connection {
    fn from(connection: &ResourceConnection) -> Self {
        Self {
            address: connection.address.clone(),
            port: connection.port,
            uri: connection.uri.clone(),
            local: connection.local,
            relay: connection.relay == Some(true),
            ipv6: connection.ipv6 == Some(true),
        }
    }
}

impl From<&SourceConnection> for Connection {
    fn from(connection: &SourceConnection) -> Self {
        Self {
            address: connection.address.clone(),
            port: connection.port,
            uri: connection.uri.clone(),
            local: connection.local,
            relay: connection.relay == Some(true),
            ipv6: false,
        }
    }
}

/// What is tried first is least. What is lost already comes last.
fn rank(planned: &Planned) -> (bool, ConnectionKind, bool, bool, bool) {
    let Planned { connection, .. } = planned;
    let is_http = !connection.url.as_ref().is_some_and(ServerUrl::is_https);
    (is_excluded(connection), connection.kind, is_http, connection.ipv6, connection.bare_address)
}

fn is_excluded(connection: &ConnectionCandidate) -> bool {
    matches!(connection.state, CandidateState::Failed(_))
}

fn is_plex_direct(url: &ServerUrl) -> bool {
    url.host().to_ascii_lowercase().ends_with(".plex.direct")
}

/// The address, where the host is one: also in brackets, and with a zone.
fn ip(host: &str) -> Option<IpAddr> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let without_zone = || host.split_once('%')?.0.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    host.parse().ok().or_else(without_zone)
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback(),
    }
}
