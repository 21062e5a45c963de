//! Construction of requests, including the headers that all of them carry.

use http::header::CONTENT_TYPE;
use http::request::Builder;
use http::{HeaderValue, Method, Request};

use super::body::Body;
use crate::operation::Operation;
use crate::values::client_identity::ClientIdentity;
use crate::values::server_url::ServerUrl;
use crate::values::token::Token;

/// The header that carries the token.
pub(crate) const TOKEN_HEADER: &str = "x-plex-token";

/// Builds the request for an operation, without a body. `query` is empty or starts with a question
/// mark.
pub(crate) fn request(
    operation: &Operation,
    query: &str,
    identity: &ClientIdentity,
    url: &ServerUrl,
    token: Option<&Token>,
) -> Request<Body> {
    request_at(operation, operation.path, query, identity, url, token)
}

/// Builds the request for an operation whose path has placeholders. `path` is that path with the
/// placeholders filled in.
pub(crate) fn request_at(
    operation: &Operation,
    path: &str,
    query: &str,
    identity: &ClientIdentity,
    url: &ServerUrl,
    token: Option<&Token>,
) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = operation.method.clone();
    *request.uri_mut() = url.join(path, query);
    *request.headers_mut() = identity.headers().clone();
    if let Some(token) = token {
        request.headers_mut().insert(TOKEN_HEADER, HeaderValue::from(token));
    }
    request
}

/// Sets a JSON body.
pub(crate) fn set_json(request: &mut Request<Body>, json: &serde_json::Value) {
    set_json_text(request, json.to_string());
}

/// Sets a JSON body from text. Use this for a secret, which would otherwise be copied into a JSON
/// value first.
pub(crate) fn set_json_text(request: &mut Request<Body>, json: String) {
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Body::from(json);
}

/// Starts a custom request. An invalid `path` is reported when the request is built.
pub(crate) fn builder(
    identity: &ClientIdentity,
    url: &ServerUrl,
    method: Method,
    path: &str,
) -> Builder {
    // Without the slash, the path would extend the last part of the base URL, and so change the
    // host or the port if the URL has no path prefix.
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut request = Request::builder().method(method).uri(format!("{url}{slash}{path}"));
    if let Some(headers) = request.headers_mut() {
        headers.clone_from(identity.headers());
    }
    request
}
