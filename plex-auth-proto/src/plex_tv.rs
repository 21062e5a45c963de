use http::Method;
use http::request::Builder;

use crate::call::request;
use crate::values::client_identity::ClientIdentity;
use crate::values::server_url::ServerUrl;

pub(crate) mod account;
pub(crate) mod claim_token;
pub(crate) mod device;
pub(crate) mod device_key;
pub(crate) mod home;
pub(crate) mod pin;
pub(crate) mod resource;
pub(crate) mod session;

/// A client for Plex's account service, with one client identity. Every operation is a method that
/// returns a [`Call`](crate::Call).
///
/// | Method | Published operation | Request |
/// |---|---|---|
/// | [`sign_in`](Self::sign_in) | postUsersSignInData | `POST {plex.tv}/users/signin` |
/// | [`token_details`](Self::token_details) | getTokenDetails | `GET {plex.tv}/user` |
/// | [`create_short_pin`](Self::create_short_pin) | createOAuthPin | `POST {plex.tv}/pins` |
/// | [`create_strong_pin`](Self::create_strong_pin) | createOAuthPin with `strong=true` | `POST {plex.tv}/pins` |
/// | [`poll_pin`](Self::poll_pin) | getOAuthPin | `GET {plex.tv}/pins/{id}` |
/// | [`link_pin`](Self::link_pin) | linkOAuthPin | `PUT {plex.tv}/pins/link` |
/// | [`register_device_key`](Self::register_device_key) | registerDeviceJWK | `POST {plex.tv}/auth/jwk` |
/// | [`create_short_device_pin`](Self::create_short_device_pin) | createOAuthPin with a key | `POST {plex.tv}/pins` |
/// | [`create_strong_device_pin`](Self::create_strong_device_pin) | createOAuthPin with a key and `strong` | `POST {plex.tv}/pins` |
/// | [`poll_device_pin`](Self::poll_device_pin) | getOAuthPin with a signature | `GET {plex.tv}/pins/{id}` |
/// | [`nonce`](Self::nonce) | getAuthNonce | `GET {plex.tv}/auth/nonce` |
/// | [`exchange_device_jwt`](Self::exchange_device_jwt) | exchangeJWTToken | `POST {plex.tv}/auth/token` |
/// | [`plex_keys`](Self::plex_keys) | getAuthKeys | `GET {plex.tv}/auth/keys` |
/// | [`ping`](Self::ping) | ping | `GET {plex.tv}/ping` |
/// | [`sign_out`](Self::sign_out) | signOut | `DELETE {plex.tv}/users/signout` |
/// | [`resources`](Self::resources) | getServerResources | `GET {plex.tv}/resources` |
/// | [`home_users`](Self::home_users) | getHomeUsers | `GET {plex.tv}/home/users` |
/// | [`switch_home_user`](Self::switch_home_user) | switchHomeUser | `POST {plex.tv}/home/users/{uuid}/switch` |
/// | [`devices`](Self::devices) | none | `GET https://plex.tv/devices.xml` |
/// | [`remove_device`](Self::remove_device) | none | `DELETE https://plex.tv/devices/{id}.xml` |
/// | [`claim_token`](Self::claim_token) | getClaimToken | `GET https://plex.tv/api/claim/token.json` |
///
/// `{plex.tv}` is the base URL: `https://plex.tv/api/v2`, unless the client was created with
/// [`at`](Self::at). The operations listed with `https://plex.tv` use the base URL without
/// `/api/v2`.
///
/// Each method's docs list the errors that are specific to it. Every operation can also return the
/// errors in the table of [`Error`](crate::Error), such as those for 429 and 5xx.
///
/// Every request carries the [identity's headers](ClientIdentity::headers) and, if the method takes
/// a [`Token`](crate::Token), the token as `x-plex-token`. A request body, if any, is a form
/// (`sign_in`, `link_pin`) or JSON (device keys and JWTs), as indicated by `content-type`.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use plex_auth_proto::{ClientIdentity, PlexTv, Token};
///
/// let identity = ClientIdentity::builder(saved_identifier()).build()?;
/// let call = PlexTv::new(identity).token_details(&Token::new("xyz-Abc_0123456789ab")?);
/// assert_eq!(call.request().uri(), "https://plex.tv/api/v2/user");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlexTv {
    identity: ClientIdentity,
    url: ServerUrl,
}

impl PlexTv {
    /// Creates a client for the real plex.tv.
    pub fn new(identity: ClientIdentity) -> Self {
        Self::at(identity, ServerUrl::plex_tv())
    }

    /// Creates a client that uses `url` instead of `https://plex.tv/api/v2`, such as the URL of a
    /// test server or a proxy.
    pub fn at(identity: ClientIdentity, url: ServerUrl) -> Self {
        Self { identity, url }
    }

    /// Returns the client identity.
    pub fn identity(&self) -> &ClientIdentity {
        &self.identity
    }

    /// Returns the base URL.
    pub fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// Starts a custom request to plex.tv, with the identity's headers and without a token. `path`
    /// is relative to the base URL and may contain a query. A fragment is never sent. An invalid
    /// path is reported when the request is built.
    ///
    /// Turn the finished request into a call with [`Call::json`](crate::Call::json).
    pub fn request(&self, method: Method, path: &str) -> Builder {
        request::builder(&self.identity, &self.url, method, path)
    }
}

#[cfg(test)]
mod tests {
    use super::PlexTv;
    use crate::ClientIdentity;
    use http::Method;

    #[test]
    fn custom_request_has_the_identity_and_no_token() {
        let plex_tv = PlexTv::new(ClientIdentity::builder("id").build().unwrap());
        let request = plex_tv.request(Method::PUT, "/own?a=b").body(()).unwrap();
        assert_eq!(request.method(), "PUT");
        assert_eq!(request.uri(), "https://plex.tv/api/v2/own?a=b");
        assert_eq!(request.headers()["x-plex-client-identifier"], "id");
        assert!(!request.headers().contains_key("x-plex-token"));
    }
}
