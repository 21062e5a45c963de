use std::time::Duration;

use http::Method;

use crate::call::{Call, request};
use crate::media_server::{MediaServer, MediaServerAddress};
use crate::operation::{Host, Operation};
use crate::values::claim_token::ClaimToken;
use crate::wire::decode;

// The second copy would find the server claimed, and say so as if the first had failed.
pub(crate) const OPERATION: Operation =
    Operation::new("claimServer", Host::MediaServer, Method::POST, "/myplex/claim")
        .secret_url()
        .unauthorized("the server is claimed already, or was not asked from its own network")
        .own_connection();

/// The server asks plex.tv before it answers, which takes up to a minute.
const DEADLINE: Duration = Duration::from_secs(75);

impl MediaServerAddress {
    /// `POST {server}/myplex/claim` (claimServer): makes a server that is nobody's belong to the account that
    /// the claim token is of. Sends no token but that one.
    ///
    /// Servers let only those claim them who ask from their own network: from `localhost` or the same
    /// subnet, so not through a reverse proxy. It takes up to a minute, for which the call has a deadline of
    /// its own, 75 s. After that it can take up to 90 s until the server is among the account's
    /// [`resources`](crate::PlexTv::resources), which have the token that opens it.
    ///
    /// The claim token stands in the URL, as Plex allows for nothing else, so that URL is masked wherever
    /// this library shows it.
    ///
    /// | the server answers | error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): it is claimed already, or was asked from another network; no token is refused by that |
    /// | 403, 500 | [`Forbidden`](crate::ResponseError::Forbidden), [`Unavailable`](crate::ResponseError::Unavailable): seen with a claim token that is old or used; get another |
    ///
    /// Where no answer comes, ask [`server_identity`](Self::server_identity) whether it is
    /// [`claimed`](crate::server::ServerIdentity::claimed) before trying again. Source: three clients; the name as in
    /// the published API; the network and the statuses by users' reports.
    ///
    /// ```
    /// use plex_auth_proto::{ClientIdentity, MediaServerAddress, http};
    /// use plex_auth_proto::server::ClaimToken;
    ///
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let address = MediaServerAddress::new(me, "http://10.0.0.7:32400".parse()?);
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
    ///     "claimServer at http://10.0.0.7:32400: the server is claimed already, or was not asked from \
    ///      its own network (401)"
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
    /// `POST {server}/myplex/claim` (claimServer): makes it belong to an account. Does not send this server's
    /// token; see [`MediaServerAddress::claim`].
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
    fn request_is_correct_and_its_url_secret() {
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
                .ends_with("claimed already, or was not asked from its own network (401)")
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
