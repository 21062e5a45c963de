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
    /// `GET {server}/` (getServerInfo): does this token open this server? And what does it say of itself?
    ///
    /// A server that nobody has claimed is open to everybody in its network, whatever the token.
    ///
    /// | the server answers | error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): it does not open this server; says nothing about the account |
    /// | a success without a container | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `MediaContainer` |
    ///
    /// The answer is read as JSON and as XML. Source: two clients.
    ///
    /// ```
    /// use plex_auth_proto::{http, ClientIdentity, MediaServer, Token};
    ///
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let server = MediaServer::new(me, "http://10.0.0.7:32400".parse()?, token);
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
    /// What a media server says of itself to those whom it lets in. There is much more on the wire, about
    /// what it can do.
    ///
    /// `Debug` shows neither its name nor to whom it belongs. A test makes one from what is inside the container:
    ///
    /// ```
    /// let root: plex_auth_proto::server::ServerRoot = serde_json::from_str(r#"{"friendlyName": "Attic"}"#)?;
    /// assert_eq!(root.friendly_name.as_deref(), Some("Attic"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub struct ServerRoot {
        /// Its name, as its owner gave it.
        pub friendly_name: Option<String> as "friendlyName",
        /// Its identifier, which plex.tv calls its client identifier.
        pub machine_identifier: Option<String> as "machineIdentifier",
        /// Its version, such as `1.40.0.7998-c29d4c0c8`.
        pub version: Option<String>,
        /// The system that it runs on, such as `Linux`.
        pub platform: Option<String>,
        /// The version of that.
        pub platform_version: Option<String> as "platformVersion",
        /// Whether it belongs to an account.
        pub my_plex: Option<bool> as "myPlex",
        /// The account's user name or e-mail address.
        pub my_plex_username: Option<String> as "myPlexUsername",
        /// Whether it is signed in at plex.tv: `ok` mostly.
        pub my_plex_signin_state: Option<String> as "myPlexSigninState",
    }
}

impl ServerRoot {
    /// What the server sent and this version could not read, as names on the wire below `MediaContainer`: to
    /// tell a field that has drifted from one that was not there, and to report it.
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
    /// Names are shown as `***`: a log is no place for them.
    ServerRoot {
        friendly_name masked, machine_identifier, version, platform, platform_version, my_plex,
        my_plex_username masked, my_plex_signin_state, unreadable,
    }
}

fn read(body: &[u8]) -> Result<ServerRoot, DecodeError> {
    media_container::read(body)?
        .ok_or_else(|| DecodeError::shape("MediaContainer", "is missing or no object"))
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
