use form_urlencoded::Serializer;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};

use crate::call::{Body, Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::values::pin_code::PinCode;
use crate::values::token::Token;
use crate::wire::decode;

// Not idempotent: a second request would report that the PIN is gone, although it was linked.
pub(crate) const OPERATION: Operation =
    Operation::new("linkOAuthPin", Host::PlexTv, Method::PUT, "/pins/link")
        .about_a_pin()
        .own_connection();

impl PlexTv {
    /// Links a PIN by its code: the device that displays the code is signed in to the account that
    /// `token` belongs to. Sends `PUT {plex.tv}/pins/link` (linkOAuthPin).
    ///
    /// This is the other side of a PIN login: it does what Plex's own pages do. It accepts short
    /// and strong codes. The device gets a token with full access to the account, so tell the user
    /// which device is signing in and ask for confirmation first.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | 404, code 1020; 410 | [`is_pin_gone`](crate::ResponseError::is_pin_gone): the code is unknown or has expired |
    /// | a web page with a success status | [`UnexpectedContent`](crate::ResponseError::UnexpectedContent) |
    ///
    /// Plex answers 204, but any other successful response is accepted unless it is a web page.
    /// Sources: recorded responses. The operation name is from the published API.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{ClientIdentity, PlexTv, Token, http};
    /// use plex_auth_proto::pin::PinCode;
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let typed = PinCode::new("g7 kx\n")?;
    /// let (request, reply) = PlexTv::new(identity).link_pin(&token, &typed).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/pins/link");
    /// assert_eq!(request.body().as_ref(), b"code=G7KX");
    ///
    /// reply.parse(&http::Response::builder().status(204).body("")?)?;
    ///
    /// let answer = http::Response::builder().status(404).body(r#"{"errors":[{"code":1020}]}"#)?;
    /// assert!(reply.parse(&answer).unwrap_err().is_pin_gone());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "linkOAuthPin")]
    pub fn link_pin(&self, token: &Token, code: &PinCode) -> Call<()> {
        let mut request = request::request(&OPERATION, "", &self.identity, &self.url, Some(token));
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        *request.body_mut() = form(code);
        Call::new(&OPERATION, request, decode::nothing)
    }
}

fn form(code: &PinCode) -> Body {
    // Enough for a code in which every byte is percent-encoded as three bytes. Growing the buffer
    // would move the text and leave a copy in memory that is not zeroed.
    let capacity = 8 + 3 * code.expose().len();
    let mut form = Serializer::new(String::with_capacity(capacity));
    form.append_pair("code", code.expose());
    Body::from(form.finish())
}

#[cfg(test)]
mod tests {
    use crate::error::Content;
    use crate::pin::PinCode;
    use crate::{Call, ClientIdentity, PlexTv, ResponseError, Token};

    fn call(code: &str) -> Call<()> {
        let plex_tv = PlexTv::new(ClientIdentity::builder("id").build().unwrap());
        plex_tv.link_pin(&Token::new("t0ken").unwrap(), &PinCode::new(code).unwrap())
    }

    #[test]
    fn request_is_correct() {
        let (request, reply) = call("g7kx").into_parts();
        assert_eq!(request.method(), "PUT");
        assert_eq!(request.uri(), "https://plex.tv/api/v2/pins/link");
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(request.headers()["content-length"], "9");
        assert_eq!(request.headers()["x-plex-token"], "t0ken");
        assert_eq!(request.body().as_ref(), b"code=G7KX");
        assert!(!reply.is_idempotent() && !reply.has_secret_url());
        let strong = call("8lzfqpkmtyfvdqo4q9ri9l35c").into_parts().0;
        assert_eq!(strong.body().as_ref(), b"code=8lzfqpkmtyfvdqo4q9ri9l35c");
        let odd = call("a&b=c%20+d").into_parts().0;
        assert_eq!(odd.body().as_ref(), b"code=a%26b%3Dc%2520%2Bd");
    }

    #[test]
    fn any_success_except_html_is_accepted() {
        let parse = |status: u16, body: &str| {
            let answer = http::Response::builder().status(status).body(body.to_owned());
            call("g7kx").reply().parse(&answer.unwrap())
        };
        for (status, body) in [
            (204, ""),
            (200, ""),
            (201, " \n"),
            (200, "{}"),
            (200, r#"{"a":[1]}"#),
            (200, "OK"),
            (200, "<linked/>"),
        ] {
            parse(status, body).unwrap_or_else(|error| panic!("{status} {body}: {error}"));
        }
        let page = parse(200, "<html>Sign in to the hotel's network</html>").unwrap_err();
        assert!(
            matches!(page, ResponseError::UnexpectedContent { content: Content::Html, .. }),
            "{page}"
        );
        assert!(!page.is_retryable(), "the PIN may have been linked anyway");
        assert!(parse(401, "").unwrap_err().is_token_invalid());
    }
}
