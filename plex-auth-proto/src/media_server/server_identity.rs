use http::Method;

use crate::call::{Call, request};
use crate::media_server::{MediaServer, MediaServerAddress};
use crate::operation::{Host, Operation};
use crate::wire::decode::DecodeError;
use crate::wire::{lenient, media_container};

pub(crate) const OPERATION: Operation =
    Operation::new("getIdentity", Host::MediaServer, Method::GET, "/identity").idempotent();

impl MediaServerAddress {
    /// Returns the server's identifier and whether the server is claimed. Sends `GET
    /// {server}/identity` (getIdentity) without a token.
    ///
    /// Use this to check that a server can be reached over one of its connections, and that the
    /// host that answers is the intended server: the
    /// [`machine_identifier`](ServerIdentity::machine_identifier) must equal the
    /// [`client_identifier`](crate::server::Resource::client_identifier) of the server's resource.
    /// Only then send a token.
    ///
    /// | The server's response | Error |
    /// |---|---|
    /// | a successful response without an identifier | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape): not a media server |
    /// | a web page with a success status | [`UnexpectedContent`](crate::ResponseError::UnexpectedContent): another program or a proxy |
    ///
    /// The response may be JSON or XML. Sources: two clients and the published API.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, MediaServerAddress};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let address = MediaServerAddress::new(identity, "http://10.0.0.7:32400".parse()?);
    /// let (request, reply) = address.server_identity().into_parts();
    /// assert_eq!(request.uri(), "http://10.0.0.7:32400/identity");
    ///
    /// let answer = http::Response::new(
    ///     r#"{"MediaContainer":{"size":0,"claimed":false,"machineIdentifier":"5f0e1c2d","version":"1.40.0"}}"#,
    /// );
    /// let identity = reply.parse(&answer)?;
    /// assert_eq!((identity.machine_identifier.as_str(), identity.claimed), ("5f0e1c2d", Some(false)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getIdentity")]
    pub fn server_identity(&self) -> Call<ServerIdentity> {
        let request = request::request(&OPERATION, "", self.identity(), self.url(), None);
        Call::new(&OPERATION, request, read)
    }
}

impl MediaServer {
    /// Returns the server's identity, without sending the token. See
    /// [`MediaServerAddress::server_identity`].
    #[doc(alias = "getIdentity")]
    pub fn server_identity(&self) -> Call<ServerIdentity> {
        self.address.server_identity()
    }
}

lenient::object! {
    /// The identity of a media server.
    ///
    /// In a test, create one from the content of the `MediaContainer`:
    ///
    /// ```
    /// let identity: plex_auth_proto::server::ServerIdentity =
    ///     serde_json::from_str(r#"{"machineIdentifier": "5f0e1c2d", "claimed": true}"#)?;
    /// assert_eq!(identity.machine_identifier, "5f0e1c2d");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct ServerIdentity {
        required {
            /// The server's identifier. plex.tv calls it the client identifier.
            pub machine_identifier: String as "machineIdentifier",
        }
        /// Whether the server is claimed by an account. An unclaimed server can be
        /// [claimed](MediaServerAddress::claim).
        pub claimed: Option<bool>,
        /// The version of the server, such as `1.40.0.7998-c29d4c0c8`.
        pub version: Option<String>,
    }
}

impl ServerIdentity {
    /// Returns the names of the fields in `MediaContainer` that this version of the library could
    /// not read, so that a program can report them and tell them apart from missing fields.
    ///
    /// ```
    /// let identity: plex_auth_proto::server::ServerIdentity =
    ///     serde_json::from_str(r#"{"machineIdentifier": "5f0e1c2d", "claimed": "perhaps"}"#)?;
    /// assert_eq!(identity.unreadable_fields(), ["claimed"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn unreadable_fields(&self) -> Vec<String> {
        lenient::unreadable_fields(self)
    }
}

fn read(body: &[u8]) -> Result<ServerIdentity, DecodeError> {
    media_container::read(body)?.ok_or_else(|| {
        DecodeError::shape(
            "MediaContainer.machineIdentifier",
            "is missing or invalid, so this is probably not a media server",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::wire::decode::DecodeError;
    use crate::{ClientIdentity, MediaServer, MediaServerAddress, Token};

    #[test]
    fn request_has_no_token() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let url: crate::ServerUrl = "https://plex.example/plex".parse().unwrap();
        let server = MediaServer::new(me.clone(), url.clone(), Token::new("abc").unwrap());
        for call in [MediaServerAddress::new(me, url).server_identity(), server.server_identity()] {
            let request = call.request();
            assert_eq!(request.method(), "GET");
            assert_eq!(request.uri(), "https://plex.example/plex/identity");
            assert_eq!(request.headers()["accept"], "application/json");
            assert_eq!(request.headers()["x-plex-client-identifier"], "id");
            assert!(!request.headers().contains_key("x-plex-token"));
            assert!(!call.reply().context().carried_token());
        }
    }

    #[test]
    fn every_form_of_the_response_is_read() {
        for body in [
            r#"{"MediaContainer":{"size":0,"claimed":true,"machineIdentifier":"5f0e1c2d","version":"1.40.0"}}"#,
            r#"{"x":1,"MediaContainer":{"claimed":"1","machineIdentifier":"5f0e1c2d","version":"1.40.0"}}"#,
            r#"{"_elementType":"MediaContainer","size":"0","claimed":"1","machineIdentifier":"5f0e1c2d","version":"1.40.0"}"#,
            r#"<MediaContainer size="0" claimed="1" machineIdentifier="5f0e1c2d" version="1.40.0"/>"#,
        ] {
            let identity = read(body.as_bytes()).unwrap();
            assert_eq!(identity.machine_identifier, "5f0e1c2d", "{body}");
            assert_eq!(
                (identity.claimed, identity.version.as_deref()),
                (Some(true), Some("1.40.0"))
            );
            assert!(identity.unreadable_fields().is_empty());
        }
        let odd = br#"{"MediaContainer":{"machineIdentifier":7,"claimed":"perhaps"}}"#;
        let identity = read(odd).unwrap();
        assert_eq!((identity.machine_identifier.as_str(), identity.claimed), ("7", None));
        assert_eq!(identity.unreadable_fields(), ["claimed"]);
    }

    #[test]
    fn response_without_identifier_is_not_a_server() {
        for body in [
            "{}",
            r#"{"MediaContainer":{"size":0}}"#,
            r#"{"MediaContainer":{"machineIdentifier":""}}"#,
            r#"{"MediaContainer":null}"#,
            r#"{"machineIdentifier":"5f0e1c2d"}"#,
            "<MediaContainer/>",
        ] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Shape { path, .. } => {
                    assert_eq!(path, "MediaContainer.machineIdentifier", "{body}");
                }
                error => panic!("{body}: {error:?}"),
            }
        }
    }
}
