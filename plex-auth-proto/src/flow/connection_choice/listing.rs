//! The parts of a listed server that are needed to choose a connection.

use crate::media_server::source_connection_information::{SourceConnection, SourceDevice};
use crate::plex_tv::resource::{Resource, ResourceConnection};

#[derive(Clone, Debug)]
pub(super) struct ListedServer {
    pub(super) identifier: Option<String>,
    pub(super) public_address_matches: Option<bool>,
    pub(super) https_required: Option<bool>,
    pub(super) connections: Vec<ListedConnection>,
}

#[derive(Clone, Debug)]
pub(super) struct ListedConnection {
    pub(super) uri: Option<String>,
    pub(super) relay: bool,
    protocol: Option<String>,
}

impl ListedServer {
    /// Returns whether the list has an HTTPS connection, even one that cannot be used.
    pub(super) fn offers_https(&self) -> bool {
        let is_https = |text: &Option<String>| {
            let start = text.as_deref().and_then(|text| text.trim_start().get(..5));
            start.is_some_and(|start| start.eq_ignore_ascii_case("https"))
        };
        self.connections.iter().any(|listed| is_https(&listed.uri) || is_https(&listed.protocol))
    }
}

impl From<&Resource> for ListedServer {
    fn from(resource: &Resource) -> Self {
        Self {
            identifier: resource.client_identifier.clone(),
            public_address_matches: resource.public_address_matches,
            https_required: resource.https_required,
            connections: resource.connections.iter().map(ListedConnection::from).collect(),
        }
    }
}

impl From<&SourceDevice> for ListedServer {
    fn from(device: &SourceDevice) -> Self {
        Self {
            identifier: device.client_identifier.clone(),
            // Media servers do not report these.
            public_address_matches: None,
            https_required: None,
            connections: device.connections.iter().map(ListedConnection::from).collect(),
        }
    }
}

impl From<&ResourceConnection> for ListedConnection {
    fn from(connection: &ResourceConnection) -> Self {
        Self {
            uri: connection.uri.clone(),
            relay: connection.relay == Some(true),
            protocol: connection.protocol.clone(),
        }
    }
}

impl From<&SourceConnection> for ListedConnection {
    fn from(connection: &SourceConnection) -> Self {
        Self {
            uri: connection.uri.clone(),
            relay: connection.relay == Some(true),
            protocol: connection.protocol.clone(),
        }
    }
}
