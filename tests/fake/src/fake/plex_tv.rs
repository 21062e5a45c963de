//! Code that the plex.tv handlers share: errors, authentication, and the account object.

pub(super) mod auth;
pub(super) mod claim_token;
pub(super) mod devices;
pub(super) mod home_users;
pub(super) mod ping;
pub(super) mod pins;
pub(super) mod resources;
pub(super) mod sign_in;
pub(super) mod sign_out;
pub(super) mod switch_home_user;
pub(super) mod user;
pub(super) mod users;

use http::{Response, StatusCode};
use serde_json::json;

use super::ask::Ask;
use super::devices::NewDevice;
use super::render::{self, Element};
use super::tokens::Issued;
use super::{FakePlex, Who};

/// An error response from plex.tv.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: u32,
    message: &'static str,
    /// Whether the body repeats the status.
    repeats_status: bool,
}

impl Refusal {
    pub(crate) const IDENTIFIER_MISSING: Self =
        Self::new(StatusCode::BAD_REQUEST, 1000, "X-Plex-Client-Identifier is missing");
    const UNAUTHENTICATED: Self =
        Self::new(StatusCode::UNAUTHORIZED, 1001, "User could not be authenticated");
    const HOME_PIN: Self =
        Self::new(StatusCode::FORBIDDEN, 1041, "The PIN is missing or incorrect");
    const NOT_FOR_THIS_USER: Self =
        Self::new(StatusCode::FORBIDDEN, 1043, "This user is not allowed to do this");
    pub(crate) const NO_ENDPOINT: Self =
        Self::new(StatusCode::NOT_FOUND, 1002, "Endpoint not found");
    const PARAMETER: Self =
        Self::new(StatusCode::BAD_REQUEST, 1004, "A parameter is missing or malformed");
    pub(crate) const METHOD: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, 1005, "Method not allowed");
    const PIN_GONE: Self = Self {
        repeats_status: false,
        ..Self::new(StatusCode::NOT_FOUND, 1020, "Code not found or expired")
    };
    const RATE_LIMIT: Self = Self::new(StatusCode::TOO_MANY_REQUESTS, 1003, "Too many requests");
    const JWT_INVALID: Self =
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, 1008, "The JWT is not accepted");
    const JWT_SIGNATURE: Self =
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, 1008, "The signature is invalid");
    const JWT_THUMBPRINT: Self =
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, 1008, "The thumbprint is not accepted");
    const DEVICE_UNKNOWN: Self =
        Self::new(StatusCode::UNAUTHORIZED, 1097, "The device is not known");
    const CODE_WRONG: Self = Self::new(
        StatusCode::UNAUTHORIZED,
        1028,
        "The verification code is invalid or has expired",
    );
    const CODE_REQUIRED: Self =
        Self::new(StatusCode::UNAUTHORIZED, 1029, "Please enter the verification code");
    const EMAIL_ONLY: Self =
        Self::new(StatusCode::UNAUTHORIZED, 1030, "This account uses email sign-in only");
    const TOO_MANY: Self = Self::new(StatusCode::UNAUTHORIZED, 1031, "Too many failed attempts");

    /// Returns the error for an expired JWT. Its status code, 498, is nonstandard.
    fn jwt_expired() -> Self {
        let status = StatusCode::from_u16(498).unwrap_or(StatusCode::UNAUTHORIZED);
        Self::new(status, 1001, "The JWT has expired")
    }

    const fn new(status: StatusCode, code: u32, message: &'static str) -> Self {
        Self { status, code, message, repeats_status: true }
    }

    pub(crate) fn response(self, ask: &Ask<'_>) -> Response<Vec<u8>> {
        let Self { status, code, message, repeats_status } = self;
        if ask.wants_json() {
            let error = if repeats_status {
                json!({ "code": code, "message": message, "status": status.as_u16() })
            } else {
                json!({ "code": code, "message": message })
            };
            return render::json(status, &json!({ "errors": [error] }));
        }
        let mut error =
            Element::new("error").attribute("code", code.to_string()).attribute("message", message);
        if repeats_status {
            error = error.attribute("status", status.as_str());
        }
        render::xml(status, &Element::new("errors").child(error))
    }
}

/// Returns the request's token and its properties.
fn authenticate(plex: &FakePlex, ask: &Ask<'_>) -> Result<(String, Issued), Refusal> {
    let token = ask.token().ok_or(Refusal::UNAUTHENTICATED)?;
    let issued = plex.tokens.find(&token).ok_or(Refusal::UNAUTHENTICATED)?;
    if issued.expires_at.is_some_and(|expires_at| expires_at <= ask.now()) {
        return Err(Refusal::jwt_expired());
    }
    Ok((token, issued))
}

/// Issues a new token for the device that sent the request.
fn issue(plex: &mut FakePlex, ask: &Ask<'_>, who: Who, remember_expires_at: Option<u64>) -> String {
    let token = plex.tokens.issue(who, remember_expires_at);
    plex.devices.signed_in(who, NewDevice::asking(ask), &token, ask.now());
    token
}

/// Returns the account object in the requested format.
fn account(
    plex: &FakePlex,
    ask: &Ask<'_>,
    status: StatusCode,
    who: Who,
    token: &str,
    remember_expires_at: Option<u64>,
) -> Response<Vec<u8>> {
    let mut body = plex.account(who).body().clone();
    body.insert("authToken".to_owned(), json!(token));
    body.insert("rememberExpiresAt".to_owned(), json!(remember_expires_at));
    if ask.wants_json() {
        render::json(status, &serde_json::Value::Object(body))
    } else {
        render::xml(status, &Element::plex_tv("user", &body))
    }
}
