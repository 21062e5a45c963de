use form_urlencoded::Serializer;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};

use crate::call::{Body, Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::values::pin_code::PinCode;
use crate::values::token::Token;
use crate::wire::decode;

// The second copy would find the PIN gone, and say so of one that is linked.
pub(crate) const OPERATION: Operation =
    Operation::new("linkOAuthPin", Host::PlexTv, Method::PUT, "/pins/link")
        .about_a_pin()
        .own_connection();

impl PlexTv {
    /// `PUT {plex.tv}/pins/link` (linkOAuthPin): lets the device that shows this code in, as the account of
    /// `token`.
    ///
    /// The other side of a PIN login: what Plex's own pages do for whoever types the code there. It links
    /// short and strong codes. The device gets a token of its own, with all rights of the account; so ask
    /// whoever is signed in before, and say what asks.
    ///
    /// | Plex answers | error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | 404, code 1020; 410 | [`is_pin_gone`](crate::ResponseError::is_pin_gone): no device shows this code (any more) |
    /// | a proxy's page with a success | [`UnexpectedContent`](crate::ResponseError::UnexpectedContent) |
    ///
    /// Plex answers 204; any success is taken that is no web page. Source: recorded answers; the name as in
    /// the published API.
    ///
    /// ```
    /// use plex_auth_proto::{ClientIdentity, PlexTv, Token, http};
    /// use plex_auth_proto::pin::PinCode;
    ///
    /// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let typed = PinCode::new("g7 kx\n")?;
    /// let (request, reply) = PlexTv::new(me).link_pin(&token, &typed).into_parts();
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
    // Room for text of which each byte takes three, so that it is never moved: what it leaves behind
    // would not be zeroed.
    let room = 8 + 3 * code.expose().len();
    let mut form = Serializer::new(String::with_capacity(room));
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
    fn any_success_except_a_page_is_enough() {
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
        assert!(!page.is_retryable(), "it may have been linked all the same");
        assert!(parse(401, "").unwrap_err().is_token_invalid());
    }
}
