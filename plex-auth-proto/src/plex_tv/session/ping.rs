use http::Method;

use crate::call::{Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::values::token::Token;
use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient;

pub(crate) const OPERATION: Operation =
    Operation::new("ping", Host::PlexTv, Method::GET, "/ping").idempotent().own_connection();

impl PlexTv {
    /// Checks that a token is valid and keeps an old-style token from expiring, at a lower cost
    /// than [`token_details`](Self::token_details). Sends `GET {plex.tv}/ping` (ping).
    ///
    /// Any request with an old-style token keeps it from expiring. Users report that these tokens
    /// become invalid after three to four weeks without use. A program that sends no other requests
    /// for that long should ping once a day.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | a successful response without a confirmation | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `pong` |
    /// | a web page with any status | inconclusive; does not mean that the token is valid |
    ///
    /// `{"pong":true}`, `{"success":true}` and XML with the text `true` are accepted. Sources: one
    /// client (`pong`, XML) and the published API (`success`).
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv, Token};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (request, reply) = PlexTv::new(identity).ping(&token).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/ping");
    ///
    /// reply.parse(&http::Response::new(r#"{"pong":true}"#))?;
    ///
    /// let page = http::Response::new("<html>Sign in to the hotel's network</html>");
    /// let error = reply.parse(&page).unwrap_err();
    /// assert!(!error.is_token_invalid() && error.is_retryable());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ping(&self, token: &Token) -> Call<()> {
        let request = request::request(&OPERATION, "", &self.identity, &self.url, Some(token));
        Call::new(&OPERATION, request, read)
    }
}

lenient::object! {
    #[derive(Debug)]
    struct Fields {
        pong: Option<bool>,
        /// The name of `pong` in the published API.
        success: Option<bool>,
    }
}

fn read(body: &[u8]) -> Result<(), DecodeError> {
    if decode::text_of_xml(body).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return Ok(());
    }
    let answer: Option<Fields> = decode::object(body)?;
    match answer.and_then(|answer| answer.pong.or(answer.success)) {
        Some(true) => Ok(()),
        _ => Err(DecodeError::shape("pong", "is missing or not true")),
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::wire::content::Content;
    use crate::wire::decode::DecodeError;
    use crate::{ClientIdentity, PlexTv, Token};

    #[test]
    fn request_is_correct() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let call = PlexTv::new(me).ping(&Token::new("abc").unwrap());
        let request = call.request();
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri(), "https://plex.tv/api/v2/ping");
        assert_eq!(request.headers()["accept"], "application/json");
        assert_eq!(request.headers()["x-plex-token"], "abc");
        assert!(!request.headers().contains_key("content-length"));
    }

    #[test]
    fn every_form_of_success_is_read() {
        for body in [
            r#"{"pong":true}"#,
            "\u{feff}\r\n{\"pong\":\"1\",\"x\":1e999}",
            r#"{"success":true}"#,
            r#"{"pong":null,"success":1}"#,
            "<pong>true</pong>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ping>\n True\n</ping>\n",
        ] {
            read(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}"));
        }
    }

    #[test]
    fn other_responses_are_errors() {
        for (body, expected) in [
            ("{}", "pong"),
            (r#"{"pong":false}"#, "pong"),
            (r#"{"pong":"perhaps"}"#, "pong"),
            (r#"{"errors":[]}"#, "pong"),
            ("true", "."),
        ] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Shape { path, .. } => assert_eq!(path, expected, "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
        for (body, expected) in [
            ("", Content::Empty),
            ("pong", Content::Other),
            ("<html><body>true</body></html>", Content::Html),
            ("<html>true</html>", Content::Html),
            ("<pong>false</pong>", Content::Xml),
            ("<pong/>", Content::Xml),
            (r#"<a b="true"/>"#, Content::Xml),
        ] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Content(content) => assert_eq!(content, expected, "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
    }
}
