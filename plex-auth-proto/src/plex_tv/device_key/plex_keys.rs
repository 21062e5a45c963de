use http::Method;

use crate::call::{Call, request};
use crate::jwt::PlexKeys;
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::wire::decode::{self, DecodeError};

pub(crate) const OPERATION: Operation =
    Operation::new("getAuthKeys", Host::PlexTv, Method::GET, "/auth/keys").idempotent();

impl PlexTv {
    /// Returns Plex's public keys, for verifying that a token was issued by Plex
    /// (`PlexKeys::verify`, feature `ed25519`). Sends `GET {plex.tv}/auth/keys` (getAuthKeys)
    /// without a token.
    ///
    /// Cache the keys. Plex changes its keys from time to time, so if a token refers to a key that
    /// is not in the list, request the list again, but only once. A device does not need to verify
    /// a token that it received from [`exchange_device_jwt`](Self::exchange_device_jwt).
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 429 | [`RateLimited`](crate::ResponseError::RateLimited) |
    /// | a successful response without `keys` | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) |
    ///
    /// Sources: Plex's published description, which shows RSA keys, and clients, which receive
    /// Ed25519 keys.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let (request, reply) = PlexTv::new(identity).plex_keys().into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/auth/keys");
    ///
    /// let keys = reply.parse(&http::Response::new(
    ///     r#"{"keys":[{"kty":"RSA","kid":"old","n":"AQAB","e":"AQAB"},
    ///         {"kty":"OKP","crv":"Ed25519","kid":"new","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    /// ))?;
    /// let usable: Vec<_> = keys.keys.iter().filter(|key| key.public_key().is_some()).collect();
    /// assert_eq!((keys.keys.len(), usable.len()), (2, 1));
    /// assert_eq!(usable[0].key_id.as_deref(), Some("new"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getAuthKeys")]
    pub fn plex_keys(&self) -> Call<PlexKeys> {
        let request = request::request(&OPERATION, "", &self.identity, &self.url, None);
        Call::new(&OPERATION, request, read)
    }
}

fn read(body: &[u8]) -> Result<PlexKeys, DecodeError> {
    decode::object_with(body, "keys", |keys: &PlexKeys| keys.keys.is_empty())
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::{ClientIdentity, PlexTv};

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    #[test]
    fn request_has_no_token() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let call = PlexTv::new(me).plex_keys();
        let request = call.request();
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri(), "https://plex.tv/api/v2/auth/keys");
        assert!(!request.headers().contains_key("x-plex-token"));
    }

    #[test]
    fn unreadable_key_is_skipped() {
        let body = format!(
            r#"{{"keys":[7,{{"kty":"RSA","n":"AQAB"}},null,{{"kty":"OKP","crv":"Ed25519","x":"{X}","kid":1}}]}}"#
        );
        let keys = read(body.as_bytes()).unwrap();
        let usable: Vec<_> = keys.keys.iter().map(|key| key.public_key().is_some()).collect();
        assert_eq!(usable, [false, true]);
        assert_eq!(keys.keys[1].key_id.as_deref(), Some("1"));
        assert_eq!(keys.unreadable_fields(), ["keys"]);
    }

    #[test]
    fn empty_list_of_keys_is_read() {
        for body in [r#"{"keys":[]}"#, "\u{feff}{\"keys\":null}"] {
            assert!(read(body.as_bytes()).unwrap().keys.is_empty(), "{body}");
        }
        for body in ["{}", r#"{"errors":[{"code":1001}]}"#, "[]", "<html>"] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn key_for_another_use_has_no_public_key() {
        for (rest, usable) in [
            (r#""kty":"OKP","crv":"Ed25519""#, true),
            (r#""kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig""#, true),
            (r#""kty":"OKP","crv":"Ed25519","use":"enc""#, false),
            (r#""kty":"OKP","crv":"Ed25519","alg":"ES256""#, false),
            (r#""kty":"OKP","crv":"X25519""#, false),
            (r#""kty":"EC","crv":"Ed25519""#, false),
            (r#""crv":"Ed25519""#, false),
        ] {
            let body = format!(r#"{{"keys":{{"x":"{X}",{rest}}}}}"#);
            let keys = read(body.as_bytes()).unwrap();
            assert_eq!(keys.keys[0].public_key().is_some(), usable, "{body}");
        }
        for x in [
            "",
            "AAAA",
            &format!("{X}="),
            &format!("{X}A"),
            "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        ] {
            let body = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
            let keys = read(body.as_bytes()).unwrap();
            assert_eq!(keys.keys[0].public_key(), None, "{x}");
        }
    }
}
