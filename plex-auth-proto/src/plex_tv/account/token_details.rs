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
    /// `GET {plex.tv}/user` (getTokenDetails): whose token is this, and is it alive?
    ///
    /// The way to check a token that was kept, and to learn what its account may do. Plex's own rule:
    /// a success means that it is valid, 401 that it is not, and anything else says nothing about it;
    /// [`is_token_invalid`](crate::ResponseError::is_token_invalid) follows that rule. [`token_check`](Self::token_check) asks
    /// again while there is trouble.
    ///
    /// | Plex answers | error |
    /// |---|---|
    /// | 400 | [`BadRequest`](crate::ResponseError::BadRequest) |
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | 422 "Invalid token" | the same, from older paths |
    /// | a success that identifies no account | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `id` |
    /// | 429, 5xx, a proxy's page | not a word about the token; [may be tried again](crate::ResponseError::is_retryable) |
    ///
    /// Source: recorded answers; the rule from Plex's developer forum.
    ///
    /// ```
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv, Token};
    ///
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (request, reply) = PlexTv::new(me).token_details(&token).into_parts();
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

/// Returns the field by which the account is not the one that the token belongs to. A JWT is compared by account, as
/// Plex may answer with a renewed one. Whether Plex always repeats an opaque token is not confirmed.
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
