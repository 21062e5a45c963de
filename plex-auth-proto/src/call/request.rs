//! What every request has in common.

use http::header::CONTENT_TYPE;
use http::request::Builder;
use http::{HeaderValue, Method, Request};

use super::body::Body;
use crate::operation::Operation;
use crate::values::client_identity::ClientIdentity;
use crate::values::server_url::ServerUrl;
use crate::values::token::Token;

/// The name of the header that carries a token.
pub(crate) const TOKEN_HEADER: &str = "x-plex-token";

/// The request of an operation, without a body. `query` is empty or starts with a question mark.
pub(crate) fn request(
    operation: &Operation,
    query: &str,
    identity: &ClientIdentity,
    url: &ServerUrl,
    token: Option<&Token>,
) -> Request<Body> {
    request_at(operation, operation.path, query, identity, url, token)
}

/// The same where something takes the place of what stands in braces: `path` is what is asked for.
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

/// Gives the request a body of JSON.
pub(crate) fn set_json(request: &mut Request<Body>, json: &serde_json::Value) {
    set_json_text(request, json.to_string());
}

/// The same of JSON as text, so that a secret in it need not be copied into a value first.
pub(crate) fn set_json_text(request: &mut Request<Body>, json: String) {
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Body::from(json);
}

/// The start of a request of the caller's: what is wrong with `path` shows when it is finished.
pub(crate) fn builder(
    identity: &ClientIdentity,
    url: &ServerUrl,
    method: Method,
    path: &str,
) -> Builder {
    // Without the slash the path would go on where the host ends, and name another one.
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut request = Request::builder().method(method).uri(format!("{url}{slash}{path}"));
    if let Some(headers) = request.headers_mut() {
        headers.clone_from(identity.headers());
    }
    request
}
