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

/// A client for a media server, with one client identity and a token. Every operation is a method
/// that returns a [`Call`](crate::Call).
///
/// | Method | Published operation | Request |
/// |---|---|---|
/// | [`transient_token`](Self::transient_token) | getTransientToken | `POST {server}/security/token` |
/// | [`source_connection_information`](Self::source_connection_information) | getSourceConnectionInformation | `GET {server}/security/resources` |
/// | [`refresh_source_connection_information`](Self::refresh_source_connection_information) | the same with `refresh=1` | `GET {server}/security/resources` |
/// | [`server_identity`](Self::server_identity) | getIdentity | `GET {server}/identity` |
/// | [`root`](Self::root) | getServerInfo | `GET {server}/` |
/// | [`claim`](Self::claim) | claimServer | `POST {server}/myplex/claim` |
/// | [`unclaim`](Self::unclaim) | none | `DELETE {server}/myplex/account` |
///
/// Each of these requests has the [identity's headers](ClientIdentity::headers) and, except for
/// `server_identity` and `claim`, the token as `x-plex-token`. None of them has a body.
///
/// The docs of each method list the errors that are specific to it. Every operation can also return
/// the errors in the table of [`Error`](crate::Error), such as those for 5xx.
///
/// If there is no token yet, or the server's identity has not been verified, use a
/// [`MediaServerAddress`].
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::{ClientIdentity, MediaServer, Token};
/// use plex_auth_proto::server::{Scope, TokenType};
///
/// let identity = ClientIdentity::builder(saved_identifier()).build()?;
/// let token = Token::new("xyz-Abc_0123456789ab")?;
/// let server = MediaServer::new(identity, "http://10.0.0.7:32400".parse()?, token);
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
    /// Creates a client for the media server at `url`, usually `http://HOST:32400`. The token must
    /// be valid for the server. It can be the token of an account that has access to the server,
    /// the access token that [`resources`](crate::PlexTv::resources) returns for the server, or a
    /// transient token (see [`Token`]).
    pub fn new(identity: ClientIdentity, url: ServerUrl, token: Token) -> Self {
        MediaServerAddress::new(identity, url).with_token(token)
    }

    /// Returns the client for the same server without the token.
    pub fn address(&self) -> &MediaServerAddress {
        &self.address
    }

    /// Returns the client identity.
    pub fn identity(&self) -> &ClientIdentity {
        self.address.identity()
    }

    /// Returns the token, which all operations send except
    /// [`server_identity`](Self::server_identity) and [`claim`](Self::claim).
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Returns the base URL.
    pub fn url(&self) -> &ServerUrl {
        self.address.url()
    }

    /// Starts a custom request to this server, with the identity's headers and without a token.
    /// Turn it into a call with [`Call::json`](crate::Call::json). `path` may contain a query. A
    /// fragment is never sent.
    ///
    /// To send the token, add `.header("X-Plex-Token", server.token())`.
    pub fn request(&self, method: Method, path: &str) -> Builder {
        self.address.request(method, path)
    }
}

/// A media server client that has no token, for requests that must not carry one.
///
/// | Method | Published operation | Request |
/// |---|---|---|
/// | [`server_identity`](Self::server_identity) | getIdentity | `GET {server}/identity` |
/// | [`claim`](Self::claim) | claimServer | `POST {server}/myplex/claim` |
///
/// A private address does not identify a server: on another network, the same address may belong to
/// another machine. So first check with [`server_identity`](Self::server_identity) that the machine
/// is the expected server, and only then send a token. This type has no token that could be sent by
/// mistake. Over plain HTTP, a matching identity proves nothing, because the identifier is not a
/// secret.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::{http, ClientIdentity, MediaServerAddress, Token};
///
/// let identity = ClientIdentity::builder(saved_identifier()).build()?;
/// let address = MediaServerAddress::new(identity, "http://10.0.0.7:32400".parse()?);
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
    /// Creates a client for the media server at `url`, which is usually `http://HOST:32400` or the
    /// [`uri`](crate::server::ResourceConnection::uri) of a connection.
    pub fn new(identity: ClientIdentity, url: ServerUrl) -> Self {
        Self { identity, url }
    }

    /// Returns a client for the same server with a token, which must be valid for the server (see
    /// [`Token`]).
    pub fn with_token(self, token: Token) -> MediaServer {
        MediaServer { address: self, token }
    }

    /// Returns the client identity.
    pub fn identity(&self) -> &ClientIdentity {
        &self.identity
    }

    /// Returns the base URL.
    pub fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// Starts a custom request to this server, with the identity's headers and without a token.
    /// Turn it into a call with [`Call::json`](crate::Call::json). `path` may contain a query. A
    /// fragment is never sent.
    pub fn request(&self, method: Method, path: &str) -> Builder {
        request::builder(&self.identity, &self.url, method, path)
    }
}
