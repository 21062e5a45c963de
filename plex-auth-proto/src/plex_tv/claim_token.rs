use http::Method;

use crate::call::{Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::values::claim_token::ClaimToken;
use crate::values::token::Token;
use crate::wire::decode::{self, DecodeError};

// Idempotent: a second claim token is harmless, because it expires.
pub(crate) const OPERATION: Operation =
    Operation::new("getClaimToken", Host::PlexTv, Method::GET, "/api/claim/token.json")
        .idempotent()
        .own_connection();

impl PlexTv {
    /// Requests a claim token, which [`claim`](crate::MediaServerAddress::claim) uses to add a new
    /// media server to the account. Sends `GET https://plex.tv/api/claim/token.json`
    /// (getClaimToken).
    ///
    /// The claim token is equivalent to the one displayed at <https://plex.tv/claim>. It expires
    /// after four minutes ([`ClaimToken::LIFETIME`]), so request it right before you use it.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | a successful response without a claim token | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `token` |
    ///
    /// Error responses from this endpoint have the form `{"error": "text"}`. The text is available
    /// through [`PlexError::message`](crate::error::PlexError::message). The endpoint is at the
    /// base URL without `/api/v2`. Sources: two clients. The operation name is from the published
    /// API.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv, Token};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (request, reply) = PlexTv::new(identity).claim_token(&token).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/claim/token.json");
    ///
    /// let answer = http::Response::new(r#"{"token":"claim-KQ8WQxGTexampleYdmHM"}"#);
    /// assert_eq!(reply.parse(&answer)?.expose(), "claim-KQ8WQxGTexampleYdmHM");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getClaimToken")]
    pub fn claim_token(&self, token: &Token) -> Call<ClaimToken> {
        let url = self.url.outside_api();
        let request = request::request(&OPERATION, "", &self.identity, &url, Some(token));
        Call::new(&OPERATION, request, read)
    }
}

fn read(body: &[u8]) -> Result<ClaimToken, DecodeError> {
    decode::object(body)?
        .ok_or_else(|| DecodeError::shape("token", "is missing or not a claim token"))
}

#[cfg(test)]
mod tests {
    use super::{ClaimToken, read};
    use crate::wire::decode::DecodeError;
    use crate::{ClientIdentity, PlexTv, Token};

    #[test]
    fn request_goes_to_the_path_outside_the_api() {
        let me = ClientIdentity::builder("id").build().unwrap();
        for (url, uri) in [
            ("https://plex.tv/api/v2", "https://plex.tv/api/claim/token.json"),
            ("https://clients.plex.tv/api/v2/", "https://clients.plex.tv/api/claim/token.json"),
            ("http://127.0.0.1:4711", "http://127.0.0.1:4711/api/claim/token.json"),
        ] {
            let plex_tv = PlexTv::at(me.clone(), url.parse().unwrap());
            let call = plex_tv.claim_token(&Token::new("abc").unwrap());
            assert_eq!(call.request().method(), "GET");
            assert_eq!(call.request().uri(), uri);
            assert_eq!(call.request().headers()["x-plex-token"], "abc");
        }
    }

    #[test]
    fn claim_token_is_read_or_missing() {
        for body in [
            r#"{"token":"claim-KQ8W"}"#,
            "\u{feff}{\"token\":null,\"token\":\" claim-KQ8W\\n\",\"expires\":1e999}",
        ] {
            assert_eq!(read(body.as_bytes()).unwrap().expose(), "claim-KQ8W", "{body}");
        }
        for body in ["{}", r#"{"token":"xyz"}"#, r#"{"token":7}"#, r#"{"error":"claim-KQ8W"}"#] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Shape { path, .. } => assert_eq!(path, "token", "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
        for json in [r#""claim-KQ8W""#, r#"{"token":"claim-KQ8W"}"#] {
            let claim_token: ClaimToken = serde_json::from_str(json).unwrap();
            assert_eq!(claim_token.expose(), "claim-KQ8W");
        }
    }
}
