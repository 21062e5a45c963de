use form_urlencoded::Serializer;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use serde::de::MapAccess;

use crate::call::{Body, Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::plex_tv::account::Account;
use crate::values::credentials::Credentials;
use crate::values::token::Token;
use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient::{self, Budget, Value};

pub(crate) const OPERATION: Operation =
    Operation::new("postUsersSignInData", Host::PlexTv, Method::POST, "/users/signin")
        .unauthorized("the username or password is wrong")
        .own_connection();

impl PlexTv {
    /// Signs in with a username or email address and a password, and returns a new token and the
    /// account. Sends `POST {plex.tv}/users/signin` (postUsersSignInData).
    ///
    /// Sign in once and save [`auth_token`](SignedIn::auth_token). Each sign-in creates another
    /// token, and Plex counts failed attempts, so this call is not idempotent. An account with
    /// two-factor authentication requires the current [verification
    /// code](Credentials::verification_code) in the same request. Appending it to the password does
    /// not work.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 400 | [`BadRequest`](crate::ResponseError::BadRequest) |
    /// | 401, code 1001 | [`Unauthorized`](crate::ResponseError::Unauthorized): the username or password is wrong |
    /// | 401, code 1029 | [`VerificationCodeRequired`](crate::ResponseError::VerificationCodeRequired) |
    /// | 401, code 1028 | [`VerificationCodeRejected`](crate::ResponseError::VerificationCodeRejected) |
    /// | 401, code 1030 | [`EmailOnly`](crate::ResponseError::EmailOnly) |
    /// | 401, code 1031 | [`TooManyFailures`](crate::ResponseError::TooManyFailures): wait |
    /// | 429 | [`RateLimited`](crate::ResponseError::RateLimited): wait, then let the user try again |
    /// | a successful response without a usable token | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `authToken` |
    ///
    /// Plex answers 201, but any success status is accepted. Sources: recorded responses. The form
    /// fields are from the published API and two clients.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, Credentials, PlexTv};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let credentials = Credentials::new("rosa@example.com", "correct horse")?;
    /// let (request, reply) = PlexTv::new(identity).sign_in(&credentials).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/users/signin");
    /// assert_eq!(
    ///     request.body().as_ref(),
    ///     b"login=rosa%40example.com&password=correct+horse&rememberMe=false"
    /// );
    ///
    /// let answer = http::Response::builder()
    ///     .status(201)
    ///     .body(r#"{"username":"rosa","authToken":"xyz-Abc_0123456789ab"}"#)?;
    /// let signed_in = reply.parse(&answer)?;
    /// assert_eq!(signed_in.account.username.as_deref(), Some("rosa"));
    /// assert_eq!(signed_in.auth_token.expose(), "xyz-Abc_0123456789ab");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "postUsersSignInData")]
    pub fn sign_in(&self, credentials: &Credentials) -> Call<SignedIn> {
        let mut request = request::request(&OPERATION, "", &self.identity, &self.url, None);
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        *request.body_mut() = form(credentials);
        Call::new(&OPERATION, request, SignedIn::read)
    }
}

/// A new token and the account that it belongs to.
///
/// `Debug` redacts the token and everything that it redacts in an [`Account`]. In a test, create a
/// `SignedIn` from JSON:
///
/// ```
/// use plex_auth_proto::SignedIn;
///
/// let signed_in: SignedIn =
///     serde_json::from_str(r#"{"authToken": "xyz-Abc_0123456789ab", "username": "rosa"}"#)?;
/// assert_eq!(signed_in.auth_token.expose(), "xyz-Abc_0123456789ab");
/// assert_eq!(signed_in.account.username.as_deref(), Some("rosa"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The new token.
    pub auth_token: Token,
    /// The account. Its [`auth_token`](Account::auth_token) is `None`, because the token was moved
    /// to [`SignedIn::auth_token`].
    pub account: Account,
}

impl SignedIn {
    /// Parses an account that must contain a token.
    pub(crate) fn read(body: &[u8]) -> Result<Self, DecodeError> {
        decode::object(body)?
            .ok_or_else(|| DecodeError::shape("authToken", "is missing or not a valid token"))
    }
}

impl<'de> Value<'de> for SignedIn {
    fn from_object<A: MapAccess<'de>>(map: A, budget: &Budget) -> Result<Option<Self>, A::Error> {
        let Some(mut account) = Account::from_object(map, budget)? else { return Ok(None) };
        let auth_token = account.auth_token.take();
        Ok(auth_token.map(|auth_token| Self { auth_token, account }))
    }
}

impl<'de> serde::Deserialize<'de> for SignedIn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::required(deserializer)
    }
}

fn form(credentials: &Credentials) -> Body {
    let Credentials { login, password, verification_code, remember_me } = credentials;
    let code = verification_code.as_ref().map_or("", |code| code.as_str());
    // Enough for the field names, and for values in which every byte is percent-encoded as three
    // bytes. Growing the buffer could move the text and leave a copy in memory that is not zeroed.
    let capacity = 64 + 3 * (login.len() + password.len() + code.len());
    let mut form = Serializer::new(String::with_capacity(capacity));
    form.append_pair("login", login).append_pair("password", password);
    form.append_pair("rememberMe", if *remember_me { "true" } else { "false" });
    if !code.is_empty() {
        form.append_pair("verificationCode", code);
    }
    Body::from(form.finish())
}

#[cfg(test)]
mod tests {
    use super::{Credentials, PlexTv, form};
    use crate::ClientIdentity;
    use std::borrow::Cow;

    fn decoded(credentials: &Credentials) -> Vec<(String, String)> {
        let body = form(credentials);
        let pairs = form_urlencoded::parse(body.as_ref());
        pairs
            .map(|(name, value): (Cow<'_, str>, Cow<'_, str>)| (name.into(), value.into()))
            .collect()
    }

    #[test]
    fn request_is_correct() {
        let me = ClientIdentity::builder("id").product("product").build().unwrap();
        let credentials = Credentials::new("rosa", "x").unwrap().verification_code(" 123456\n");
        let (request, reply) = PlexTv::new(me).sign_in(&credentials.remember_me(true)).into_parts();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "https://plex.tv/api/v2/users/signin");
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(request.headers()["content-length"], "61");
        assert_eq!(request.headers()["x-plex-client-identifier"], "id");
        assert!(!request.headers().contains_key("x-plex-token"));
        let body = std::str::from_utf8(request.body().as_ref()).unwrap();
        assert_eq!(body, "login=rosa&password=x&rememberMe=true&verificationCode=123456");
        assert!(!reply.is_idempotent());
    }

    #[test]
    fn login_and_password_are_sent_unchanged() {
        let long = "ü&=+%".repeat(2000);
        for password in [
            "a&b=c+d%20$é\"😀;",
            " leading and trailing ",
            "'\"<>\\\r\n\0",
            "login=x&password=y",
            &long,
        ] {
            let credentials = Credentials::new(password.trim(), password).unwrap();
            let expected = [
                ("login".to_owned(), password.trim().to_owned()),
                ("password".to_owned(), password.to_owned()),
                ("rememberMe".to_owned(), "false".to_owned()),
            ];
            assert_eq!(decoded(&credentials), expected);
        }
    }

    #[test]
    fn form_is_written_in_one_allocation() {
        let worst = "\u{10ffff}".repeat(100);
        let credentials = Credentials::new(&*worst, &*worst).unwrap().verification_code(&*worst);
        let form = Vec::from(form(&credentials));
        // An unchanged capacity shows that the text was not moved. Moving it would leave a copy of
        // the password in memory.
        assert_eq!(form.capacity(), 64 + 3 * 3 * worst.len());
    }
}
