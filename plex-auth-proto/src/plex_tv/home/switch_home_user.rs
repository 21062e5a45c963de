use http::Method;

use crate::call::{Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::plex_tv::account::sign_in::SignedIn;
use crate::values::home_pin::HomePin;
use crate::values::home_user_uuid::HomeUserUuid;
use crate::values::token::Token;
use crate::wire::decode::DecodeError;

// Not idempotent: each request creates another token, and Plex counts wrong PINs.
pub(crate) const OPERATION: Operation =
    Operation::new("switchHomeUser", Host::PlexTv, Method::POST, "/home/users/{uuid}/switch")
        .secret_url()
        .own_connection();

impl PlexTv {
    /// Switches to a user of the Home, and returns that user's account and a new token for it.
    /// Sends `POST {plex.tv}/home/users/{uuid}/switch` (switchHomeUser).
    ///
    /// The PIN is required if the user [has a Home PIN](crate::home::HomeUser::has_home_pin). The
    /// token that the request was sent with stays valid. For a media server, request
    /// [`resources`](Self::resources) with the new token: the access tokens in the list grant only
    /// the access that the selected user has.
    ///
    /// If the request is sent with a JWT, switching to the user that the JWT belongs to returns an
    /// opaque token. That user's own servers accept the opaque token, although they refuse the JWT
    /// (one client relies on this).
    ///
    /// Plex accepts the PIN only in the URL, so this library redacts the URL's path and query
    /// wherever it displays the URL.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | 403, code 1041 | [`Forbidden`](crate::ResponseError::Forbidden): the PIN is missing or wrong ([`needs_home_pin`](crate::ResponseError::needs_home_pin) returns true) |
    /// | any other 403 | [`Forbidden`](crate::ResponseError::Forbidden): for example, the user is not part of the Home |
    /// | 429 | [`RateLimited`](crate::ResponseError::RateLimited): too many requests or wrong PINs; wait |
    /// | a successful response for another user | [`Mismatched`](crate::ResponseError::Mismatched) |
    /// | a successful response without a usable token | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `authToken` |
    ///
    /// Plex answers 201, but any success status is accepted. Sources: three clients. The operation
    /// name is from the published API.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{ClientIdentity, PlexTv, Token, http};
    /// use plex_auth_proto::home::HomePin;
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (uuid, pin) = ("5e1f0c9b7a3d2468".parse()?, HomePin::new("0815")?);
    /// let call = PlexTv::new(identity).switch_home_user(&token, &uuid, Some(&pin));
    /// assert_eq!(call.masked_url().to_string(), "https://plex.tv/***");
    /// let (request, reply) = call.into_parts();
    /// assert_eq!(
    ///     request.uri(),
    ///     "https://plex.tv/api/v2/home/users/5e1f0c9b7a3d2468/switch?pin=0815"
    /// );
    ///
    /// let answer = http::Response::builder()
    ///     .status(201)
    ///     .body(r#"{"title":"Rosa","authToken":"rosas-0123456789abcd"}"#)?;
    /// assert_eq!(reply.parse(&answer)?.auth_token.expose(), "rosas-0123456789abcd");
    ///
    /// let answer = http::Response::builder().status(403).body(r#"{"errors":[{"code":1041}]}"#)?;
    /// assert!(reply.parse(&answer).unwrap_err().needs_home_pin());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "switchHomeUser")]
    pub fn switch_home_user(
        &self,
        token: &Token,
        uuid: &HomeUserUuid,
        pin: Option<&HomePin>,
    ) -> Call<SignedIn> {
        let path = format!("/home/users/{uuid}/switch");
        let query = pin.map(|pin| format!("?pin={}", pin.expose())).unwrap_or_default();
        let request =
            request::request_at(&OPERATION, &path, &query, &self.identity, &self.url, Some(token));
        let requested = uuid.clone();
        Call::new(&OPERATION, request, move |body| {
            let signed_in = SignedIn::read(body)?;
            match &signed_in.account.uuid {
                Some(uuid) if !uuid.eq_ignore_ascii_case(requested.as_str()) => {
                    Err(DecodeError::Mismatch { path: "uuid" })
                }
                _ => Ok(signed_in),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::home::HomePin;
    use crate::{ClientIdentity, PlexTv, ResponseError, Token};
    use http::Response;

    fn call(pin: Option<&str>) -> crate::Call<crate::SignedIn> {
        let me = ClientIdentity::builder("id").build().unwrap();
        let pin = pin.map(|pin| HomePin::new(pin).unwrap());
        let uuid = "e72a41d09c5b3f86".parse().unwrap();
        PlexTv::new(me).switch_home_user(&Token::new("abc").unwrap(), &uuid, pin.as_ref())
    }

    #[test]
    fn request_is_correct_and_url_is_secret() {
        for (pin, query) in [(Some("0815"), "?pin=0815"), (None, "")] {
            let call = call(pin);
            let shown = format!("{call:?} {:?} {}", call.reply(), call.masked_url());
            assert!(!shown.contains("0815") && !shown.contains("e72a"), "{shown}");
            assert!(call.reply().has_secret_url() && !call.reply().is_idempotent());
            let request = call.request();
            assert_eq!(request.method(), "POST");
            let uri = format!("https://plex.tv/api/v2/home/users/e72a41d09c5b3f86/switch{query}");
            assert_eq!(request.uri().to_string(), uri);
            assert_eq!(request.headers()["x-plex-token"], "abc");
            assert_eq!(request.headers()["content-length"], "0");
            assert!(request.body().as_ref().is_empty());
        }
    }

    #[test]
    fn any_success_needs_a_token() {
        for status in [200, 201, 202] {
            let answer = Response::builder().status(status).body(r#"{"authToken":"nilos"}"#);
            let account = call(None).reply().parse(&answer.unwrap()).unwrap();
            assert_eq!(account.auth_token.expose(), "nilos");
        }
        for body in ["{}", r#"{"title":"Nilo","authToken":null}"#] {
            match call(None).reply().parse(&Response::new(body)).unwrap_err() {
                ResponseError::UnexpectedShape { path, .. } => {
                    assert_eq!(path, "authToken", "{body}");
                }
                error => panic!("{body}: {error}"),
            }
        }
    }

    #[test]
    fn home_pin_is_needed_only_if_plex_says_so() {
        let refused = |status: u16, body: &'static str| {
            let answer = Response::builder().status(status).body(body).unwrap();
            call(Some("0815")).reply().parse(&answer).unwrap_err()
        };
        for body in [
            r#"{"errors":[{"code":1041,"message":"x","status":403}]}"#,
            "<errors><error code='1041'/></errors>",
        ] {
            let error = refused(403, body);
            assert!(error.needs_home_pin() && !error.is_token_invalid() && !error.is_retryable());
            assert_eq!(
                error.to_string(),
                "access was denied: plex.tv answered 403 \
                 (code 1041: the Home PIN is missing or wrong); enter the Home PIN"
            );
        }
        for (status, body) in [
            (403, r#"{"errors":[{"code":1043}]}"#),
            (403, ""),
            (401, r#"{"errors":[{"code":1041}]}"#),
        ] {
            assert!(!refused(status, body).needs_home_pin(), "{status} {body}");
        }
    }
}
