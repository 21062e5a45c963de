use http::Method;

use crate::call::{Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::values::token::Token;
use crate::wire::decode;

// Idempotent: a second request finds the token already invalid, which is the intended result.
pub(crate) const OPERATION: Operation =
    Operation::new("signOut", Host::PlexTv, Method::DELETE, "/users/signout")
        .idempotent()
        .own_connection();

impl PlexTv {
    /// Invalidates a token, so that any remaining copies are useless. Sends
    /// `DELETE {plex.tv}/users/signout` (signOut).
    ///
    /// Delete the token only afterwards: a token that is deleted without signing out stays valid.
    /// Treat an error that says that the token [is invalid](crate::ResponseError::is_token_invalid)
    /// as a successful sign-out. A repeated request returns this error.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token was already invalid |
    /// | a web page with a success status | [`UnexpectedContent`](crate::ResponseError::UnexpectedContent): the token may still be valid |
    ///
    /// Plex answers 204 (recorded responses) or 200 (published API), but any other successful
    /// response is accepted unless it is a web page.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv, Token};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (request, reply) = PlexTv::new(identity).sign_out(&token).into_parts();
    /// assert_eq!(request.method(), "DELETE");
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/users/signout");
    ///
    /// reply.parse(&http::Response::builder().status(204).body("")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "signOut")]
    pub fn sign_out(&self, token: &Token) -> Call<()> {
        let request = request::request(&OPERATION, "", &self.identity, &self.url, Some(token));
        Call::new(&OPERATION, request, decode::nothing)
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Content;
    use crate::{ClientIdentity, PlexTv, ResponseError, Token};
    use http::Response;

    #[test]
    fn request_is_correct() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let call = PlexTv::new(me).sign_out(&Token::new("abc").unwrap());
        let request = call.request();
        assert_eq!(request.method(), "DELETE");
        assert_eq!(request.uri(), "https://plex.tv/api/v2/users/signout");
        assert_eq!(request.headers()["x-plex-token"], "abc");
        assert!(!request.headers().contains_key("content-length"));
        assert!(request.body().as_ref().is_empty());
    }

    #[test]
    fn any_success_except_html_is_accepted() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let call = PlexTv::new(me).sign_out(&Token::new("abc").unwrap());
        for body in ["", r#"{"success":true}"#, "<response/>", "OK", "\u{feff}{\"a\":"] {
            call.reply().parse(&Response::new(body)).unwrap();
        }
        for page in ["<html>Sign in to the network</html>", "\r\n<!DOCTYPE html><html></html>"] {
            let error = call.reply().parse(&Response::new(page)).unwrap_err();
            assert!(
                matches!(error, ResponseError::UnexpectedContent { content: Content::Html, .. }),
                "{error:?}"
            );
        }
    }
}
