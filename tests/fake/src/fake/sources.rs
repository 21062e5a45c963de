//! The sources that a media server knows: other servers and providers.

/// A server or provider that a media server knows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Source {
    /// The URI of the source: `server://…` or `provider://…`.
    pub uri: String,
    /// The name.
    pub name: String,
    /// The client identifier.
    pub client_identifier: String,
    /// The connections.
    pub connections: Vec<Connection>,
}

/// A connection to a source.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Connection {
    /// The protocol: `http` or `https`.
    pub protocol: String,
    /// The host name or IP address.
    pub address: String,
    /// The port.
    pub port: u16,
    /// The complete URL.
    pub uri: String,
    /// Whether the address is private.
    pub local: bool,
    /// Whether the connection uses Plex's relay.
    pub relay: bool,
}

/// Returns the sources of the claimed server: another server with three connections, and a provider
/// with two.
pub(crate) fn sources() -> Vec<Source> {
    let connection = |address: &str, port, uri: &str, local, relay| Connection {
        protocol: "https".to_owned(),
        address: address.to_owned(),
        port,
        uri: uri.to_owned(),
        local,
        relay,
    };
    let server = "b1946ac92492d2347c6235b4d2611184f00dcafe";
    let hash = "3f9a0c7e5b1d4826a7c8e9f001122334";
    let direct = |address: &str, port: u16, local, relay| {
        let uri = format!("https://{}.{hash}.plex.direct:{port}", address.replace('.', "-"));
        connection(address, port, &uri, local, relay)
    };
    vec![
        Source {
            uri: format!("server://{server}"),
            name: "Attic".to_owned(),
            client_identifier: server.to_owned(),
            connections: vec![
                direct("192.168.7.20", 32400, true, false),
                direct("203.0.113.45", 21907, false, false),
                direct("198.51.100.9", 8443, false, true),
            ],
        },
        Source {
            uri: "provider://tv.example.provider.kites".to_owned(),
            name: "Kites".to_owned(),
            client_identifier: "tv.example.provider.kites".to_owned(),
            connections: vec![
                connection(
                    "kites.provider.example",
                    443,
                    "https://kites.provider.example",
                    false,
                    false,
                ),
                connection("kites.relay.example", 443, "https://kites.relay.example", false, true),
            ],
        },
    ]
}
