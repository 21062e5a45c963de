use http::Method;
use http::request::Builder;

use crate::call::request;
use crate::media_server::MediaServer;
use crate::values::client_identity::ClientIdentity;
use crate::values::server_url::ServerUrl;
use crate::values::token::Token;

/// Where a media server is and who is asking, without a token: for what is asked before there is one.
///
/// | method | published operation | request |
/// |---|---|---|
/// | [`server_identity`](Self::server_identity) | getIdentity | `GET {server}/identity` |
/// | [`claim`](Self::claim) | claimServer | `POST {server}/myplex/claim` |
///
/// A private address says nothing about which machine answers there: in another network it is another one. So
/// ask [`server_identity`](Self::server_identity) first, compare, and send a token only then; a type
/// without a token cannot send one by mistake.
///
/// ```
/// use plex_auth_proto::{http, ClientIdentity, MediaServerAddress, Token};
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
/// let address = MediaServerAddress::new(me, "http://10.0.0.7:32400".parse()?);
/// let (request, reply) = address.server_identity().into_parts();
/// assert!(!request.headers().contains_key("x-plex-token"));
///
/// let answer = http::Response::new(r#"{"MediaContainer":{"claimed":true,"machineIdentifier":"5f0e1c2d"}}"#);
/// assert_eq!(reply.parse(&answer)?.machine_identifier, "5f0e1c2d");
/// let server = address.with_token(Token::new("xyz-Abc_0123456789ab")?);
/// # drop(server);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaServerAddress {
    identity: ClientIdentity,
    url: ServerUrl,
}

impl MediaServerAddress {
    /// The URL that the server is reached at, mostly `http://HOST:32400`, or the
    /// [`uri`](crate::ResourceConnection::uri) of a connection.
    pub fn new(identity: ClientIdentity, url: ServerUrl) -> Self {
        Self { identity, url }
    }

    /// The same server, asked with a token that opens it (see [`Token`]).
    pub fn with_token(self, token: Token) -> MediaServer {
        MediaServer { address: self, token }
    }

    /// Who is asking.
    pub fn identity(&self) -> &ClientIdentity {
        &self.identity
    }

    /// The base URL.
    pub fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// Starts a request of your own to this server, with the identity's headers and no token; make it a
    /// call by [`Call::json`](crate::Call::json). `path` may have a query; a fragment is never sent.
    pub fn request(&self, method: Method, path: &str) -> Builder {
        request::builder(&self.identity, &self.url, method, path)
    }
}
