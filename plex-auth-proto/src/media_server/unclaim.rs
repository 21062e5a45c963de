use http::Method;

use crate::call::{Call, request};
use crate::media_server::MediaServer;
use crate::operation::{Host, Operation};
use crate::wire::decode;

// What belongs to nobody cannot be given up again.
pub(crate) const OPERATION: Operation =
    Operation::new("unclaimServer", Host::MediaServer, Method::DELETE, "/myplex/account")
        .idempotent()
        .own_connection();

impl MediaServer {
    /// `DELETE {server}/myplex/account`: makes the server nobody's, so that everybody with whom it was
    /// shared is locked out, and whoever is in its network can [`claim`](Self::claim) it.
    ///
    /// Its tokens die with it, the one of this call too. Wants the token of its owner.
    ///
    /// | the server answers | error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token does not open this server; says nothing about the account |
    /// | 403 | [`Forbidden`](crate::ResponseError::Forbidden): it is not its owner's |
    ///
    /// Any success is taken that is no foreign page. The published API does not name this one. Source: two
    /// clients.
    ///
    /// ```
    /// use plex_auth_proto::{http, ClientIdentity, MediaServer, Token};
    ///
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let server = MediaServer::new(me, "http://10.0.0.7:32400".parse()?, token);
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
