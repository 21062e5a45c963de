//! A single attempt to send a request with an agent.

use plex_auth_proto::Body;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::header::{CONNECTION, CONTENT_LENGTH};
use plex_auth_proto::http::uri::Authority;
use plex_auth_proto::http::{HeaderValue, Request, Response, Version};
use ureq::Agent;

use crate::connection::Reuse;
use crate::error_context::HEAD_TOO_LARGE;
use crate::failure::Failure;

/// A failed attempt.
pub(crate) struct Attempt {
    pub(crate) failure: Failure,
    /// Whether the attempt may have failed only because the server had closed an idle connection.
    pub(crate) may_be_stale: bool,
}

// The spaces, the version and the end of the first line. A header needs less.
const LINE_OVERHEAD: usize = 12;

/// Checks that ureq can send the request with an output buffer of this size.
///
/// ureq replaces an invalid port with the default port, which can belong to another server. If a
/// line does not fit into the buffer, ureq fails only after sending the lines before it.
pub(crate) fn check(request: &Request<Body>, buffer_size: usize) -> Result<(), Failure> {
    if !request.uri().authority().is_none_or(has_valid_port) {
        let kind = TransportErrorKind::NotStarted("the port in the URL is invalid");
        return Err(Failure::not_sent(kind));
    }
    let path = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    let first_line = request.method().as_str().len().saturating_add(path);
    let headers = request.headers().iter();
    let fits = headers
        .map(|(name, value)| name.as_str().len().saturating_add(value.len()))
        .chain([first_line])
        .all(|length| length.saturating_add(LINE_OVERHEAD) <= buffer_size);
    if fits { Ok(()) } else { Err(Failure::not_sent(HEAD_TOO_LARGE)) }
}

/// Returns whether the port is a number below 65,536, or missing.
fn has_valid_port(authority: &Authority) -> bool {
    let after_user_info = authority.as_str().rsplit('@').next();
    let port = after_user_info.and_then(|rest| rest.strip_prefix(authority.host()));
    matches!(port, Some("" | ":")) || authority.port_u16().is_some()
}

/// Returns the head of the request, as it is passed to ureq.
pub(crate) fn head(request: &Request<Body>, reuse: Reuse) -> Request<()> {
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.version_mut() = Version::HTTP_11;
    head.headers_mut().clone_from(request.headers());
    if reuse == Reuse::Never {
        // Otherwise, a caller's agent would keep the connection for reuse.
        head.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    head
}

/// Sends the request with its body.
pub(crate) fn run(
    agent: &Agent,
    head: Request<()>,
    body: &Body,
) -> Result<Response<ureq::Body>, ureq::Error> {
    let bytes = body.as_ref();
    // An empty slice would add `content-length: 0` to a GET. A POST already has that header;
    // without it, ureq would send `()` as a chunked body.
    if bytes.is_empty() && !head.headers().contains_key(CONTENT_LENGTH) {
        agent.run(head)
    } else {
        agent.run(head.map(|()| bytes))
    }
}
