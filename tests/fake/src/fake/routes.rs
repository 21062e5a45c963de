//! The routing tables, and the code that dispatches each request to a media server, a page or
//! plex.tv.

use http::{Request, Response, StatusCode};

use super::ask::Ask;
use super::misbehavior::{Delivery, Reply};
use super::path::{PREFIX, captures};
use super::plex_tv::Refusal;
use super::{FakePlex, Which, media_server, pages, plex_tv, render};
use crate::seen::Seen;

/// A plex.tv handler. The strings are the parts of the path that match the placeholders in its
/// pattern.
type PlexTvHandler = fn(&mut FakePlex, &Ask<'_>, &[&str]) -> Result<Response<Vec<u8>>, Refusal>;

/// The method, path pattern and handler of each plex.tv route.
const PLEX_TV: &[(&str, &str, PlexTvHandler)] = &[
    ("POST", "/users/signin", plex_tv::sign_in::answer),
    ("GET", "/user", plex_tv::user::answer),
    ("POST", "/pins", plex_tv::pins::create),
    ("GET", "/pins/{id}", plex_tv::pins::poll),
    ("PUT", "/pins/link", plex_tv::pins::link),
    ("GET", "/auth/nonce", plex_tv::auth::nonce),
    ("POST", "/auth/jwk", plex_tv::auth::register),
    ("POST", "/auth/token", plex_tv::auth::exchange),
    ("GET", "/auth/keys", plex_tv::auth::keys),
    ("GET", "/ping", plex_tv::ping::answer),
    ("DELETE", "/users/signout", plex_tv::sign_out::answer),
    ("GET", "/resources", plex_tv::resources::answer),
    ("GET", "/home/users", plex_tv::home_users::answer),
    ("POST", "/home/users/{uuid}/switch", plex_tv::switch_home_user::answer),
];

/// The plex.tv routes outside the API, which do not accept its prefix.
const PLEX_TV_OUTSIDE: &[(&str, &str, PlexTvHandler)] = &[
    ("GET", "/devices.xml", plex_tv::devices::list),
    ("DELETE", "/devices/{id}.xml", plex_tv::devices::remove),
    ("GET", "/api/claim/token.json", plex_tv::claim_token::answer),
    ("GET", "/api/users/", plex_tv::users::list),
    ("POST", "/api/home/users/{id}/switch", plex_tv::switch_home_user::answer_older),
];

/// A media server handler. If it returns an error status, the response is an HTML page.
type MediaServerHandler =
    fn(&mut FakePlex, Which, &Ask<'_>) -> Result<Response<Vec<u8>>, StatusCode>;

/// The method, path and handler of each media server route. `None` means any method.
const MEDIA_SERVER: &[(Option<&str>, &str, MediaServerHandler)] = &[
    (None, "/security/token", media_server::transient_token::answer),
    (Some("GET"), "/security/resources", media_server::resources::answer),
    (Some("GET"), "/identity", media_server::about::identity),
    (Some("POST"), "/myplex/claim", media_server::claim::claim),
    (Some("DELETE"), "/myplex/account", media_server::claim::unclaim),
    (Some("GET"), "/", media_server::about::root),
];

impl FakePlex {
    /// Returns the response to a request that arrives at `now`, in Unix seconds.
    pub fn answer(&mut self, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>> {
        self.reply(request, now).response
    }

    /// Returns the response to a request, and the way a server must deliver it.
    pub fn reply(&mut self, request: &Request<Vec<u8>>, now: u64) -> Reply {
        self.seen.add(Seen::from_request(request));
        let path = request.uri().path();
        let (canned, delivery) = match self.misbehaviors.take(path) {
            Some(misbehavior) => misbehavior.into_parts(),
            None => (None, Delivery::Prompt),
        };
        let response = canned.unwrap_or_else(|| answer(self, &Ask::new(request, now)));
        Reply { response, delivery }
    }
}

fn answer(plex: &mut FakePlex, ask: &Ask<'_>) -> Response<Vec<u8>> {
    for which in [Which::Claimed, Which::Unclaimed] {
        let prefix = plex.server(which).prefix();
        if let Some(path) = ask.path().strip_prefix(prefix).filter(|rest| rest.starts_with('/')) {
            return media_server(plex, which, path, ask);
        }
    }
    if MEDIA_SERVER.iter().any(|(_, known, _)| *known == ask.path()) {
        return media_server(plex, Which::Claimed, ask.path(), ask);
    }
    page(plex, ask)
        .unwrap_or_else(|| plex_tv(plex, ask).unwrap_or_else(|refusal| refusal.response(ask)))
}

fn media_server(plex: &mut FakePlex, which: Which, path: &str, ask: &Ask<'_>) -> Response<Vec<u8>> {
    let mut refusal = StatusCode::NOT_FOUND;
    for (verb, known, handler) in MEDIA_SERVER {
        if *known == path && verb.is_none_or(|verb| verb == ask.method()) {
            return handler(plex, which, ask).unwrap_or_else(render::html);
        }
        if *known == path {
            refusal = StatusCode::METHOD_NOT_ALLOWED;
        }
    }
    render::html(refusal)
}

/// Checks the path first, then the method, then the client identifier; the handler checks the rest.
fn plex_tv(plex: &mut FakePlex, ask: &Ask<'_>) -> Result<Response<Vec<u8>>, Refusal> {
    let path = ask.path().strip_prefix(PREFIX).unwrap_or(ask.path());
    let mut refusal = Refusal::NO_ENDPOINT;
    let inside = PLEX_TV.iter().map(|route| (path, route));
    let outside = PLEX_TV_OUTSIDE.iter().map(|route| (ask.path(), route));
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

/// Returns a page or a QR image, if the path leads to one.
fn page(plex: &mut FakePlex, ask: &Ask<'_>) -> Option<Response<Vec<u8>>> {
    Some(match (ask.method(), ask.path()) {
        ("GET", "/link" | "/link/") => pages::link::form(plex, ask),
        ("POST", "/link" | "/link/") => pages::link::answer(plex, ask),
        ("GET", "/auth" | "/auth/") => pages::auth::form(plex),
        ("POST", "/auth" | "/auth/") => pages::auth::answer(plex, ask),
        (_, "/link" | "/link/" | "/auth" | "/auth/") => {
            render::html(StatusCode::METHOD_NOT_ALLOWED)
        }
        ("GET", path) => picture(plex, ask, code_of_picture(path)?),
        _ => return None,
    })
}

#[cfg(feature = "qr")]
fn picture(plex: &FakePlex, ask: &Ask<'_>, code: &str) -> Response<Vec<u8>> {
    pages::qr::picture(plex, ask, code)
}

/// Returns a page that explains why there is no QR image.
#[cfg(not(feature = "qr"))]
fn picture(_: &FakePlex, _: &Ask<'_>, _: &str) -> Response<Vec<u8>> {
    let why = "This fake was built without the feature `qr`, which draws QR images.";
    pages::sentence(StatusCode::NOT_FOUND, "QR code", why)
}

/// Returns the PIN code in the path of a QR image, or `None` for any other path.
fn code_of_picture(path: &str) -> Option<&str> {
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    captures("/pins/qr/{code}", path)?.first().copied()
}
