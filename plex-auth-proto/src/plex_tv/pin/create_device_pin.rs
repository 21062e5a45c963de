use serde_json::json;

use crate::call::{Call, request};
use crate::jwt::Jwk;
use crate::plex_tv::pin::create_pin::OPERATION;
use crate::plex_tv::pin::device_pin::DevicePin;
use crate::plex_tv::pin::short_pin::ShortPin;
use crate::plex_tv::pin::strong_pin::StrongPin;
use crate::plex_tv::{PlexTv, pin};

impl PlexTv {
    /// Creates a PIN with a 4-character code for `https://plex.tv/link`. Linking the PIN registers
    /// this device's key. Sends `POST {plex.tv}/pins` (createOAuthPin) with the key.
    ///
    /// Plex recommends registering a device key this way. If the device already has an old-style
    /// token, use [`register_device_key`](Self::register_device_key) instead. The PIN works like a
    /// [PIN without a key](Self::create_short_pin), except that it is
    /// [polled](Self::poll_device_pin) with a signature.
    ///
    /// According to the author of one client, once Plex has issued a JWT for a client identifier,
    /// users can no longer use that identifier to sign in with a password or with a PIN without a
    /// key. Users report that Plex's page then refuses such a PIN.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 400 | [`BadRequest`](crate::ResponseError::BadRequest) |
    /// | 422 | [`Rejected`](crate::ResponseError::Rejected): the key's thumbprint is already registered |
    /// | 429 | [`RateLimited`](crate::ResponseError::RateLimited) |
    /// | a successful response without a usable ID or code | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `id` or `code` |
    ///
    /// Sources: Plex's published description and two clients.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{ClientIdentity, PlexTv, http};
    /// use plex_auth_proto::jwt::Jwk;
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let jwk = Jwk::new([7; 32], "den-2026")?; // from a `DeviceKey`
    /// let (request, reply) = PlexTv::new(identity).create_short_device_pin(&jwk).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/pins");
    /// assert_eq!(request.body().as_ref(), format!(r#"{{"jwk":{}}}"#, jwk.to_json()).as_bytes());
    ///
    /// let answer = http::Response::new(r#"{"id":2147483650,"code":"G7KX","expiresIn":900}"#);
    /// let pin = reply.parse(&answer)?;
    /// assert_eq!(pin.short().map(|pin| pin.pin().code.expose()), Some("G7KX"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "createOAuthPin")]
    pub fn create_short_device_pin(&self, jwk: &Jwk) -> Call<DevicePin> {
        self.create_short_pin_with(jwk).map(DevicePin::of_short)
    }

    /// Creates a PIN for Plex's hosted page. Linking the PIN registers this device's key. Sends
    /// `POST {plex.tv}/pins` (createOAuthPin) with the key.
    ///
    /// Use it in a program that can open a browser. Everything else is the same as for
    /// [`create_short_device_pin`](Self::create_short_device_pin).
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{ClientIdentity, PlexTv, http};
    /// use plex_auth_proto::jwt::Jwk;
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let plex_tv = PlexTv::new(identity);
    /// let jwk = Jwk::new([7; 32], "den-2026")?; // from a `DeviceKey`
    /// let (_, reply) = plex_tv.create_strong_device_pin(&jwk).into_parts();
    ///
    /// let answer = http::Response::new(r#"{"id":2147483651,"code":"8lzfqpkmtyfvdqo4q9ri9l35c"}"#);
    /// let pin = reply.parse(&answer)?;
    /// let page = pin.strong().map(|pin| pin.hosted_page(&plex_tv).to_string());
    /// assert!(page.is_some_and(|page| page.starts_with("https://app.plex.tv/auth#?")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "createOAuthPin")]
    pub fn create_strong_device_pin(&self, jwk: &Jwk) -> Call<DevicePin> {
        self.create_strong_pin_with(jwk).map(DevicePin::of_strong)
    }

    pub(crate) fn create_short_pin_with(&self, jwk: &Jwk) -> Call<ShortPin> {
        let mut request = request::request(&OPERATION, "", &self.identity, &self.url, None);
        request::set_json(&mut request, &json!({ "jwk": jwk.to_value() }));
        Call::new(&OPERATION, request, |body| pin::read(body).map(ShortPin::new))
    }

    pub(crate) fn create_strong_pin_with(&self, jwk: &Jwk) -> Call<StrongPin> {
        let mut request = request::request(&OPERATION, "", &self.identity, &self.url, None);
        request::set_json(&mut request, &json!({ "jwk": jwk.to_value(), "strong": true }));
        Call::new(&OPERATION, request, |body| pin::read(body).map(StrongPin::new))
    }
}

#[cfg(test)]
mod tests {
    use crate::jwt::Jwk;
    use crate::{ClientIdentity, PlexTv, ResponseError};

    #[test]
    fn requests_have_the_key_and_no_token() {
        let plex_tv = PlexTv::new(ClientIdentity::builder("id").build().unwrap());
        let jwk = Jwk::new([0; 32], "den").unwrap();
        let json = jwk.to_json();
        for (call, body) in [
            (plex_tv.create_short_device_pin(&jwk), format!(r#"{{"jwk":{json}}}"#)),
            (plex_tv.create_strong_device_pin(&jwk), format!(r#"{{"jwk":{json},"strong":true}}"#)),
        ] {
            let (request, reply) = call.into_parts();
            assert_eq!(request.method(), "POST");
            assert_eq!(request.uri(), "https://plex.tv/api/v2/pins");
            assert_eq!(request.headers()["content-type"], "application/json");
            assert!(!request.headers().contains_key("x-plex-token"));
            assert_eq!(std::str::from_utf8(request.body().as_ref()).unwrap(), body);
            assert!(!reply.is_idempotent());
        }
    }

    #[test]
    fn pin_is_of_the_requested_kind() {
        let plex_tv = PlexTv::new(ClientIdentity::builder("id").build().unwrap());
        let jwk = Jwk::new([0; 32], "den").unwrap();
        let answer = http::Response::new(r#"{"id":7,"code":"G7KX"}"#);
        let short = plex_tv.create_short_device_pin(&jwk).reply().parse(&answer).unwrap();
        assert!(short.short().is_some() && short.strong().is_none());
        let strong = plex_tv.create_strong_device_pin(&jwk).reply().parse(&answer).unwrap();
        assert!(strong.short().is_none() && strong.strong().is_some());
        assert_eq!((short.id().expose(), strong.id().expose()), (7, 7));
        assert!(!format!("{short:?}").contains("G7KX"));

        let error = plex_tv.create_short_device_pin(&jwk).reply().parse(&http::Response::new("{}"));
        assert!(matches!(error, Err(ResponseError::UnexpectedShape { path, .. }) if path == "id"));
    }
}
