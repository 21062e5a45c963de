use http::Method;
use serde::de::MapAccess;

use crate::call::{Call, request};
use crate::media_server::MediaServer;
use crate::operation::{Host, Operation};
use crate::values::source::Source;
use crate::values::token::Token;
use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient::{self, Budget, Field, Paths, Unreadable, Value};
use crate::wire::redaction::redacted_debug;

pub(crate) const OPERATION: Operation = Operation::new(
    "getSourceConnectionInformation",
    Host::MediaServer,
    Method::GET,
    "/security/resources",
)
.idempotent()
.own_connection();

impl MediaServer {
    /// Returns this server's list of connections to another server or provider, and a token for
    /// that server or provider. Sends `GET {server}/security/resources`
    /// (getSourceConnectionInformation).
    ///
    /// This requires server version 1.15.4 or later, and an administrator's token or a transient
    /// token created with one. The server answers from its cache;
    /// [`refresh_source_connection_information`](Self::refresh_source_connection_information)
    /// updates the cache first. If the server does not know the source,
    /// [`devices`](SourceConnectionInformation::devices) is empty.
    ///
    /// | The server's response | Error |
    /// |---|---|
    /// | 400 | [`BadRequest`](crate::ResponseError::BadRequest): the source is invalid |
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is missing or not valid for this server; this does not mean that the account's token is invalid |
    /// | 403 | [`Forbidden`](crate::ResponseError::Forbidden): the token is not an administrator's |
    /// | a successful response without a container | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `MediaContainer` |
    ///
    /// The response may be JSON, or XML, which some servers send regardless of the request.
    /// Sources: Plex's published description; the JSON form is from one client.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, MediaServer, Token};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let server = MediaServer::new(identity, "http://10.0.0.7:32400".parse()?, token);
    /// let source = "server://5f0e1c2d".parse()?;
    /// let (request, reply) = server.source_connection_information(&source).into_parts();
    /// assert_eq!(
    ///     request.uri(),
    ///     "http://10.0.0.7:32400/security/resources?source=server%3A%2F%2F5f0e1c2d"
    /// );
    ///
    /// let answer = http::Response::new(
    ///     r#"{"MediaContainer":{"size":1,"Device":[{"name":"Attic","accessToken":"transient-5ea1",
    ///         "Connection":[{"uri":"http://10.0.2.1:32400","port":32400,"local":true}]}]}}"#,
    /// );
    /// let source = reply.parse(&answer)?;
    /// let device = source.device().ok_or("the server does not know the source")?;
    /// assert_eq!(device.name.as_deref(), Some("Attic"));
    /// assert_eq!(device.connections[0].local, Some(true));
    ///
    /// let answer = http::Response::new(r#"{"MediaContainer":{"size":0}}"#);
    /// assert!(reply.parse(&answer)?.device().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getSourceConnectionInformation")]
    pub fn source_connection_information(
        &self,
        source: &Source,
    ) -> Call<SourceConnectionInformation> {
        self.source(source, "")
    }

    /// Returns the same information as
    /// [`source_connection_information`](Self::source_connection_information), but the server asks
    /// plex.tv again instead of answering from its cache. Sends the request with `refresh=1`.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{ClientIdentity, MediaServer, Token};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let server = MediaServer::new(identity, "http://10.0.0.7:32400".parse()?, token);
    /// let call = server.refresh_source_connection_information(&"server://5f0e1c2d".parse()?);
    /// assert_eq!(
    ///     call.request().uri(),
    ///     "http://10.0.0.7:32400/security/resources?source=server%3A%2F%2F5f0e1c2d&refresh=1"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getSourceConnectionInformation")]
    pub fn refresh_source_connection_information(
        &self,
        source: &Source,
    ) -> Call<SourceConnectionInformation> {
        self.source(source, "&refresh=1")
    }

    fn source(&self, source: &Source, refresh: &str) -> Call<SourceConnectionInformation> {
        let query = format!("?source={}{refresh}", source.percent_encoded());
        let (address, token) = (&self.address, Some(&self.token));
        let request =
            request::request(&OPERATION, &query, address.identity(), address.url(), token);
        Call::new(&OPERATION, request, read)
    }
}

/// The server or provider that a [`Source`] refers to, with its connections and a token for it.
///
/// In a test, create a value from JSON:
///
/// ```
/// let source: plex_auth_proto::SourceConnectionInformation =
///     serde_json::from_str(r#"{"MediaContainer":{"size":1,"Device":{"name":"Attic"}}}"#)?;
/// assert_eq!(source.devices.len(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SourceConnectionInformation {
    /// The servers or providers that the source refers to, usually one. Empty if this server does
    /// not know the source.
    pub devices: Vec<SourceDevice>,
    unreadable: Unreadable,
}

impl SourceConnectionInformation {
    /// Returns the server or provider, or `None` if this server does not know the source.
    pub fn device(&self) -> Option<&SourceDevice> {
        self.devices.first()
    }

    /// Returns the paths of the fields that this version of the library could not read, relative to
    /// `MediaContainer`, such as `Device.0.Connection.1.port`, so that a program can report them
    /// and tell them apart from missing fields.
    ///
    /// If a list element was dropped, the list's path is returned. Paths contain no values.
    ///
    /// ```
    /// let source: plex_auth_proto::SourceConnectionInformation = serde_json::from_str(
    ///     r#"{"MediaContainer":{"Device":{"Connection":[{"port":"high"},{"port":32400},7]}}}"#,
    /// )?;
    /// assert_eq!(source.devices[0].connections.len(), 2);
    /// assert_eq!(source.unreadable_fields(), ["Device.0.Connection", "Device.0.Connection.0.port"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn unreadable_fields(&self) -> Vec<String> {
        lenient::unreadable_fields(self)
    }
}

impl<'de> Value<'de> for SourceConnectionInformation {
    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        let answer = Fields::from_object(map, budget)?;
        let container = answer.and_then(|answer| answer.container);
        Ok(container.map(|Container { devices, unreadable }| Self { devices, unreadable }))
    }

    fn unreadable(&self, paths: &mut Paths) {
        paths.add_all(&self.unreadable);
        self.devices.unreadable("Device", paths);
    }
}

impl<'de> serde::Deserialize<'de> for SourceConnectionInformation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

lenient::object! {
    /// A server or provider that a source refers to. `Debug` redacts its token and its name.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct SourceDevice {
        /// The name, as set by the owner.
        pub name: Option<String>,
        /// The client identifier, which follows `server://` in the source.
        pub client_identifier: Option<String> as "clientIdentifier",
        /// A token for the server or provider, usually a transient token. `None` if the token is
        /// missing or unusable.
        pub access_token: Option<Token> as "accessToken",
        /// The connections, in the server's order.
        pub connections: Vec<SourceConnection> as "Connection",
    }
}

redacted_debug! {
    /// Redacts the name.
    SourceDevice {
        name masked, client_identifier, access_token, connections, unreadable,
    }
}

lenient::object! {
    /// A connection to a [`SourceDevice`].
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct SourceConnection {
        /// The protocol: `http` or `https`.
        pub protocol: Option<String>,
        /// The IP address or host name.
        pub address: Option<String>,
        /// The port.
        pub port: Option<u16>,
        /// The complete URL. Use it unchanged, because the certificate is issued for its host name.
        pub uri: Option<String>,
        /// Whether the address is private. A private address belongs to the owner's network. On
        /// another network, the same address may belong to a different machine.
        pub local: Option<bool>,
        /// Whether the connection goes through Plex's relay, at about 2 Mbit/s. In XML, servers
        /// omit this field if it is false.
        pub relay: Option<bool>,
    }
}

lenient::object! {
    #[derive(Debug)]
    struct Fields {
        container: Option<Container> as "MediaContainer",
    }
}

lenient::object! {
    #[derive(Debug)]
    struct Container {
        devices: Vec<SourceDevice> as "Device",
    }
}

fn read(body: &[u8]) -> Result<SourceConnectionInformation, DecodeError> {
    decode::object_or_xml(body, "MediaContainer", true)?
        .ok_or_else(|| DecodeError::shape("MediaContainer", "is missing or not an object"))
}

#[cfg(test)]
mod tests;
