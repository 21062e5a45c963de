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
    /// `GET {server}/security/resources` (getSourceConnectionInformation): how to reach another server
    /// or provider that this one knows, and a token for it.
    ///
    /// Needs the token of an administrator, or a transient one made from such; the server must be
    /// 1.15.4 or later. What the server has kept can be old:
    /// [`refresh_source_connection_information`](Self::refresh_source_connection_information) makes it
    /// look again. A server that does not know the source answers with an empty list.
    ///
    /// | the server answers | error |
    /// |---|---|
    /// | 400 | [`BadRequest`](crate::ResponseError::BadRequest): it cannot read the source |
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): no or no valid token; says nothing about the account |
    /// | 403 | [`Forbidden`](crate::ResponseError::Forbidden): the token is no administrator's |
    /// | a success without a container | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `MediaContainer` |
    ///
    /// The answer is read as JSON and as the XML that some servers send whatever was asked for. Source:
    /// Plex's published description; the JSON form from one client.
    ///
    /// ```
    /// use plex_auth_proto::{http, ClientIdentity, MediaServer, Token};
    ///
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let server = MediaServer::new(me, "http://10.0.0.7:32400".parse()?, token);
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

    /// `GET {server}/security/resources` with `refresh=1`: like
    /// [`source_connection_information`](Self::source_connection_information), but the server asks
    /// plex.tv again instead of answering from what it has kept.
    ///
    /// ```
    /// use plex_auth_proto::{ClientIdentity, MediaServer, Token};
    ///
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let server = MediaServer::new(me, "http://10.0.0.7:32400".parse()?, token);
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

/// How to reach a source.
///
/// A test makes one from JSON:
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
    /// The servers or providers that stand behind the source: one, or none where this server does not
    /// know it. The wire has room for several.
    pub devices: Vec<SourceDevice>,
    unreadable: Unreadable,
}

impl SourceConnectionInformation {
    /// The server or provider; `None` where this server does not know the source.
    pub fn device(&self) -> Option<&SourceDevice> {
        self.devices.first()
    }

    /// What the server sent and this version could not read, as paths on the wire below
    /// `MediaContainer`, such as `Device.0.Connection.1.port`: to tell a field that has drifted from one
    /// that was not there, and to report it.
    ///
    /// A list is named where any element of it was left out. No path holds a value.
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
        let answer = Answer::from_object(map, budget)?;
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
    /// A server or provider behind a source. `Debug` shows neither its token nor its name.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct SourceDevice {
        /// Its name, as its owner gave it.
        pub name: Option<String>,
        /// Its client identifier: the part of the source behind `server://`.
        pub client_identifier: Option<String> as "clientIdentifier",
        /// The token that it takes, a transient one mostly. Missing or unusable ones are absent.
        pub access_token: Option<Token> as "accessToken",
        /// The ways to reach it, in the server's order.
        pub connections: Vec<SourceConnection> as "Connection",
    }
}

redacted_debug! {
    /// The name is shown as `***`: a log is no place for it.
    SourceDevice {
        name masked, client_identifier, access_token, connections, unreadable,
    }
}

lenient::object! {
    /// One way to reach a [`SourceDevice`].
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct SourceConnection {
        /// `http` or `https`.
        pub protocol: Option<String>,
        /// The IP address or host name.
        pub address: Option<String>,
        /// The port.
        pub port: Option<u16>,
        /// The whole URL, to be used as it is: the name in it is the one of the certificate.
        pub uri: Option<String>,
        /// Whether the address is a private one. That is its owner's network, not necessarily yours.
        pub local: Option<bool>,
        /// Whether the way leads over Plex's relay, at about 2 Mbit/s. Servers that answer in XML leave
        /// it out where it is not.
        pub relay: Option<bool>,
    }
}

lenient::object! {
    #[derive(Debug)]
    struct Answer {
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
        .ok_or_else(|| DecodeError::shape("MediaContainer", "is missing or no object"))
}

#[cfg(test)]
mod tests;
