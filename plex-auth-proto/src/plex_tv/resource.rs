use crate::values::token::Token;
use crate::wire::lenient;
use crate::wire::redaction::redacted_debug;

pub(crate) mod resources;

lenient::object! {
    /// A resource that an account has access to, usually a media server.
    ///
    /// `Debug` redacts the token, the names and the public address, but not the addresses and URLs
    /// of connections.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct Resource {
        /// The name of the resource, as set by its owner.
        pub name: Option<String>,
        /// The product, such as `Plex Media Server`.
        pub product: Option<String>,
        /// The version of the product.
        pub product_version: Option<String> as "productVersion",
        /// The platform, such as `Linux`.
        pub platform: Option<String>,
        /// The version of the platform.
        pub platform_version: Option<String> as "platformVersion",
        /// The type of device, such as `PC`.
        pub device: Option<String>,
        /// The client identifier. Media servers call it `machineIdentifier`.
        pub client_identifier: Option<String> as "clientIdentifier",
        /// The time at which the resource was registered, in Plex's format: `2021-10-01T01:02:03Z`.
        pub created_at: Option<String> as "createdAt",
        /// The time at which Plex last saw the resource, in the format of
        /// [`created_at`](Self::created_at).
        pub last_seen_at: Option<String> as "lastSeenAt",
        /// The capabilities, separated by commas: `server`, `player`, `client`, `controller`, … See
        /// [`provides`](Self::provides).
        pub provides: Option<String>,
        /// The owner's numeric account ID. `None` if the requesting account is the owner.
        pub owner_id: Option<u64> as "ownerId",
        /// The owner's name. Usually `None` if the requesting account is the owner.
        pub source_title: Option<String> as "sourceTitle",
        /// The public IP address of the resource's network.
        pub public_address: Option<String> as "publicAddress",
        /// The account's token for this server. `None` if the resource does not require a token. If
        /// the list was requested with a JWT, this may be the JWT itself, which servers refuse (see
        /// [`Token`]).
        pub access_token: Option<Token> as "accessToken",
        /// Whether the requesting account is the owner.
        pub owned: Option<bool>,
        /// Whether the owner is part of the account's Home.
        pub home: Option<bool>,
        /// Whether the resource is a copy for offline use.
        pub synced: Option<bool>,
        /// Whether the resource can be reached through Plex's relay.
        pub relay: Option<bool>,
        /// Whether Plex considers the resource online.
        pub presence: Option<bool>,
        /// Whether the resource accepts only encrypted connections, which rules out `http`.
        pub https_required: Option<bool> as "httpsRequired",
        /// Whether the requesting client has the same public IP address as the resource, and so is
        /// probably on the same network.
        pub public_address_matches: Option<bool> as "publicAddressMatches",
        /// Whether the resource's network blocks host names that resolve to private addresses, such
        /// as those under `plex.direct`.
        pub dns_rebinding_protection: Option<bool> as "dnsRebindingProtection",
        /// Whether the resource can be reached at its public address from inside its network.
        pub nat_loopback_supported: Option<bool> as "natLoopbackSupported",
        /// The connections, in Plex's order.
        pub connections: Vec<ResourceConnection>,
    }
}

impl Resource {
    /// Returns whether `what` is one of the capabilities, such as `server`.
    ///
    /// ```
    /// use plex_auth_proto::server::Resource;
    ///
    /// let resource: Resource = serde_json::from_str(r#"{"provides": "client, pubsub-player"}"#)?;
    /// assert!(resource.provides("client") && resource.provides("pubsub-player"));
    /// assert!(!resource.provides("player"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn provides(&self, what: &str) -> bool {
        let provided = self.provides.as_deref().unwrap_or_default();
        provided
            .split(',')
            .any(|provided| provided.trim() == what.trim() && !what.trim().is_empty())
    }
}

lenient::object! {
    /// A connection to a [`Resource`].
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct ResourceConnection {
        /// The protocol: `http` or `https`.
        pub protocol: Option<String>,
        /// The IP address or host name. `::` and IPv6 link-local addresses (`fe80::/10`) cannot be
        /// used.
        pub address: Option<String>,
        /// The port.
        pub port: Option<u16>,
        /// The complete URL. Use it unchanged, because the certificate is issued for its host name.
        pub uri: Option<String>,
        /// Whether the address is private. A private address belongs to the owner's network. On
        /// another network, the same address may belong to a different machine.
        pub local: Option<bool>,
        /// Whether the connection goes through Plex's relay, at about 2 Mbit/s.
        pub relay: Option<bool>,
        /// Whether the address is an IPv6 address.
        pub ipv6: Option<bool> as "IPv6",
    }
}

redacted_debug! {
    /// Redacts the names and the public address, but not the addresses of connections.
    Resource {
        name masked, product, product_version, platform, platform_version, device, client_identifier, created_at,
        last_seen_at, provides, owner_id, source_title masked, public_address masked, access_token, owned, home,
        synced, relay, presence, https_required, public_address_matches, dns_rebinding_protection,
        nat_loopback_supported, connections, unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::Resource;

    fn resource(json: &str) -> Resource {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    /// A recorded list entry, with its values replaced by made-up ones.
    const FULL: &str = r#"{"name":"Attic","product":"Plex Media Server","productVersion":"1.40.0.7998-c29d4c0c8",
        "platform":"Linux","platformVersion":"22.04","device":"PC","clientIdentifier":"5f0e1c2d",
        "createdAt":"2021-10-01T01:02:03Z","lastSeenAt":"2026-08-01T10:20:30Z","provides":"server",
        "ownerId":"","sourceTitle":"Rosa Ayala","publicAddress":"203.0.113.9","accessToken":"s3rv3r","owned":true,
        "home":false,"synced":false,"relay":true,"presence":true,"httpsRequired":false,
        "publicAddressMatches":true,"dnsRebindingProtection":false,"natLoopbackSupported":true,"connections":[
        {"protocol":"https","address":"10.0.2.1","port":32400,"uri":"https://10-0-2-1.feed.plex.direct:32400",
         "local":true,"relay":false,"IPv6":false}]}"#;

    #[test]
    fn every_field_is_read() {
        let attic = resource(FULL);
        assert!(format!("{attic:?}").matches("None").count() == 1, "{attic:?}");
        assert_eq!(attic.owner_id, None);
        assert_eq!(attic.source_title.as_deref(), Some("Rosa Ayala"));
        assert_eq!(attic.access_token.as_ref().unwrap().expose(), "s3rv3r");
        assert_eq!(attic.created_at.as_deref(), Some("2021-10-01T01:02:03Z"));
        let shown = format!("{attic:?} {attic:#?}");
        assert!(!shown.contains("Ayala") && !shown.contains("s3rv3r"), "{shown}");
    }

    #[test]
    fn unusual_connections_are_read() {
        let attic = resource(
            r#"{"connections":[
                {"address":"10.0.2.1","port":"32400","local":"1","relay":0},
                {"protocol":"https","address":"::","port":32400,"IPv6":0,"ipv6":true},
                {"address":"fd00::1","IPv6":true,"uri":""},
                {"port":65536,"uri":null}]}"#,
        );
        let [plain, nowhere, six, none] = attic.connections.as_slice() else { panic!("{attic:?}") };
        assert_eq!((plain.port, plain.local, plain.relay), (Some(32400), Some(true), Some(false)));
        assert_eq!((plain.uri.as_deref(), plain.ipv6), (None, None));
        assert_eq!((nowhere.address.as_deref(), nowhere.ipv6), (Some("::"), Some(false)));
        assert_eq!((six.ipv6, six.uri.as_deref()), (Some(true), None));
        assert_eq!((none.port, none.uri.as_deref()), (None, None));
        let one = resource(r#"{"connections":{"port":1}}"#);
        assert_eq!(one.connections.len(), 1);
    }

    #[test]
    fn provides_is_tested_by_membership() {
        for (provides, what, expected) in [
            ("server", "server", true),
            ("client,server,player", "server", true),
            ("client, server", "server", true),
            ("media-server", "server", false),
            ("serverless", "server", false),
            ("", "server", false),
            ("server,,client", "", false),
        ] {
            let resource = resource(&format!(r#"{{"provides":"{provides}"}}"#));
            assert_eq!(resource.provides(what), expected, "{provides} {what}");
        }
    }
}
