use http::Method;

use crate::call::{Call, request};
use crate::media_server::MediaServer;
use crate::operation::{Host, Operation};
use crate::wire::decode::DecodeError;
use crate::wire::redaction::redacted_debug;
use crate::wire::{lenient, media_container};

pub(crate) const OPERATION: Operation =
    Operation::new("getServerInfo", Host::MediaServer, Method::GET, "/")
        .idempotent()
        .own_connection();

impl MediaServer {
    /// Returns information about the server and verifies that the token is valid for this server.
    /// Sends `GET {server}/` (getServerInfo).
    ///
    /// An unclaimed server accepts every client on its network, with any token.
    ///
    /// | The server's response | Error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is not valid for this server; this does not mean that the account's token is invalid |
    /// | a successful response without a container | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `MediaContainer` |
    ///
    /// The response may be JSON or XML. Sources: two clients.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, MediaServer, Token};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let server = MediaServer::new(identity, "http://10.0.0.7:32400".parse()?, token);
    /// let (request, reply) = server.root().into_parts();
    /// assert_eq!(request.uri(), "http://10.0.0.7:32400/");
    ///
    /// let answer = http::Response::new(r#"{"MediaContainer":{"friendlyName":"Attic","myPlex":true}}"#);
    /// assert_eq!(reply.parse(&answer)?.friendly_name.as_deref(), Some("Attic"));
    ///
    /// let answer = http::Response::builder().status(401).body("<html><h1>401 Unauthorized</h1></html>")?;
    /// assert!(!reply.parse(&answer).unwrap_err().is_token_invalid());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getServerInfo")]
    pub fn root(&self) -> Call<ServerRoot> {
        let (address, token) = (&self.address, Some(&self.token));
        let request = request::request(&OPERATION, "", address.identity(), address.url(), token);
        Call::new(&OPERATION, request, read)
    }
}

lenient::object! {
    /// Information about a media server, for authorized clients. The response contains many more
    /// fields, which describe the server's features.
    ///
    /// `Debug` redacts the server's name and the account's username. In a test, create a
    /// `ServerRoot` from the content of the `MediaContainer`:
    ///
    /// ```
    /// let root: plex_auth_proto::server::ServerRoot = serde_json::from_str(r#"{"friendlyName": "Attic"}"#)?;
    /// assert_eq!(root.friendly_name.as_deref(), Some("Attic"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub struct ServerRoot {
        /// The name of the server, as set by its owner.
        pub friendly_name: Option<String> as "friendlyName",
        /// The server's identifier. plex.tv calls it the client identifier.
        pub machine_identifier: Option<String> as "machineIdentifier",
        /// The version of the server, such as `1.40.0.7998-c29d4c0c8`.
        pub version: Option<String>,
        /// The platform, such as `Linux`.
        pub platform: Option<String>,
        /// The version of the platform.
        pub platform_version: Option<String> as "platformVersion",
        /// Whether the server is claimed by an account.
        pub my_plex: Option<bool> as "myPlex",
        /// The username or email address of the account that claimed the server.
        pub my_plex_username: Option<String> as "myPlexUsername",
        /// The state of the server's sign-in to plex.tv, usually `ok`.
        pub my_plex_signin_state: Option<String> as "myPlexSigninState",
    }
}

impl ServerRoot {
    /// Returns the names of the fields in `MediaContainer` that this version of the library could
    /// not read, so that a program can report them and tell them apart from missing fields.
    ///
    /// ```
    /// let root: plex_auth_proto::server::ServerRoot =
    ///     serde_json::from_str(r#"{"friendlyName": "Attic", "myPlex": "perhaps"}"#)?;
    /// assert_eq!(root.unreadable_fields(), ["myPlex"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn unreadable_fields(&self) -> Vec<String> {
        lenient::unreadable_fields(self)
    }
}

redacted_debug! {
    /// Redacts the server's name and the account's username.
    ServerRoot {
        friendly_name masked, machine_identifier, version, platform, platform_version, my_plex,
        my_plex_username masked, my_plex_signin_state, unreadable,
    }
}

fn read(body: &[u8]) -> Result<ServerRoot, DecodeError> {
    media_container::read(body)?
        .ok_or_else(|| DecodeError::shape("MediaContainer", "is missing or not an object"))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::wire::decode::DecodeError;
    use crate::{ClientIdentity, MediaServer, Token};

    #[test]
    fn request_is_correct() {
        let me = ClientIdentity::builder("id").build().unwrap();
        for (url, uri) in [
            ("http://10.0.0.7:32400", "http://10.0.0.7:32400/"),
            ("https://plex.example/plex/", "https://plex.example/plex/"),
        ] {
            let server =
                MediaServer::new(me.clone(), url.parse().unwrap(), Token::new("abc").unwrap());
            let call = server.root();
            assert_eq!(call.request().method(), "GET");
            assert_eq!(call.request().uri(), uri);
            assert_eq!(call.request().headers()["x-plex-token"], "abc");
            assert!(!call.request().headers().contains_key("content-length"));
        }
    }

    #[test]
    fn all_forms_are_equivalent() {
        let json = br#"{"MediaContainer":{"size":29,"friendlyName":"Attic","machineIdentifier":"5f0e1c2d",
            "version":"1.40.0","platform":"Linux","platformVersion":"6.1","myPlex":true,
            "myPlexUsername":"rosa@example.org","myPlexSigninState":"ok","Directory":[{"count":1}]}}"#;
        let xml = br#"<?xml version="1.0" encoding="UTF-8"?>
            <MediaContainer size="29" friendlyName="Attic" machineIdentifier="5f0e1c2d" version="1.40.0"
              platform="Linux" platformVersion="6.1" myPlex="1" myPlexUsername="rosa@example.org"
              myPlexSigninState="ok"><Directory count="1"/></MediaContainer>"#;
        let (json, xml) = (read(json).unwrap(), read(xml).unwrap());
        assert_eq!(format!("{json:?}"), format!("{xml:?}"));
        let old = br#"{"_elementType":"MediaContainer","friendlyName":"Attic","machineIdentifier":"5f0e1c2d",
            "version":"1.40.0","platform":"Linux","platformVersion":"6.1","myPlex":"1",
            "myPlexUsername":"rosa@example.org","myPlexSigninState":"ok",
            "_children":[{"_elementType":"Directory","count":"1"}]}"#;
        assert_eq!(format!("{json:?}"), format!("{:?}", read(old).unwrap()));
        assert_eq!(json.my_plex_username.as_deref(), Some("rosa@example.org"));
        assert_eq!(json.friendly_name.as_deref(), Some("Attic"));
        assert_eq!(json.friendly_name, xml.friendly_name);
        let shown = format!("{json:?} {json:#?}");
        for hidden in ["rosa", "Attic", "None"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(json.unreadable_fields().is_empty() && xml.unreadable_fields().is_empty());
    }

    #[test]
    fn missing_container_is_not_an_empty_one() {
        for body in ["{}", r#"{"MediaContainer":null}"#, r#"{"MediaContainer":[]}"#] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Shape { path, .. } => assert_eq!(path, "MediaContainer", "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
        assert!(read(br#"{"MediaContainer":{"size":0}}"#).unwrap().friendly_name.is_none());
        let odd = read(br#"{"MediaContainer":{"myPlex":"perhaps","version":[]}}"#).unwrap();
        assert_eq!(odd.unreadable_fields(), ["myPlex", "version"]);
    }
}
