use std::time::Duration;

use http::Method;
use serde::de::MapAccess;

use crate::call::{Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::pin::pin_id::PinId;
use crate::plex_tv::{PlexTv, pin};
use crate::values::token::Token;
use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient::{self, Budget, Value};

// The ID gives access to the token, so the URL is secret.
pub(crate) const OPERATION: Operation =
    Operation::new("getOAuthPin", Host::PlexTv, Method::GET, "/pins/{id}")
        .idempotent()
        .secret_url()
        .about_a_pin();

impl PlexTv {
    /// Polls a PIN and returns the token if the PIN is linked. Sends `GET {plex.tv}/pins/{id}`
    /// (getOAuthPin).
    ///
    /// Poll about once per second, and less often after an error. An outage, a rate limit or a web
    /// page does not mean that the PIN is gone. Stop if
    /// [`is_pin_gone`](crate::ResponseError::is_pin_gone) returns `true` for the error, or if the
    /// PIN has expired by the local clock. In the latter case, poll one last time, because the PIN
    /// may have been linked at the last moment. Use the identity that the PIN was created with:
    /// Plex does not find the PIN under another client identifier.
    ///
    /// Save the token immediately. It is unknown whether Plex returns it a second time.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 404, code 1020; 410 | [`is_pin_gone`](crate::ResponseError::is_pin_gone): expired, unknown, or created under another identifier |
    /// | a successful response for another PIN | [`Mismatched`](crate::ResponseError::Mismatched) |
    /// | an unusable token | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `authToken` |
    /// | 404 without a code, 429, 5xx except 501 and 505, a web page with a success status | inconclusive; [retryable](crate::ResponseError::is_retryable) |
    ///
    /// The URL contains the PIN's ID, so it is secret. Source: recorded responses.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::time::Duration;
    /// use plex_auth_proto::{ClientIdentity, PlexTv, http};
    /// use plex_auth_proto::pin::{PinId, PinState};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let (request, reply) = PlexTv::new(identity).poll_pin(&PinId::new(2_147_483_650)).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/pins/2147483650");
    ///
    /// let answer = http::Response::new(r#"{"id":2147483650,"expiresIn":871,"authToken":null}"#);
    /// match reply.parse(&answer)? {
    ///     PinState::Waiting { expires_in, .. } => assert_eq!(expires_in, Some(Duration::from_secs(871))),
    ///     state => panic!("{state:?}"),
    /// }
    /// let answer = http::Response::new(r#"{"id":2147483650,"authToken":"xyz-Abc_0123456789ab"}"#);
    /// match reply.parse(&answer)? {
    ///     PinState::Linked { auth_token, .. } => assert_eq!(auth_token.expose(), "xyz-Abc_0123456789ab"),
    ///     state => panic!("{state:?}"),
    /// }
    /// let answer = http::Response::builder().status(404).body(r#"{"errors":[{"code":1020}]}"#)?;
    /// assert!(reply.parse(&answer).unwrap_err().is_pin_gone());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getOAuthPin")]
    pub fn poll_pin(&self, pin: &PinId) -> Call<PinState> {
        let path = format!("/pins/{}", pin.expose());
        let request = request::request_at(&OPERATION, &path, "", &self.identity, &self.url, None);
        let requested = pin.clone();
        Call::new(&OPERATION, request, move |body| read(body, &requested))
    }
}

/// The state of a PIN.
///
/// In a test, create one from JSON:
///
/// ```
/// use plex_auth_proto::pin::PinState;
///
/// let state: PinState = serde_json::from_str(r#"{"id": 7, "authToken": "xyz-Abc_0123456789ab"}"#)?;
/// assert!(matches!(state, PinState::Linked { .. }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PinState {
    /// The PIN is not linked yet.
    #[non_exhaustive]
    Waiting {
        /// The time left to link the PIN, counted from this response. A negative value from Plex
        /// counts as zero, and the maximum is one day. `None` if Plex's value is missing or
        /// unreadable.
        expires_in: Option<Duration>,
    },
    /// The PIN is linked.
    #[non_exhaustive]
    Linked {
        /// A token for the account that the PIN was linked to.
        auth_token: Token,
        /// Whether the account was created during this login. `None` if Plex's value is missing or
        /// unreadable.
        new_registration: Option<bool>,
    },
}

lenient::object! {
    struct Fields {
        id: Option<PinId>,
        expires_in: Option<i64> as "expiresIn",
        auth_token: Option<Token> as "authToken",
        new_registration: Option<bool> as "newRegistration",
    }
}

/// Parses the state of the `requested` PIN.
pub(crate) fn read(body: &[u8], requested: &PinId) -> Result<PinState, DecodeError> {
    let answer: Option<Fields> = decode::object(body)?;
    let answer = answer.ok_or_else(|| DecodeError::shape(".", "is not an object"))?;
    // Without this check, another user's token could be mistaken for this user's. A response
    // without a readable ID is accepted, because the URL of the request already identifies the PIN.
    if answer.id.as_ref().is_some_and(|id| id.expose() != requested.expose()) {
        return Err(DecodeError::Mismatch { path: "id" });
    }
    answer.state()
}

impl Fields {
    fn state(self) -> Result<PinState, DecodeError> {
        let unreadable = lenient::unreadable_fields(&self).iter().any(|path| path == "authToken");
        let Self { expires_in, auth_token, new_registration, .. } = self;
        match auth_token {
            Some(auth_token) => Ok(PinState::Linked { auth_token, new_registration }),
            // An unreadable token is an error, because polling again would not make it readable.
            None if unreadable => Err(DecodeError::shape("authToken", "is not a valid token")),
            None => Ok(PinState::Waiting { expires_in: expires_in.map(pin::clamp_lifetime) }),
        }
    }
}

impl<'de> Value<'de> for PinState {
    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        Ok(Fields::from_object(map, budget)?.and_then(|answer| answer.state().ok()))
    }
}

impl<'de> serde::Deserialize<'de> for PinState {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::PinState;
    use crate::pin::PinId;
    use crate::{Call, ClientIdentity, PlexTv, ResponseError};
    use std::time::Duration;

    fn call(id: u64) -> Call<PinState> {
        PlexTv::new(ClientIdentity::builder("id").build().unwrap()).poll_pin(&PinId::new(id))
    }

    fn polled(status: u16, body: &str) -> Result<PinState, ResponseError> {
        let answer = http::Response::builder().status(status).body(body).unwrap();
        call(7).reply().parse(&answer)
    }

    /// Returns the token, or `None` if the PIN is not linked.
    fn token(body: &str) -> Option<String> {
        match polled(200, body).unwrap() {
            PinState::Waiting { .. } => None,
            PinState::Linked { auth_token, .. } => Some(auth_token.expose().to_owned()),
        }
    }

    #[test]
    fn state_is_deserialized() {
        let state: PinState = serde_json::from_str(r#"{"authToken":"abc"}"#).unwrap();
        assert!(
            matches!(state, PinState::Linked { auth_token, .. } if auth_token.expose() == "abc")
        );
    }

    #[test]
    fn request_is_correct_and_url_is_secret() {
        for id in [0, 7, 2_147_483_648, 9_007_199_254_740_993, u64::MAX] {
            let call = call(id);
            let request = call.request();
            assert_eq!(request.method(), "GET");
            assert_eq!(request.uri().to_string(), format!("https://plex.tv/api/v2/pins/{id}"));
            assert_eq!(request.headers()["x-plex-client-identifier"], "id");
            assert!(!request.headers().contains_key("x-plex-token"));
            assert!(!request.headers().contains_key("content-length"));
            assert!(call.reply().is_idempotent() && call.reply().has_secret_url());
            assert_eq!(call.masked_url().to_string(), "https://plex.tv/***");
        }
        assert!(!format!("{:?}", call(2_147_483_648)).contains("2147483648"));
    }

    #[test]
    fn only_a_token_means_linked() {
        for waiting in [
            r#"{"id":7,"code":"G7KX","authToken":null}"#,
            r#"{"id":7,"authToken":""}"#,
            r#"{"id":7}"#,
            r#"{"id":"7"}"#,
            r#"{"id":7,"newRegistration":false,"expiresIn":[]}"#,
            "{}",
        ] {
            assert_eq!(token(waiting), None, "{waiting}");
        }
        for linked in [
            r#"{"id":7,"code":"G7KX","authToken":"abc"}"#,
            r#"{"id":"7","authToken":"abc","expiresIn":"?","newRegistration":[]}"#,
            r#"{"authToken":"abc"}"#,
            r#"{"id":{},"authToken":"abc"}"#,
            r#"{"id":7,"authToken":null,"authToken":"abc"}"#,
        ] {
            assert_eq!(token(linked).as_deref(), Some("abc"), "{linked}");
        }
    }

    #[test]
    fn time_left_is_between_zero_and_a_day() {
        for (value, left) in [
            ("871", Some(871)),
            ("\"871\"", Some(871)),
            ("0", Some(0)),
            ("-3", Some(0)),
            ("1000000000000", Some(86_400)),
            ("null", None),
            ("1e999", None),
        ] {
            match polled(200, &format!(r#"{{"id":7,"expiresIn":{value}}}"#)).unwrap() {
                PinState::Waiting { expires_in } => {
                    assert_eq!(expires_in, left.map(Duration::from_secs), "{value}");
                }
                state => panic!("{value}: {state:?}"),
            }
        }
    }

    #[test]
    fn foreign_and_invalid_tokens_are_errors() {
        for (body, path) in [
            (r#"{"id":8,"authToken":"s3cret"}"#, "id"),
            (r#"{"id":"8","authToken":"s3cret"}"#, "id"),
            (r#"{"id":8,"authToken":null}"#, "id"),
            (r#"{"id":7,"authToken":"s3cret here"}"#, "authToken"),
            (r#"{"id":7,"authToken":{"s3cret":1}}"#, "authToken"),
            (r#"{"id":7,"authToken":true}"#, "authToken"),
        ] {
            let error = polled(200, body).unwrap_err();
            match &error {
                ResponseError::UnexpectedShape { path: found, .. } => {
                    assert_eq!((found.as_str(), path), (path, "authToken"), "{body}");
                }
                ResponseError::Mismatched { path: found, .. } => {
                    assert_eq!((*found, path), (path, "id"), "{body}");
                }
                error => panic!("{body}: {error}"),
            }
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
            assert!(!error.is_pin_gone());
        }
    }

    #[test]
    fn gone_only_if_plex_says_so() {
        let c1020 = r#"{"errors":[{"code":1020,"message":"Code not found or expired"}]}"#;
        let x1020 = "<errors><error code=\"1020\" message=\"no\"/></errors>";
        for (status, body) in [(404, c1020), (404, x1020), (410, ""), (410, "<html>Gone</html>")] {
            let error = polled(status, body).unwrap_err();
            assert!(error.is_pin_gone() && !error.is_retryable(), "{status} {body}: {error}");
            assert!(!error.is_token_invalid());
        }
        for (status, body) in [
            (404, ""),
            (404, "<html>Not Found</html>"),
            (404, r#"{"errors":[{"code":1002}]}"#),
            (400, c1020),
            (422, c1020),
            (429, c1020),
            (502, "<html>Bad Gateway</html>"),
            (200, "<html>Sign in to the hotel's network</html>"),
            (302, ""),
        ] {
            let error = polled(status, body).unwrap_err();
            assert!(!error.is_pin_gone(), "{status} {body}: {error}");
        }
        for status in [404, 429, 502] {
            assert!(polled(status, "").unwrap_err().is_retryable(), "{status}");
        }
    }
}
