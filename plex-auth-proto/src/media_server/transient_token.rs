use http::Method;
use serde::de::MapAccess;

use crate::call::{Call, request};
use crate::media_server::MediaServer;
use crate::operation::{Host, Operation};
use crate::values::token::Token;
use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient::{self, Budget, Value};

// Idempotent: a second token does no harm, because both are valid and both expire.
pub(crate) const OPERATION: Operation =
    Operation::new("getTransientToken", Host::MediaServer, Method::POST, "/security/token")
        .idempotent()
        .own_connection();

impl MediaServer {
    /// Requests a short-lived server token, to pass to another program or device, such as a player.
    /// Sends `POST {server}/security/token` (getTransientToken).
    ///
    /// The new token grants the same access as the token that authenticates the request. It is
    /// valid only for this server, for up to 48 hours or until the server restarts, whichever comes
    /// first. Each request creates another token. The flow
    /// [`transient_token_refresher`](Self::transient_token_refresher) renews a token before it
    /// expires.
    ///
    /// | The server's response | Error |
    /// |---|---|
    /// | 400 | [`BadRequest`](crate::ResponseError::BadRequest): the type or the scope is unknown |
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is missing or not valid for this server; this does not mean that the account's token is invalid |
    /// | 403 | [`Forbidden`](crate::ResponseError::Forbidden): the token is missing or invalid, or no transient token could be created |
    /// | a successful response without a token | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape): an unclaimed server has no tokens |
    ///
    /// The response may be JSON, or XML, which some servers send regardless of the request. Servers
    /// accept any HTTP method; Plex prefers POST. Source: Plex's published description, whose newer
    /// versions call the operation createTransientToken.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{ClientIdentity, MediaServer, Token, http};
    /// use plex_auth_proto::server::{Scope, TokenType};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let server = MediaServer::new(identity, "http://10.0.0.7:32400".parse()?, token);
    /// let (request, reply) = server.transient_token(TokenType::Delegation, Scope::All).into_parts();
    /// assert_eq!(request.method(), "POST");
    /// assert_eq!(request.uri(), "http://10.0.0.7:32400/security/token?type=delegation&scope=all");
    ///
    /// let answer = http::Response::new(r#"<MediaContainer size="0" token="transient-5ea1"/>"#);
    /// assert_eq!(reply.parse(&answer)?.token.expose(), "transient-5ea1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getTransientToken")]
    #[doc(alias = "createTransientToken")]
    pub fn transient_token(&self, kind: TokenType, scope: Scope) -> Call<TransientToken> {
        let query = format!("?type={}&scope={}", kind.as_str(), scope.as_str());
        let (address, token) = (&self.address, Some(&self.token));
        let request =
            request::request(&OPERATION, &query, address.identity(), address.url(), token);
        Call::new(&OPERATION, request, read)
    }
}

/// The type of a transient token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenType {
    /// A delegation token, which can be passed to another program or device. This is the only
    /// supported type.
    Delegation,
}

impl TokenType {
    /// Returns the value of the request's `type` parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delegation => "delegation",
        }
    }
}

/// The scope of a transient token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Grants the same access as the token that authenticates the request. This is the only
    /// supported scope.
    All,
}

impl Scope {
    /// Returns the value of the request's `scope` parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
        }
    }
}

/// A short-lived server token, valid for up to 48 hours or until the server restarts, whichever
/// comes first.
///
/// In a test, create one from JSON:
///
/// ```
/// let transient: plex_auth_proto::TransientToken =
///     serde_json::from_str(r#"{"MediaContainer":{"size":0,"token":"transient-5ea1"}}"#)?;
/// assert_eq!(transient.token.expose(), "transient-5ea1");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransientToken {
    /// The token, which starts with `transient-`.
    pub token: Token,
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
        token: Option<Token>,
    }
}

impl<'de> Value<'de> for TransientToken {
    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        let answer = Fields::from_object(map, budget)?;
        let token = answer.and_then(|Fields { container, .. }| container?.token);
        Ok(token.map(|token| Self { token }))
    }
}

impl<'de> serde::Deserialize<'de> for TransientToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

const NO_TOKEN: &str = "is missing or not a valid token; the server may be unclaimed";

fn read(body: &[u8]) -> Result<TransientToken, DecodeError> {
    decode::object_or_xml(body, "MediaContainer", true)?
        .ok_or_else(|| DecodeError::shape("MediaContainer.token", NO_TOKEN))
}

#[cfg(test)]
mod tests {
    use super::{Scope, TokenType, read};
    use crate::wire::content::Content;
    use crate::wire::decode::DecodeError;
    use crate::{ClientIdentity, MediaServer, Token};

    #[test]
    fn request_is_correct() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let url = "https://plex.example/plex/".parse().unwrap();
        let server = MediaServer::new(me, url, Token::new("abc").unwrap());
        let call = server.transient_token(TokenType::Delegation, Scope::All);
        let request = call.request();
        assert_eq!(request.method(), "POST");
        assert_eq!(
            request.uri(),
            "https://plex.example/plex/security/token?type=delegation&scope=all"
        );
        assert_eq!(request.headers()["accept"], "application/json");
        assert_eq!(request.headers()["x-plex-token"], "abc");
        assert_eq!(request.headers()["content-length"], "0");
        assert!(request.body().as_ref().is_empty());
    }

    #[test]
    fn every_form_of_the_response_is_read() {
        for body in [
            r#"{"MediaContainer":{"size":0,"token":"transient-5ea1"}}"#,
            "\u{feff}{\"MediaContainer\":[{\"token\":\"x\"}],\"MediaContainer\":{\"token\":\"transient-5ea1\"}}",
            r#"{"_elementType":"MediaContainer","size":"0","token":"transient-5ea1"}"#,
            r#"<MediaContainer size="0" token="transient-5ea1"/>"#,
            r#"<MediaContainer token="transient-5ea1" size="0"></MediaContainer>"#,
            "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<MediaContainer\n size='0' token='transient-5ea1' />\n",
        ] {
            assert_eq!(read(body.as_bytes()).unwrap().token.expose(), "transient-5ea1", "{body}");
        }
    }

    #[test]
    fn missing_token_is_an_error() {
        for body in [
            r#"{"MediaContainer":{"size":0}}"#,
            r#"{"MediaContainer":{"size":0,"token":""}}"#,
            r#"{"MediaContainer":{"size":0,"token":"a\nb"}}"#,
            r#"{"MediaContainer":null}"#,
            "{}",
            r#"<MediaContainer size="0"/>"#,
            "<MediaContainer/>",
        ] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Shape { path, .. } => {
                    assert_eq!(path, "MediaContainer.token", "{body}");
                }
                error => panic!("{body}: {error:?}"),
            }
        }
    }

    #[test]
    fn foreign_response_is_named() {
        for (body, expected) in [
            ("", Content::Empty),
            ("<html><body>Sign in to the network</body></html>", Content::Html),
            ("<Other/>", Content::Xml),
            (r#"{"MediaContainer":{"token":"transient"#, Content::BrokenJson),
            ("OK", Content::Other),
        ] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Content(content) => assert_eq!(content, expected, "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
    }
}
