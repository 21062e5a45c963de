use crate::call::{Call, request};
use crate::jwt::DeviceJwt;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::device_pin::DevicePin;
use crate::plex_tv::pin::poll_pin::{self, OPERATION, PinState};

impl PlexTv {
    /// Polls a PIN that was created with this device's key, and returns Plex's JWT if the PIN is
    /// linked. Sends `GET {plex.tv}/pins/{id}?deviceJWT=…` (getOAuthPin).
    ///
    /// `jwt` must contain the [claims for polling](crate::jwt::DeviceClaims::for_poll). Sign a new
    /// JWT for each poll: a JWT expires after five minutes, before the PIN does. Everything else is
    /// the same as for a [PIN without a key](Self::poll_pin).
    ///
    /// If Plex cannot match the key, it reportedly returns an old-style token instead of a JWT.
    /// [`PlexJwt::unverified`](crate::jwt::PlexJwt::unverified) distinguishes the two.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 404, code 1020; 410 | [`is_pin_gone`](crate::ResponseError::is_pin_gone) |
    /// | 422 | [`Rejected`](crate::ResponseError::Rejected): the signature is wrong, or from another key |
    /// | 498 | [`Unauthorized`](crate::ResponseError::Unauthorized): the device's JWT has expired; check the clock |
    ///
    /// The URL contains the PIN's ID and the JWT, so it is secret. Sources: two clients.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::time::SystemTime;
    /// use plex_auth_proto::{ClientIdentity, PlexTv, http};
    /// use plex_auth_proto::jwt::DeviceClaims;
    /// use plex_auth_proto::pin::{DevicePin, PinId, PinState};
    ///
    /// # use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
    /// # struct Key(Jwk);
    /// # impl DeviceKey for Key {
    /// #     fn jwk(&self) -> &Jwk { &self.0 }
    /// #     fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> { Ok([0; 64]) }
    /// # }
    /// # let key = Key(Jwk::new([7; 32], "den-2026")?);
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let plex_tv = PlexTv::new(identity);
    /// let pin = DevicePin::restored(PinId::new(2_147_483_650));
    ///
    /// let jwt = DeviceClaims::for_poll(plex_tv.identity(), SystemTime::now()).sign(&key)?;
    /// let call = plex_tv.poll_device_pin(&pin, &jwt);
    /// assert_eq!(call.masked_url().to_string(), "https://plex.tv/***");
    ///
    /// let answer = http::Response::new(r#"{"id":2147483650,"authToken":"eyJh.eyJp.c2ln"}"#);
    /// assert!(matches!(call.reply().parse(&answer)?, PinState::Linked { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getOAuthPin")]
    pub fn poll_device_pin(&self, pin: &DevicePin, jwt: &DeviceJwt) -> Call<PinState> {
        let path = format!("/pins/{}", pin.id().expose());
        // A signed JWT contains no characters that must be percent-encoded in a query.
        let query = format!("?deviceJWT={}", jwt.expose());
        let request =
            request::request_at(&OPERATION, &path, &query, &self.identity, &self.url, None);
        let requested = pin.id().clone();
        Call::new(&OPERATION, request, move |body| poll_pin::read(body, &requested))
    }
}

#[cfg(test)]
mod tests {
    use crate::jwt::{DeviceClaims, Jwk};
    use crate::pin::{DevicePin, PinId, PinState};
    use crate::{Call, ClientIdentity, PlexTv};
    use std::time::SystemTime;

    fn call(identifier: &str, key_id: &str) -> Call<PinState> {
        let me = ClientIdentity::builder(identifier).build().unwrap();
        let jwk = Jwk::new([0; 32], key_id).unwrap();
        let claims = DeviceClaims::for_poll(&me, SystemTime::UNIX_EPOCH);
        let pin = DevicePin::restored(PinId::new(2_147_483_650));
        PlexTv::new(me).poll_device_pin(&pin, &claims.unsigned(&jwk).signed(&[1; 64]))
    }

    #[test]
    fn signed_token_is_in_a_secret_url() {
        let call = call("id", "den");
        let uri = call.request().uri();
        assert_eq!(call.request().method(), "GET");
        assert_eq!(uri.path(), "/api/v2/pins/2147483650");
        let jwt = uri.query().unwrap().strip_prefix("deviceJWT=").unwrap();
        assert_eq!(jwt.split('.').count(), 3);
        let (_, decoded) = form_urlencoded::parse(uri.query().unwrap().as_bytes()).next().unwrap();
        assert_eq!(decoded, jwt, "nothing needs to be encoded");

        assert!(call.reply().has_secret_url() && call.reply().is_idempotent());
        let shown = format!("{call:?} {:?} {}", call.reply(), call.masked_url());
        assert!(!shown.contains("eyJ") && !shown.contains("2147483650"), "{shown}");
        assert!(!call.request().headers().contains_key("x-plex-token"));
    }

    #[test]
    fn longest_names_fit_into_a_url() {
        let call = call(&"\"".repeat(1024), &"\"".repeat(256));
        assert!(call.request().uri().to_string().len() > 3_000);
    }

    #[test]
    fn rejected_signature_is_not_pin_gone() {
        let call = call("id", "den");
        for status in [400, 401, 422, 498] {
            let answer = http::Response::builder().status(status).body("").unwrap();
            let error = call.reply().parse(&answer).unwrap_err();
            assert!(!error.is_pin_gone() && !error.is_token_invalid(), "{error}");
        }
        let expired = http::Response::builder().status(498).body("").unwrap();
        assert_eq!(
            call.reply().parse(&expired).unwrap_err().to_string(),
            "the device's JWT was not accepted: plex.tv answered 498"
        );
    }
}
