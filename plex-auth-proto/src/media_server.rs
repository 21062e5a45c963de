use http::Method;
use http::request::Builder;

use crate::call::request;
use crate::values::client_identity::ClientIdentity;
use crate::values::server_url::ServerUrl;
use crate::values::token::Token;

pub(crate) mod claim;
pub(crate) mod root;
pub(crate) mod server_identity;
pub(crate) mod source_connection_information;
pub(crate) mod transient_token;
pub(crate) mod unclaim;

/// A media server, who is asking and with which token: every operation on it is a method that returns a
/// [`Call`](crate::Call).
///
/// | method | published operation | request |
/// |---|---|---|
/// | [`transient_token`](Self::transient_token) | getTransientToken | `POST {server}/security/token` |
/// | [`source_connection_information`](Self::source_connection_information) | getSourceConnectionInformation | `GET {server}/security/resources` |
/// | [`refresh_source_connection_information`](Self::refresh_source_connection_information) | the same with `refresh=1` | `GET {server}/security/resources` |
/// | [`server_identity`](Self::server_identity) | getIdentity | `GET {server}/identity` |
/// | [`root`](Self::root) | getServerInfo | `GET {server}/` |
/// | [`claim`](Self::claim) | claimServer | `POST {server}/myplex/claim` |
/// | [`unclaim`](Self::unclaim) | none | `DELETE {server}/myplex/account` |
///
/// Every request has the [headers of the identity](ClientIdentity::headers), and all but `server_identity` and
/// `claim` the token as `x-plex-token`. None has a body.
///
/// Where there is no token yet, or it is not sure which server answers: [`MediaServerAddress`].
///
/// ```
/// use plex_auth_proto::{ClientIdentity, MediaServer, Token};
/// use plex_auth_proto::server::{Scope, TokenType};
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
/// let token = Token::new("xyz-Abc_0123456789ab")?;
/// let server = MediaServer::new(me, "http://10.0.0.7:32400".parse()?, token);
/// let call = server.transient_token(TokenType::Delegation, Scope::All);
/// assert_eq!(call.request().uri(), "http://10.0.0.7:32400/security/token?type=delegation&scope=all");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MediaServer {
    address: MediaServerAddress,
    token: Token,
}

impl MediaServer {
    /// A media server at the URL that its owner reaches it at, mostly `http://HOST:32400`, with a token
    /// that opens it: of an account that may use it, the server's own access token, or a transient one
    /// (see [`Token`]).
    pub fn new(identity: ClientIdentity, url: ServerUrl, token: Token) -> Self {
        MediaServerAddress::new(identity, url).with_token(token)
    }

    /// The same server without the token.
    pub fn address(&self) -> &MediaServerAddress {
        &self.address
    }

    /// Who is asking.
    pub fn identity(&self) -> &ClientIdentity {
        self.address.identity()
    }

    /// The token that goes with every operation but [`server_identity`](Self::server_identity) and
    /// [`claim`](Self::claim).
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The base URL.
    pub fn url(&self) -> &ServerUrl {
        self.address.url()
    }

    /// Starts a request of your own to this server, with the identity's headers and no token; make it a
    /// call by [`Call::json`](crate::Call::json). `path` may have a query; a fragment is never sent.
    ///
    /// Where the endpoint wants the token: `.header("X-Plex-Token", server.token())`.
    pub fn request(&self, method: Method, path: &str) -> Builder {
        self.address.request(method, path)
    }
}

/// Where a media server is and who is asking, without a token: for what is asked before there is one.
///
/// | method | published operation | request |
/// |---|---|---|
/// | [`server_identity`](Self::server_identity) | getIdentity | `GET {server}/identity` |
/// | [`claim`](Self::claim) | claimServer | `POST {server}/myplex/claim` |
///
/// A private address says nothing about which machine answers there: in another network it is another one. So
/// ask [`server_identity`](Self::server_identity) first, compare, and send a token only then; a type
/// without a token cannot send one by mistake. Over plain HTTP, a matching identity proves nothing, because an identifier is
/// not a secret.
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
    /// [`uri`](crate::server::ResourceConnection::uri) of a connection.
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
