use http::Method;

use crate::call::{Call, request};
use crate::media_server::MediaServer;
use crate::operation::{Host, Operation};
use crate::wire::decode;

// Idempotent: a second request has no effect on a server that is already unclaimed.
pub(crate) const OPERATION: Operation =
    Operation::new("unclaimServer", Host::MediaServer, Method::DELETE, "/myplex/account")
        .idempotent()
        .own_connection();

impl MediaServer {
    /// Removes the server from its account: the users it was shared with lose access, and any
    /// client on its network can [`claim`](Self::claim) it. Sends `DELETE {server}/myplex/account`.
    ///
    /// This requires the owner's token. Unclaiming invalidates all access tokens for the server,
    /// including one sent with this request.
    ///
    /// | The server's response | Error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is not valid for this server; this does not mean that the account's token is invalid |
    /// | 403 | [`Forbidden`](crate::ResponseError::Forbidden): the token is not the owner's |
    ///
    /// Any successful response is accepted unless it is a web page from another program. The
    /// operation is not part of the published API. Sources: two clients.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, MediaServer, Token};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let server = MediaServer::new(identity, "http://10.0.0.7:32400".parse()?, token);
    /// let (request, reply) = server.unclaim().into_parts();
    /// assert_eq!(request.method(), "DELETE");
    /// assert_eq!(request.uri(), "http://10.0.0.7:32400/myplex/account");
    ///
    /// reply.parse(&http::Response::new(""))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unclaim(&self) -> Call<()> {
        let (address, token) = (&self.address, Some(&self.token));
        let request = request::request(&OPERATION, "", address.identity(), address.url(), token);
        Call::new(&OPERATION, request, decode::nothing)
    }
}

#[cfg(test)]
mod tests {
    use crate::{ClientIdentity, MediaServer, Token};

    #[test]
    fn request_is_correct() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let url = "https://plex.example/plex/".parse().unwrap();
        let call = MediaServer::new(me, url, Token::new("abc").unwrap()).unclaim();
        let request = call.request();
        assert_eq!(request.method(), "DELETE");
        assert_eq!(request.uri(), "https://plex.example/plex/myplex/account");
        assert_eq!(request.headers()["x-plex-token"], "abc");
        assert!(!request.headers().contains_key("content-length"));
        for body in [
            "",
            "<MyPlex/>",
            "<html><head><title>OK</title></head><body><h1>200 OK</h1></body></html>",
        ] {
            call.reply().parse(&http::Response::new(body)).unwrap();
        }
        call.reply().parse(&http::Response::new("<html>Sign in</html>")).unwrap_err();
    }
}
