use http::Method;

use crate::call::{Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::pin::short_pin::ShortPin;
use crate::plex_tv::pin::strong_pin::StrongPin;
use crate::plex_tv::{PlexTv, pin};

// Not idempotent: each request creates another PIN. Users report that a PIN that is never linked
// can invalidate the saved token, and PINs count toward the rate limit.
pub(crate) const OPERATION: Operation =
    Operation::new("createOAuthPin", Host::PlexTv, Method::POST, "/pins").own_connection();

impl PlexTv {
    /// Creates a PIN with a 4-character code, which the user enters at `https://plex.tv/link` to
    /// sign this device in. Sends `POST {plex.tv}/pins` (createOAuthPin).
    ///
    /// Show the code, and [poll](Self::poll_pin) about once per second with the same identity until
    /// the PIN is linked or has [expired](ShortPin::expires_in). A program that can open a browser
    /// should use a [strong PIN](Self::create_strong_pin).
    ///
    /// Create a PIN only when the user wants to sign in: linking it invalidates the token that the
    /// same account received earlier under the same client identifier, and users report that even a
    /// PIN that is never linked can do so. For the same reason, this call is not idempotent.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 400, code 1000 | [`BadRequest`](crate::ResponseError::BadRequest) |
    /// | 429 | [`RateLimited`](crate::ResponseError::RateLimited) |
    /// | a successful response without a usable ID or code | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `id` or `code` |
    ///
    /// Plex answers 201, but any success status is accepted. Source: recorded responses.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let (request, reply) = PlexTv::new(identity).create_short_pin().into_parts();
    /// assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/api/v2/pins"));
    ///
    /// let answer = http::Response::builder()
    ///     .status(201)
    ///     .body(r#"{"id":2147483650,"code":"G7KX","expiresIn":900,"authToken":null}"#)?;
    /// let pin = reply.parse(&answer)?;
    /// assert_eq!(pin.pin().code.expose(), "G7KX");
    /// assert_eq!(pin.expires_in().as_secs(), 900);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "createOAuthPin")]
    pub fn create_short_pin(&self) -> Call<ShortPin> {
        let request = request::request(&OPERATION, "", &self.identity, &self.url, None);
        Call::new(&OPERATION, request, |body| pin::read(body).map(ShortPin::new))
    }

    /// Creates a PIN for Plex's hosted page, on which the user signs in to this program. Sends
    /// `POST {plex.tv}/pins?strong=true` (createOAuthPin).
    ///
    /// Open the [page](StrongPin::hosted_page) in a browser and [poll](Self::poll_pin). The
    /// warnings and errors for a [short PIN](Self::create_short_pin) also apply here. The
    /// code has 25 characters, so it cannot be guessed.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let plex_tv = PlexTv::new(identity);
    /// let (request, reply) = plex_tv.create_strong_pin().into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/pins?strong=true");
    ///
    /// let answer = http::Response::new(r#"{"id":2147483651,"code":"8lzfqpkmtyfvdqo4q9ri9l35c"}"#);
    /// let pin = reply.parse(&answer)?;
    /// let page = pin.hosted_page(&plex_tv).to_string();
    /// assert!(page.starts_with("https://app.plex.tv/auth#?clientID=example"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "createOAuthPin")]
    pub fn create_strong_pin(&self) -> Call<StrongPin> {
        let request = request::request(&OPERATION, "?strong=true", &self.identity, &self.url, None);
        Call::new(&OPERATION, request, |body| pin::read(body).map(StrongPin::new))
    }
}

#[cfg(test)]
mod tests {
    use crate::pin::ShortPin;
    use crate::{ClientIdentity, PlexTv, ResponseError};

    fn plex_tv() -> PlexTv {
        PlexTv::new(ClientIdentity::builder("id").product("product").build().unwrap())
    }

    fn parsed(body: &str) -> Result<ShortPin, ResponseError> {
        let answer = http::Response::builder().status(201).body(body).unwrap();
        plex_tv().create_short_pin().into_parts().1.parse(&answer)
    }

    #[test]
    fn requests_are_correct() {
        let (short, strong) = (plex_tv().create_short_pin(), plex_tv().create_strong_pin());
        assert_eq!(short.request().uri(), "https://plex.tv/api/v2/pins");
        assert_eq!(strong.request().uri(), "https://plex.tv/api/v2/pins?strong=true");
        for request in [short.request(), strong.request()] {
            assert_eq!(request.method(), "POST");
            assert_eq!(request.headers()["content-length"], "0");
            assert_eq!(request.headers()["x-plex-client-identifier"], "id");
            assert_eq!(request.headers()["x-plex-product"], "product");
            assert!(!request.headers().contains_key("x-plex-token"));
            assert!(request.body().as_ref().is_empty());
        }
        assert!(!short.reply().is_idempotent() && !strong.reply().is_idempotent());
    }

    #[test]
    fn complete_response_is_read() {
        let short = parsed(
            r#"{"id":2147483650,"code":"G7KX","product":"My & App #1","trusted":false,
                "qr":"https://plex.tv/api/v2/pins/qr/G7KX","clientIdentifier":"id",
                "location":{"code":"NO","european_union_member":false,"continent_code":"EU",
                  "country":"Norway","city":"Tromsø","time_zone":"Europe/Oslo","postal_code":9008,
                  "in_privacy_restricted_country":false,"in_privacy_restricted_region":true,
                  "subdivisions":"Troms","coordinates":"69.6492, 18.9553"},
                "expiresIn":900,"createdAt":"2024-05-06T07:08:09Z","expiresAt":"2024-05-06T07:23:09Z",
                "authToken":null,"newRegistration":null,"pmsVersion":null}"#,
        )
        .unwrap();
        let pin = short.pin();
        assert_eq!((pin.id.expose(), pin.code.expose()), (2_147_483_650, "G7KX"));
        assert_eq!(pin.product.as_deref(), Some("My & App #1"));
        assert_eq!(pin.trusted, Some(false));
        assert_eq!(pin.qr.as_ref().unwrap().as_str(), "https://plex.tv/api/v2/pins/qr/G7KX");
        assert_eq!(pin.client_identifier.as_deref(), Some("id"));
        assert_eq!(pin.expires_in, Some(900));
        assert_eq!(pin.created_at.as_deref(), Some("2024-05-06T07:08:09Z"));
        assert_eq!(pin.expires_at.as_deref(), Some("2024-05-06T07:23:09Z"));
        assert!(pin.auth_token.is_none() && pin.new_registration.is_none());
        assert!(pin.unreadable_fields().is_empty(), "{:?}", pin.unreadable_fields());
        let location = pin.location.as_ref().unwrap();
        assert_eq!(location.city.as_deref(), Some("Tromsø"));
        assert_eq!(location.postal_code.as_deref(), Some("9008"));
        assert_eq!(location.coordinates.as_deref(), Some("69.6492, 18.9553"));
        assert_eq!(location.in_privacy_restricted_region, Some(true));
        let shown = format!("{short:?}");
        for hidden in ["2147483650", "G7KX", "Tromsø", "9008", "69.6"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }

    #[test]
    fn missing_id_or_code_is_an_error() {
        for (body, path) in [
            ("{}", "id"),
            (r#"{"code":"G7KX"}"#, "id"),
            (r#"{"id":null,"code":"G7KX"}"#, "id"),
            (r#"{"id":"","code":"G7KX"}"#, "id"),
            (r#"{"id":"undefined","code":"G7KX"}"#, "id"),
            (r#"{"id":-7,"code":"G7KX"}"#, "id"),
            (r#"{"id":{},"code":"G7KX"}"#, "id"),
            (r#"{"id":7}"#, "code"),
            (r#"{"id":7,"code":null}"#, "code"),
            (r#"{"id":7,"code":" "}"#, "code"),
            (r#"{"id":7,"code":"G7\r\nKX"}"#, "code"),
            (r#"{"id":7,"code":["G7KX","H8LY"]}"#, "code"),
            (r#"{"id":7,"code":"G7KX\ud800"}"#, "code"),
        ] {
            match parsed(body).unwrap_err() {
                ResponseError::UnexpectedShape { path: found, .. } => {
                    assert_eq!(found, path, "{body}");
                }
                error => panic!("{body}: {error}"),
            }
        }
    }

    #[test]
    fn minimal_response_with_any_success_is_read() {
        for status in [200, 201, 202] {
            let answer = http::Response::builder().status(status);
            let answer = answer.body(r#"{"id":"9007199254740993","code":4711}"#).unwrap();
            let (_, reply) = plex_tv().create_strong_pin().into_parts();
            let pin = reply.parse(&answer).unwrap();
            assert_eq!(pin.pin().id.expose(), 9_007_199_254_740_993);
            assert_eq!(pin.pin().code.expose(), "4711");
        }
    }
}
