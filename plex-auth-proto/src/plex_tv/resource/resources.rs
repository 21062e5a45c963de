use std::fmt;

use http::Method;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::call::{Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::plex_tv::resource::Resource;
use crate::values::token::Token;
use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient::{Budget, List, Paths, add_each};

pub(crate) const OPERATION: Operation =
    Operation::new("getServerResources", Host::PlexTv, Method::GET, "/resources")
        .idempotent()
        .own_connection();

/// The query that adds HTTPS URLs, relay connections and IPv6 addresses to the list.
const QUERY: &str = "?includeHttps=1&includeRelay=1&includeIPv6=1";

impl PlexTv {
    /// Returns the media servers and players that an account has access to, with their tokens and
    /// connections. Sends `GET {plex.tv}/resources` (getServerResources).
    ///
    /// To find out whether a user has access to a server, request the list with the user's own
    /// token and call [`server`](Resources::server), or use the flow
    /// [`server_access`](Self::server_access). Request the list again if a server refuses its
    /// access token or cannot be reached, because tokens and connections can change. A newly
    /// claimed server can take up to 90 seconds to appear.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | a successful JSON response that is not a list | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `.`; never treated as an empty list |
    ///
    /// An unreadable entry is dropped and reported by
    /// [`unreadable_fields`](Resources::unreadable_fields). Sources: recorded responses. The query
    /// is from the published API.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv, Token};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (request, reply) = PlexTv::new(identity).resources(&token).into_parts();
    /// assert_eq!(
    ///     request.uri(),
    ///     "https://plex.tv/api/v2/resources?includeHttps=1&includeRelay=1&includeIPv6=1"
    /// );
    ///
    /// let answer = http::Response::new(
    ///     r#"[{"name":"Attic","provides":"server","clientIdentifier":"5f0e1c2d","accessToken":"s3rv3r",
    ///          "connections":[{"uri":"https://10-0-2-1.feed.plex.direct:32400","local":true}]},
    ///         {"name":"Rosa's phone","provides":"player,pubsub-player","accessToken":null}]"#,
    /// );
    /// let resources = reply.parse(&answer)?;
    /// assert_eq!(resources.resources.len(), 2);
    /// assert_eq!(resources.servers().count(), 1);
    /// let attic = resources.server("5f0e1c2d").ok_or("the account has no access to this server")?;
    /// assert_eq!(attic.access_token.as_ref().map(|token| token.expose()), Some("s3rv3r"));
    ///
    /// let answer = http::Response::new(r#"{"errors":[{"code":1007}]}"#);
    /// assert!(reply.parse(&answer).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getServerResources")]
    pub fn resources(&self, token: &Token) -> Call<Resources> {
        let request = request::request(&OPERATION, QUERY, &self.identity, &self.url, Some(token));
        Call::new(&OPERATION, request, read)
    }
}

/// The resources that an account has access to: media servers, players and other registered
/// devices.
///
/// In a test, create a list from JSON:
///
/// ```
/// let resources: plex_auth_proto::server::Resources =
///     serde_json::from_str(r#"[{"name": "Attic", "provides": "server"}]"#)?;
/// assert_eq!(resources.servers().count(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Resources {
    /// All resources, in Plex's order.
    pub resources: Vec<Resource>,
    all_read: bool,
}

impl Resources {
    /// Returns the media servers.
    pub fn servers(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter().filter(|resource| resource.provides("server"))
    }

    /// Returns the media server with this
    /// [`machine_identifier`](crate::server::ServerIdentity::machine_identifier), which is listed
    /// as its client identifier. `None` if the account has no access to the server, or if the
    /// server's entry could not be read.
    pub fn server(&self, machine_identifier: &str) -> Option<&Resource> {
        self.servers()
            .find(|server| server.client_identifier.as_deref() == Some(machine_identifier))
    }

    /// Returns the JSON paths of the fields that this version of the library could not read, such
    /// as `1.connections.0.port`, so that a program can report them and tell them apart from
    /// missing fields.
    ///
    /// If a list element was dropped, the list's path is returned: `.` for the list of resources.
    /// Indices do not count dropped elements. Paths contain no values.
    ///
    /// ```
    /// let resources: plex_auth_proto::server::Resources =
    ///     serde_json::from_str(r#"["a row", {"connections": [{"port": "high"}]}]"#)?;
    /// assert_eq!(resources.resources.len(), 1);
    /// assert_eq!(resources.unreadable_fields(), [".", "0.connections.0.port"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn unreadable_fields(&self) -> Vec<String> {
        let mut paths = Paths::default();
        if !self.all_read {
            paths.add(".");
        }
        add_each(&mut paths, &self.resources);
        paths.into_found()
    }
}

impl<'de> serde::Deserialize<'de> for Resources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Rows)
    }
}

struct Rows;

impl<'de> Visitor<'de> for Rows {
    type Value = Resources;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of resources")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Resources, A::Error> {
        let (resources, all_read) = List::new(&Budget::of_unknown()).visit_seq(list)?;
        Ok(Resources { resources, all_read })
    }
}

fn read(body: &[u8]) -> Result<Resources, DecodeError> {
    let (resources, all_read) = decode::list(body)?;
    Ok(Resources { resources, all_read })
}

#[cfg(test)]
mod tests {
    use super::{Resources, read};
    use crate::error::Content;
    use crate::wire::decode::DecodeError;
    use crate::{ClientIdentity, PlexTv, Token};

    fn parse(body: &str) -> Resources {
        read(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}"))
    }

    #[test]
    fn request_is_correct() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let call = PlexTv::new(me).resources(&Token::new("abc").unwrap());
        let request = call.request();
        assert_eq!(request.method(), "GET");
        assert_eq!(
            request.uri(),
            "https://plex.tv/api/v2/resources?includeHttps=1&includeRelay=1&includeIPv6=1"
        );
        assert_eq!(request.headers()["x-plex-token"], "abc");
        assert!(!request.headers().contains_key("content-length"));
    }

    #[test]
    fn other_json_is_not_an_empty_list() {
        for body in [
            "{}",
            "null",
            "\"[]\"",
            "0",
            r#"{"errors":[{"code":1007,"message":"x","status":500}]}"#,
            r#"{"resources":[{"provides":"server"}]}"#,
        ] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Shape { path, problem } => {
                    assert_eq!((path.as_str(), problem), (".", "is not a list"), "{body}");
                }
                error => panic!("{body}: {error:?}"),
            }
        }
        for (body, expected) in [
            ("", Content::Empty),
            ("<html></html>", Content::Html),
            ("<resources/>", Content::Xml),
            ("[{}", Content::BrokenJson),
            ("[] []", Content::BrokenJson),
        ] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Content(content) => assert_eq!(content, expected, "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
        let none = parse("\u{feff} [ ]\n");
        assert!(none.resources.is_empty() && none.unreadable_fields().is_empty());
    }

    #[test]
    fn unreadable_row_is_skipped() {
        let two = parse(
            r#"[{"name":"Attic","provides":"server","accessToken":"abc","connections":[]},
                {"name":"Phone","provides":"player","accessToken":null}]"#,
        );
        assert_eq!(two.resources.len(), 2);
        assert!(two.resources[1].access_token.is_none() && two.unreadable_fields().is_empty());
        let shown = format!("{two:?}");
        assert!(!shown.contains("Attic") && !shown.contains("Phone"), "{shown}");

        let odd = r#"{"provides":"server","clientIdentifier":"a"}"#;
        for row in ["null", "\"\"", "7", "\"x\"", "[]", "[{}]", "true", "1e999", "\"\\ud800\""] {
            for body in [format!("[{row},{odd}]"), format!("[{odd},{row}]")] {
                let resources = parse(&body);
                assert_eq!(resources.resources.len(), 1, "{body}");
                assert!(resources.server("a").is_some(), "{body}");
                assert_eq!(resources.unreadable_fields(), ["."], "{body}");
            }
        }
    }

    #[test]
    fn server_is_found_by_its_identifier() {
        let resources = parse(
            r#"[{"provides":"player","clientIdentifier":"a"},{"provides":"client,server","clientIdentifier":"b"},
                {"provides":"server"},{"clientIdentifier":"c"}]"#,
        );
        assert_eq!(resources.servers().count(), 2);
        assert!(resources.server("b").is_some());
        for other in ["a", "c", "", "B"] {
            assert!(resources.server(other).is_none(), "{other}");
        }
    }
}
