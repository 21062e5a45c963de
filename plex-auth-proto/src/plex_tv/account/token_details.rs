use http::Method;

use crate::call::{Call, request};
use crate::jwt::PlexJwt;
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::plex_tv::account::{self, Account};
use crate::values::token::Token;

pub(crate) const OPERATION: Operation =
    Operation::new("getTokenDetails", Host::PlexTv, Method::GET, "/user").idempotent();

impl PlexTv {
    /// Returns the account that a token belongs to. This also verifies that the token is valid.
    /// Sends `GET {plex.tv}/user` (getTokenDetails).
    ///
    /// According to Plex, a successful response means that the token is valid, 401 means that it is
    /// not, and any other response is inconclusive.
    /// [`is_token_invalid`](crate::ResponseError::is_token_invalid) follows that rule, with the
    /// exceptions that its docs list. The flow [`token_check`](Self::token_check) retries during an
    /// outage.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 400 | [`BadRequest`](crate::ResponseError::BadRequest) |
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | 422 "Invalid token" | the same error; only older endpoints answer this way |
    /// | a successful response that does not identify an account | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `id` |
    /// | a successful response for another account or token | [`Mismatched`](crate::ResponseError::Mismatched): the response belongs to another request; not checked if the request had its [own connection](crate::Call::own_connection) |
    /// | 429, 5xx, a web page | inconclusive; usually [retryable](crate::ResponseError::is_retryable) |
    ///
    /// Sources: recorded responses. The rule is from Plex's developer forum.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv, Token};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (request, reply) = PlexTv::new(identity).token_details(&token).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/user");
    ///
    /// let answer = http::Response::new(r#"{"username":"rosa","authToken":"xyz-Abc_0123456789ab"}"#);
    /// assert_eq!(reply.parse(&answer)?.username.as_deref(), Some("rosa"));
    ///
    /// let answer = http::Response::builder().status(401).body("")?;
    /// assert!(reply.parse(&answer).unwrap_err().is_token_invalid());
    ///
    /// let answer = http::Response::builder().status(502).body("<html>Bad Gateway</html>")?;
    /// let error = reply.parse(&answer).unwrap_err();
    /// assert!(!error.is_token_invalid() && error.is_retryable());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getTokenDetails")]
    pub fn token_details(&self, token: &Token) -> Call<Account> {
        let request = request::request(&OPERATION, "", &self.identity, &self.url, Some(token));
        let token = token.clone();
        Call::compared(&OPERATION, request, account::read, move |account| differs(account, &token))
    }
}

/// Returns the name of the field, if any, that shows that the response is not for the `requested`
/// token. For a JWT, the account IDs are compared, because Plex may return a renewed JWT. An opaque
/// token is compared only if the response also contains an opaque token, because it is unknown
/// whether Plex always returns the token that was sent.
fn differs(account: &Account, requested: &Token) -> Option<&'static str> {
    match PlexJwt::unverified(requested) {
        Ok(jwt) => {
            let id = jwt.user.and_then(|user| user.id);
            (id.is_some() && account.id.is_some() && id != account.id).then_some("id")
        }
        Err(_) => {
            let repeated = account.auth_token.as_ref()?;
            let is_opaque = PlexJwt::unverified(repeated).is_err();
            (is_opaque && repeated.expose() != requested.expose()).then_some("authToken")
        }
    }
}
