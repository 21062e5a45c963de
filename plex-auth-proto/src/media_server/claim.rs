use std::time::Duration;

use http::Method;

use crate::call::{Call, request};
use crate::media_server::{MediaServer, MediaServerAddress};
use crate::operation::{Host, Operation};
use crate::values::claim_token::ClaimToken;
use crate::wire::decode;

// Not idempotent: a second request would find the server already claimed and fail.
pub(crate) const OPERATION: Operation =
    Operation::new("claimServer", Host::MediaServer, Method::POST, "/myplex/claim")
        .secret_url()
        .unauthorized(
            "the server is already claimed, or the request was not sent from the server's network",
        )
        .own_connection();

/// The time limit for claiming a server.
// The server contacts plex.tv before it answers, which takes up to a minute.
const DEADLINE: Duration = Duration::from_secs(75);

impl MediaServerAddress {
    /// Claims an unclaimed server for the account that the claim token belongs to. Sends
    /// `POST {server}/myplex/claim` (claimServer) without any other token.
    ///
    /// A server can only be claimed from its own network: from `localhost` or the same subnet, and
    /// not through a reverse proxy. Claiming takes up to a minute, so the call has its own deadline
    /// of 75 s. Afterwards, it can take up to 90 s for the server to appear in the account's
    /// [`resources`](crate::PlexTv::resources), which contain its access token.
    ///
    /// Plex accepts the claim token only in the URL, so this library redacts the path and query
    /// wherever it displays the URL.
    ///
    /// | The server's response | Error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the server is already claimed, or the request was not sent from the server's network; this does not mean that a token is invalid |
    /// | 403, 500 | [`Forbidden`](crate::ResponseError::Forbidden), [`Unavailable`](crate::ResponseError::Unavailable): observed if the claim token has expired or was already used; request another one |
    /// | a web page from another program, with a success status | [`UnexpectedContent`](crate::ResponseError::UnexpectedContent): the server may not have been claimed |
    ///
    /// If no response arrives, check with [`server_identity`](Self::server_identity) whether the
    /// server is [`claimed`](crate::server::ServerIdentity::claimed) before trying again. Sources:
    /// three clients; the operation name is from the published API; the network requirement and the
    /// statuses were reported by users.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{ClientIdentity, MediaServerAddress, http};
    /// use plex_auth_proto::server::ClaimToken;
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let address = MediaServerAddress::new(identity, "http://10.0.0.7:32400".parse()?);
    /// let call = address.claim(&ClaimToken::new("claim-KQ8WQxGTexampleYdmHM")?);
    /// assert_eq!(call.masked_url().to_string(), "http://10.0.0.7:32400/***");
    /// let (request, reply) = call.into_parts();
    /// assert_eq!(
    ///     request.uri(),
    ///     "http://10.0.0.7:32400/myplex/claim?token=claim-KQ8WQxGTexampleYdmHM"
    /// );
    /// reply.parse(&http::Response::new(r#"<MyPlex signInState="ok"/>"#))?;
    ///
    /// let answer = http::Response::builder().status(401).body("")?;
    /// assert_eq!(
    ///     reply.parse(&answer).unwrap_err().to_string(),
    ///     "the server is already claimed, or the request was not sent from the server's network: \
    ///      http://10.0.0.7:32400 answered 401"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "claimServer")]
    pub fn claim(&self, claim_token: &ClaimToken) -> Call<()> {
        let query = format!("?token={}", claim_token.percent_encoded());
        let request = request::request(&OPERATION, &query, self.identity(), self.url(), None);
        Call::new(&OPERATION, request, decode::nothing).deadline(DEADLINE)
    }
}

impl MediaServer {
    /// Claims an unclaimed server, without sending this client's token. See
    /// [`MediaServerAddress::claim`].
    #[doc(alias = "claimServer")]
    pub fn claim(&self, claim_token: &ClaimToken) -> Call<()> {
        self.address.claim(claim_token)
    }
}

#[cfg(test)]
mod tests {
    use super::DEADLINE;
    use crate::server::ClaimToken;
    use crate::{ClientIdentity, MediaServer, MediaServerAddress, ResponseError, Token};
    use http::Response;

    fn address() -> MediaServerAddress {
        let me = ClientIdentity::builder("id").build().unwrap();
        MediaServerAddress::new(me, "http://10.0.0.7:32400".parse().unwrap())
    }

    #[test]
    fn request_is_correct_and_url_is_secret() {
        let claim_token = ClaimToken::new("claim-KQ8WQxGT&x=\"y\"").unwrap();
        let server: MediaServer = address().with_token(Token::new("abc").unwrap());
        for call in [address().claim(&claim_token), server.claim(&claim_token)] {
            let shown = format!("{call:?} {:?} {}", call.reply(), call.masked_url());
            assert!(!shown.contains("KQ8W"), "{shown}");
            assert_eq!(call.reply().deadline(), Some(DEADLINE));
            assert!(call.reply().has_secret_url() && !call.reply().is_idempotent());
            let request = call.request();
            assert_eq!(request.method(), "POST");
            assert_eq!(
                request.uri(),
                "http://10.0.0.7:32400/myplex/claim?token=claim-KQ8WQxGT%26x%3D%22y%22"
            );
            assert_eq!(request.headers()["content-length"], "0");
            assert!(!request.headers().contains_key("x-plex-token"));
        }
    }

    #[test]
    fn refusal_is_not_about_the_token() {
        let call = address().claim(&ClaimToken::new("claim-KQ8W").unwrap());
        let answer = |status: u16, body: &'static str| {
            let answer = Response::builder().status(status).body(body);
            call.reply().parse(&answer.unwrap())
        };
        let error = answer(401, "<html><h1>401 Unauthorized</h1></html>").unwrap_err();
        assert!(
            matches!(error, ResponseError::Unauthorized(_)) && !error.is_token_invalid(),
            "{error}"
        );
        assert!(
            error
                .to_string()
                .starts_with("the server is already claimed, or the request was not sent from")
        );
        for status in [401, 403, 500, 502] {
            assert!(!answer(status, "").unwrap_err().is_retryable(), "{status}");
        }
        for body in ["", "<MyPlex authToken='x'/>", "<html><body><h1>200 OK</h1></body></html>"] {
            answer(200, body).unwrap_or_else(|error| panic!("{body}: {error}"));
        }
        answer(200, "<html><title>Router</title></html>").unwrap_err();
    }
}
