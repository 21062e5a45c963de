//! plex.tv: its routing table, its errors, and what it checks before it answers.

pub(super) mod auth;
mod claim_token;
mod devices;
mod home_users;
mod ping;
mod pins;
mod resources;
mod sign_in;
mod sign_out;
mod switch_home_user;
mod user;
mod users;

use http::{Response, StatusCode};
use serde_json::json;

use super::ask::Ask;
use super::devices::NewDevice;
use super::render::{self, Element};
use super::routes::captures;
use super::tokens::Issued;
use super::{FakePlex, Who};

/// plex.tv answers under this prefix and without it.
pub(crate) const PREFIX: &str = "/api/v2";

/// Answers a request that got this far; the texts are what stood at the braces of the path.
type Handler = fn(&mut FakePlex, &Ask<'_>, &[&str]) -> Result<Response<Vec<u8>>, Refusal>;

/// Verb, path, who answers.
const ROUTES: &[(&str, &str, Handler)] = &[
    ("POST", "/users/signin", sign_in::answer),
    ("GET", "/user", user::answer),
    ("POST", "/pins", pins::create),
    ("GET", "/pins/{id}", pins::poll),
    ("PUT", "/pins/link", pins::link),
    ("GET", "/auth/nonce", auth::nonce),
    ("POST", "/auth/jwk", auth::register),
    ("POST", "/auth/token", auth::exchange),
    ("GET", "/auth/keys", auth::keys),
    ("GET", "/ping", ping::answer),
    ("DELETE", "/users/signout", sign_out::answer),
    ("GET", "/resources", resources::answer),
    ("GET", "/home/users", home_users::answer),
    ("POST", "/home/users/{uuid}/switch", switch_home_user::answer),
];

/// The same outside of the API: never under its prefix.
const OUTSIDE_ROUTES: &[(&str, &str, Handler)] = &[
    ("GET", "/devices.xml", devices::list),
    ("DELETE", "/devices/{id}.xml", devices::remove),
    ("GET", "/api/claim/token.json", claim_token::answer),
    ("GET", "/api/users/", users::list),
    ("POST", "/api/home/users/{id}/switch", switch_home_user::answer_older),
];

/// What plex.tv says when it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: u32,
    message: &'static str,
    /// Whether the body repeats the status.
    repeats_status: bool,
}

impl Refusal {
    const IDENTIFIER_MISSING: Self =
        Self::new(StatusCode::BAD_REQUEST, 1000, "X-Plex-Client-Identifier is missing");
    const UNAUTHENTICATED: Self =
        Self::new(StatusCode::UNAUTHORIZED, 1001, "User could not be authenticated");
    const HOME_PIN: Self =
        Self::new(StatusCode::FORBIDDEN, 1041, "The PIN is missing or incorrect");
    const NOT_FOR_THIS_USER: Self =
        Self::new(StatusCode::FORBIDDEN, 1043, "This user may not do this");
    const NO_ENDPOINT: Self = Self::new(StatusCode::NOT_FOUND, 1002, "Endpoint not found");
    const PARAMETER: Self =
        Self::new(StatusCode::BAD_REQUEST, 1004, "A parameter is missing or malformed");
    const METHOD: Self = Self::new(StatusCode::METHOD_NOT_ALLOWED, 1005, "Method not allowed");
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
        Self::new(StatusCode::UNAUTHORIZED, 1030, "This account signs in by e-mail only");
    const TOO_MANY: Self = Self::new(StatusCode::UNAUTHORIZED, 1031, "Too many failed attempts");

    /// A status that is Plex's own, and so has no name.
    fn jwt_expired() -> Self {
        let status = StatusCode::from_u16(498).unwrap_or(StatusCode::UNAUTHORIZED);
        Self::new(status, 1001, "The JWT has expired")
    }

    const fn new(status: StatusCode, code: u32, message: &'static str) -> Self {
        Self { status, code, message, repeats_status: true }
    }

    fn response(self, ask: &Ask<'_>) -> Response<Vec<u8>> {
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

/// plex.tv's answer: first the path, then the verb, then who asks, then the rest.
pub(crate) fn answer(plex: &mut FakePlex, ask: &Ask<'_>) -> Response<Vec<u8>> {
    route(plex, ask).unwrap_or_else(|refusal| refusal.response(ask))
}

fn route(plex: &mut FakePlex, ask: &Ask<'_>) -> Result<Response<Vec<u8>>, Refusal> {
    let path = ask.path().strip_prefix(PREFIX).unwrap_or(ask.path());
    let mut refusal = Refusal::NO_ENDPOINT;
    let inside = ROUTES.iter().map(|route| (path, route));
    let outside = OUTSIDE_ROUTES.iter().map(|route| (ask.path(), route));
    for (path, (verb, pattern, handler)) in inside.chain(outside) {
        let Some(captured) = captures(pattern, path) else {
            continue;
        };
        if *verb != ask.method() {
            refusal = Refusal::METHOD;
            continue;
        }
        if ask.header("x-plex-client-identifier").is_none() {
            return Err(Refusal::IDENTIFIER_MISSING);
        }
        return handler(plex, ask, &captured);
    }
    Err(refusal)
}

/// The token that was asked with, and what plex.tv knows of it.
fn authenticate(plex: &FakePlex, ask: &Ask<'_>) -> Result<(String, Issued), Refusal> {
    let token = ask.token().ok_or(Refusal::UNAUTHENTICATED)?;
    let issued = plex.tokens.find(&token).ok_or(Refusal::UNAUTHENTICATED)?;
    if issued.expires_at.is_some_and(|expires_at| expires_at <= ask.now()) {
        return Err(Refusal::jwt_expired());
    }
    Ok((token, issued))
}

/// A new token for the device that asks.
fn issue(plex: &mut FakePlex, ask: &Ask<'_>, who: Who, remember_expires_at: Option<u64>) -> String {
    let token = plex.tokens.issue(who, remember_expires_at);
    plex.devices.signed_in(who, NewDevice::asking(ask), &token, ask.now());
    token
}

/// The account object, in the representation that was asked for.
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
