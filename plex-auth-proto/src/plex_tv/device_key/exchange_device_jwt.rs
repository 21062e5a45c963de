use http::Method;
use serde::de::MapAccess;

use crate::call::{Call, request};
use crate::jwt::DeviceJwt;
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::values::token::Token;
use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient::{self, Budget, Value};

// Not idempotent: the first request uses up the nonce.
pub(crate) const OPERATION: Operation =
    Operation::new("exchangeJWTToken", Host::PlexTv, Method::POST, "/auth/token")
        .unauthorized("the device's JWT was not accepted")
        .own_connection();

impl PlexTv {
    /// Exchanges a JWT signed by the device for a new token. Requires neither a password nor
    /// another token. Sends `POST {plex.tv}/auth/token` (exchangeJWTToken).
    ///
    /// The token expires after seven days (see [`PlexJwt`](crate::jwt::PlexJwt)). The device can
    /// request a new one at any time, even after the previous one has expired. The first exchange
    /// invalidates the device's old-style token. Users report that media servers do not accept
    /// tokens from this exchange. To find out which token to use with a media server instead, see
    /// [`Token`].
    ///
    /// The nonce, the signature and this call must all use the same identity. This call is not
    /// idempotent: to retry, start with a new nonce.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 400 | [`BadRequest`](crate::ResponseError::BadRequest): the device's JWT is malformed |
    /// | 422 | [`Rejected`](crate::ResponseError::Rejected): the signature, structure or thumbprint is wrong |
    /// | 429, code 1003 | [`RateLimited`](crate::ResponseError::RateLimited) |
    /// | 498 | [`Unauthorized`](crate::ResponseError::Unauthorized): the device's JWT has expired; check the clock |
    /// | code 1097 | depends on the status: the device was removed, or the identity differs ([`needs_new_device_key`](crate::ResponseError::needs_new_device_key) returns true) |
    /// | a successful response without a usable token | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `auth_token` |
    ///
    /// Sources: Plex's published description and four clients. The token is read from `auth_token`
    /// or `authToken`.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::time::SystemTime;
    /// use plex_auth_proto::{ClientIdentity, PlexTv, http};
    /// use plex_auth_proto::jwt::DeviceClaims;
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let plex_tv = PlexTv::new(identity);
    /// # use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
    /// # struct Key(Jwk);
    /// # impl DeviceKey for Key {
    /// #     fn jwk(&self) -> &Jwk { &self.0 }
    /// #     fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> { Ok([0; 64]) }
    /// # }
    /// # let key = Key(Jwk::new([7; 32], "den-2026")?);
    ///
    /// let (_, reply) = plex_tv.nonce().into_parts();
    /// let nonce = reply.parse(&http::Response::new(r#"{"nonce":"b7d0-41c9"}"#))?;
    ///
    /// // `key` was registered with Plex: it is an `Ed25519Key` or a `DeviceKey` of your own.
    /// let claims = DeviceClaims::for_exchange(plex_tv.identity(), nonce, SystemTime::now());
    /// let (request, reply) = plex_tv.exchange_device_jwt(&claims.sign(&key)?).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/auth/token");
    ///
    /// let token = reply.parse(&http::Response::new(r#"{"auth_token":"eyJh.eyJp.c2ln"}"#))?;
    /// assert_eq!(token.expose(), "eyJh.eyJp.c2ln");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "exchangeJWTToken")]
    pub fn exchange_device_jwt(&self, jwt: &DeviceJwt) -> Call<Token> {
        let mut request = request::request(&OPERATION, "", &self.identity, &self.url, None);
        // A signed JWT contains no characters that need escaping in JSON.
        request::set_json_text(&mut request, [r#"{"jwt":""#, jwt.expose(), r#""}"#].concat());
        Call::new(&OPERATION, request, read)
    }
}

lenient::object! {
    #[derive(Debug)]
    struct Fields {
        auth_token: Option<Token> as "auth_token",
        auth_token_camel_case: Option<Token> as "authToken",
    }
}

struct Exchanged(Token);

impl<'de> Value<'de> for Exchanged {
    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        let answer = Fields::from_object(map, budget)?;
        let token = answer.and_then(|Fields { auth_token, auth_token_camel_case, .. }| {
            auth_token.or(auth_token_camel_case)
        });
        Ok(token.map(Self))
    }
}

fn read(body: &[u8]) -> Result<Token, DecodeError> {
    let exchanged: Option<Exchanged> = decode::object(body)?;
    exchanged
        .map(|Exchanged(token)| token)
        .ok_or_else(|| DecodeError::shape("auth_token", "is missing or not a valid token"))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::jwt::{DeviceClaims, Jwk};
    use crate::wire::decode::DecodeError;
    use crate::{ClientIdentity, PlexTv, ResponseError};
    use http::Response;
    use std::time::SystemTime;

    fn call() -> crate::Call<crate::Token> {
        let me = ClientIdentity::builder("id").build().unwrap();
        let jwk = Jwk::new([0; 32], "den").unwrap();
        let claims = DeviceClaims::for_poll(&me, SystemTime::UNIX_EPOCH);
        PlexTv::new(me).exchange_device_jwt(&claims.unsigned(&jwk).signed(&[0; 64]))
    }

    #[test]
    fn request_has_only_the_signed_token() {
        let (request, reply) = call().into_parts();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "https://plex.tv/api/v2/auth/token");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert!(!request.headers().contains_key("x-plex-token"));
        let body: serde_json::Value = serde_json::from_slice(request.body().as_ref()).unwrap();
        let jwt = body["jwt"].as_str().unwrap();
        assert!(jwt.starts_with("eyJ") && jwt.ends_with(&"A".repeat(86)), "{jwt}");
        assert_eq!(request.body().as_ref(), format!(r#"{{"jwt":"{jwt}"}}"#).as_bytes());
        assert!(!reply.is_idempotent());
    }

    #[test]
    fn token_is_found_under_both_names() {
        for body in [
            r#"{"auth_token":"new"}"#,
            r#"{"authToken":"new","jwt":null}"#,
            r#"{"auth_token":null,"authToken":"new"}"#,
            r#"{"authToken":"old","auth_token":"new","scope":1e999}"#,
        ] {
            assert_eq!(read(body.as_bytes()).unwrap().expose(), "new", "{body}");
        }
        for body in ["{}", r#"{"auth_token":"a b"}"#, r#"{"auth_token":{}}"#] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Shape { path, .. } => assert_eq!(path, "auth_token", "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
    }

    #[test]
    fn refused_signature_is_distinguished() {
        let (_, reply) = call().into_parts();
        let error = |status, body: &'static str| {
            reply.parse(&Response::builder().status(status).body(body).unwrap()).unwrap_err()
        };
        let signature = error(422, r#"{"errors":[{"message":"Invalid token"}]}"#);
        assert!(matches!(signature, ResponseError::Rejected(_)), "{signature}");
        let expired = error(498, "");
        assert_eq!(expired.to_string(), "the device's JWT was not accepted: plex.tv answered 498");
        let removed = error(401, r#"{"errors":[{"code":1097}]}"#);
        for error in [&signature, &expired, &removed] {
            assert!(!error.is_token_invalid(), "no token was sent: {error}");
        }
        assert!(removed.needs_new_device_key());
        assert!(!signature.needs_new_device_key() && !expired.needs_new_device_key());
        assert!(error(422, r#"<errors><error code="1097"/></errors>"#).needs_new_device_key());
    }
}
