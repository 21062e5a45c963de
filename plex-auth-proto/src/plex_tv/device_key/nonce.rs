use http::Method;

use crate::call::{Call, request};
use crate::jwt::Nonce;
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::wire::decode::{self, DecodeError};

pub(crate) const OPERATION: Operation =
    Operation::new("getAuthNonce", Host::PlexTv, Method::GET, "/auth/nonce").idempotent();

impl PlexTv {
    /// Requests a nonce, which the device signs to [get a token](Self::exchange_device_jwt). Sends
    /// `GET {plex.tv}/auth/nonce` (getAuthNonce) without a token.
    ///
    /// A nonce is valid for one exchange and expires after five minutes. Plex limits the rate of
    /// these requests, so request a nonce only when it is needed.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 429, code 1003 | [`RateLimited`](crate::ResponseError::RateLimited) |
    /// | a successful response without a nonce | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `nonce` |
    ///
    /// Source: Plex's published description.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let (request, reply) = PlexTv::new(identity).nonce().into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/auth/nonce");
    ///
    /// let nonce = reply.parse(&http::Response::new(r#"{"nonce":"b7d0-41c9"}"#))?;
    /// assert_eq!(nonce.expose(), "b7d0-41c9");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getAuthNonce")]
    pub fn nonce(&self) -> Call<Nonce> {
        let request = request::request(&OPERATION, "", &self.identity, &self.url, None);
        Call::new(&OPERATION, request, read)
    }
}

fn read(body: &[u8]) -> Result<Nonce, DecodeError> {
    decode::object(body)?.ok_or_else(|| DecodeError::shape("nonce", "is missing or invalid"))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::wire::decode::DecodeError;
    use crate::{ClientIdentity, PlexTv};

    #[test]
    fn request_has_no_token() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let call = PlexTv::new(me).nonce();
        let request = call.request();
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri(), "https://plex.tv/api/v2/auth/nonce");
        assert_eq!(request.headers()["x-plex-client-identifier"], "id");
        assert!(!request.headers().contains_key("x-plex-token"));
        assert!(!request.headers().contains_key("content-length"));
        assert!(call.reply().is_idempotent());
    }

    #[test]
    fn nonce_is_a_string_or_a_number() {
        for (body, nonce) in [
            (r#"{"nonce":"b7d0-41c9"}"#, "b7d0-41c9"),
            (r#"{"nonce":4711,"expires":1e999}"#, "4711"),
            (r#"{"nonce":null,"nonce":"a b\"c"}"#, "a b\"c"),
        ] {
            assert_eq!(read(body.as_bytes()).unwrap().expose(), nonce, "{body}");
        }
    }

    #[test]
    fn missing_nonce_is_an_error() {
        let long = format!(r#"{{"nonce":"{}"}}"#, "x".repeat(1025));
        for body in ["{}", r#"{"nonce":""}"#, r#"{"nonce":[]}"#, &long] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Shape { path, .. } => assert_eq!(path, "nonce", "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
    }
}
