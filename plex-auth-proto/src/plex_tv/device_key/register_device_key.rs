use http::Method;
use serde_json::json;

use crate::call::{Call, request};
use crate::jwt::Jwk;
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::values::token::Token;
use crate::wire::decode;

pub(crate) const OPERATION: Operation =
    Operation::new("registerDeviceJWK", Host::PlexTv, Method::POST, "/auth/jwk").own_connection();

impl PlexTv {
    /// Registers this device's public key with Plex, so that the device can [get
    /// tokens](Self::exchange_device_jwt) by signing a nonce. Sends `POST {plex.tv}/auth/jwk`
    /// (registerDeviceJWK).
    ///
    /// Do this once, with an old-style token that was issued for the same client identifier. The
    /// first exchange invalidates that token. This call is not idempotent: a second request would
    /// be rejected, because the key is already registered.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 400 | [`BadRequest`](crate::ResponseError::BadRequest): the key is malformed |
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | 422 | [`Rejected`](crate::ResponseError::Rejected): the key's thumbprint is already registered |
    /// | 429 | [`RateLimited`](crate::ResponseError::RateLimited) |
    /// | a web page with a success status | [`UnexpectedContent`](crate::ResponseError::UnexpectedContent) |
    ///
    /// Any other successful response is accepted. Sources: Plex's published description and one
    /// client.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{ClientIdentity, PlexTv, Token, http};
    /// use plex_auth_proto::jwt::Jwk;
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let jwk = Jwk::new([7; 32], "den-2026")?; // from a `DeviceKey`
    /// let (request, reply) = PlexTv::new(identity).register_device_key(&token, &jwk).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/auth/jwk");
    /// assert_eq!(request.body().as_ref(), format!(r#"{{"jwk":{}}}"#, jwk.to_json()).as_bytes());
    ///
    /// reply.parse(&http::Response::builder().status(201).body("")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "registerDeviceJWK")]
    pub fn register_device_key(&self, token: &Token, jwk: &Jwk) -> Call<()> {
        let token = Some(token);
        let mut request = request::request(&OPERATION, "", &self.identity, &self.url, token);
        request::set_json(&mut request, &json!({ "jwk": jwk.to_value() }));
        Call::new(&OPERATION, request, decode::nothing)
    }
}

#[cfg(test)]
mod tests {
    use crate::jwt::Jwk;
    use crate::{ClientIdentity, PlexTv, ResponseError, Token};
    use http::Response;

    fn call() -> crate::Call<()> {
        let me = ClientIdentity::builder("id").build().unwrap();
        let jwk = Jwk::new([0; 32], "den").unwrap();
        PlexTv::new(me).register_device_key(&Token::new("abc").unwrap(), &jwk)
    }

    #[test]
    fn request_is_correct() {
        let (request, reply) = call().into_parts();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "https://plex.tv/api/v2/auth/jwk");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()["x-plex-token"], "abc");
        let body = r#"{"jwk":{"alg":"EdDSA","crv":"Ed25519","kid":"den","kty":"OKP","use":"sig","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}"#;
        assert_eq!(request.headers()["content-length"], body.len().to_string());
        assert_eq!(std::str::from_utf8(request.body().as_ref()).unwrap(), body);
        assert!(!reply.is_idempotent());
    }

    #[test]
    fn registered_key_does_not_mean_invalid_token() {
        let (_, reply) = call().into_parts();
        for (status, body) in [(200, r#"{"authToken":"x"}"#), (201, ""), (204, "")] {
            let answer = Response::builder().status(status).body(body).unwrap();
            reply.parse(&answer).unwrap();
        }
        let taken = r#"{"errors":[{"code":1008,"message":"Thumbprint has already been taken"}]}"#;
        let taken = Response::builder().status(422).body(taken).unwrap();
        let error = reply.parse(&taken).unwrap_err();
        assert!(
            matches!(error, ResponseError::Rejected(_)) && !error.is_token_invalid(),
            "{error}"
        );
        assert!(!error.is_retryable() && !error.needs_new_device_key(), "{error}");
    }
}
