//! Sends one request over the agent, with this crate's settings, and returns the response with its body unread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use plex_auth_proto::Body;
use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use plex_auth_proto::http::header::{CONNECTION, CONTENT_LENGTH};
use plex_auth_proto::http::uri::Scheme;
use plex_auth_proto::http::{HeaderValue, Request, Response, Uri, Version};
use ureq::Agent;
use ureq::config::Config;

use crate::error_context::{self, ErrorContext};
use crate::failure::Failure;

/// Upper bound on a timeout for ureq, which adds it to the current time: more would overflow.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// An agent with what is known about it.
#[derive(Clone)]
pub(crate) struct Sender {
    agent: Agent,
    /// For requests that want a connection of their own: another pool, so that the kept connections stay. A caller's
    /// agent closes its idle connections to the host instead.
    own_connections: Option<Agent>,
    /// Whether `https` is allowed. Without this crate's TLS it is not: ureq panics if another crate of the
    /// program turned on only half of its TLS.
    https: bool,
    /// Whether there was a response before, so that an idle connection may be reused.
    had_response: Arc<AtomicBool>,
}

impl Sender {
    /// Creates a sender with agents of this crate.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            agent: config.new_agent(),
            own_connections: Some(config.new_agent()),
            https: cfg!(feature = "rustls"),
            had_response: Arc::default(),
        }
    }

    /// Creates a sender with a caller's agent.
    pub(crate) fn over(agent: Agent) -> Self {
        Self { agent, own_connections: None, https: true, had_response: Arc::default() }
    }

    /// Returns the context of an exchange over this agent.
    pub(crate) fn error_context(&self, uri: &Uri, limit: Duration) -> ErrorContext<'_> {
        ErrorContext::new(&self.agent, uri, limit)
    }

    pub(crate) fn config(&self) -> &Config {
        self.agent.config()
    }

    /// Sends the request and waits for the head of the response. Retries an idempotent request once if a
    /// reused connection turns out to be closed. With `own_connection`, no other request uses the connection, before
    /// or after.
    pub(crate) fn send(
        &self,
        request: &Request<Body>,
        idempotent: bool,
        own_connection: bool,
        context: &ErrorContext<'_>,
    ) -> Result<Response<ureq::Body>, Failure> {
        let started = Instant::now();
        let limit = context.limit();
        if limit.is_zero() {
            return Err(Failure::not_sent(TransportErrorKind::TimedOut(limit)));
        }
        if !self.https && request.uri().scheme() == Some(&Scheme::HTTPS) {
            let no_tls = TransportErrorKind::Tls(TlsErrorKind::NotAvailable);
            return Err(Failure::not_sent(no_tls));
        }

        let (connection, may_be_reused) = if own_connection {
            (Connection::Own, false)
        } else {
            (Connection::Any, self.had_response.load(Ordering::Relaxed))
        };
        let error = match self.run(request, limit, connection) {
            Ok(response) => return Ok(self.record(response)),
            Err(error) => error,
        };
        let first = error_context::classify(&error, context);
        // A server can close an idle connection at any time, also while it is being reused. Retry an idempotent
        // request on a fresh one.
        let left = limit.saturating_sub(started.elapsed());
        if !(may_be_reused && idempotent && error_context::is_closed(&error)) || left.is_zero() {
            return Err(first);
        }
        match self.run(request, left, Connection::Fresh) {
            Ok(response) => Ok(self.record(response)),
            Err(error) => {
                let second = error_context::classify(&error, context);
                // Whatever happened to the second, the first may have arrived.
                let last = if second.may_have_been_sent() { second } else { first };
                Err(Failure::new(
                    last.kind(),
                    first.may_have_been_sent() || second.may_have_been_sent(),
                ))
            }
        }
    }

    fn record(&self, response: Response<ureq::Body>) -> Response<ureq::Body> {
        self.had_response.store(true, Ordering::Relaxed);
        response
    }

    fn run(
        &self,
        request: &Request<Body>,
        limit: Duration,
        connection: Connection,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        let mut own = Request::new(());
        *own.method_mut() = request.method().clone();
        *own.uri_mut() = request.uri().clone();
        *own.version_mut() = Version::HTTP_11;
        own.headers_mut().clone_from(request.headers());
        if let Connection::Own = connection {
            // The agent would keep the connection otherwise.
            own.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }

        let agent = match connection {
            Connection::Own => self.own_connections.as_ref().unwrap_or(&self.agent),
            Connection::Any | Connection::Fresh => &self.agent,
        };
        let limit = limit.min(MAX_TIMEOUT);
        let timeouts = self.agent.config().timeouts();
        let resolve = timeouts.resolve.map_or(limit, |own| own.min(limit));
        // Set for each request, so that the guarantees hold over a caller's agent. The user agent is not
        // set: one that differs from the agent's would keep the connection out of its pool.
        let mut config = agent
            .configure_request(own)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .accept("")
            .accept_encoding("")
            .timeout_global(Some(limit))
            .timeout_resolve(Some(resolve))
            .timeout_connect(Some(error_context::connect_limit(timeouts.connect, limit)));
        if let Connection::Fresh | Connection::Own = connection {
            config = config.max_idle_age(Duration::ZERO);
        }
        let own = config.build();
        let bytes = request.body().as_ref();
        // An empty slice would add a content-length to a GET, and `()` would send an empty POST in chunks.
        if bytes.is_empty() && !request.headers().contains_key(CONTENT_LENGTH) {
            agent.run(own)
        } else {
            agent.run(own.map(|()| bytes))
        }
    }
}

/// Which connection a request may take.
#[derive(Clone, Copy)]
enum Connection {
    /// An idle connection, or a fresh one.
    Any,
    /// A fresh connection.
    Fresh,
    /// A fresh connection that is closed after the response.
    Own,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plex_auth_proto::Body;
    use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
    use plex_auth_proto::http::Request;
    use ureq::Agent;

    use super::{Failure, Sender};

    fn failure(url: &str, https: bool, limit: Duration) -> Failure {
        let sender = Sender { https, ..Sender::over(Agent::new_with_defaults()) };
        let request = Request::get(url).body(Body::empty()).unwrap();
        let context = sender.error_context(request.uri(), limit);
        sender.send(&request, true, false, &context).unwrap_err()
    }

    #[test]
    fn no_time_left_sends_nothing() {
        let failure = failure("http://127.0.0.1:1/", true, Duration::ZERO);
        assert_eq!(failure, Failure::not_sent(TransportErrorKind::TimedOut(Duration::ZERO)));
    }

    #[test]
    fn without_tls_https_is_not_tried() {
        let failure = failure("https://127.0.0.1:1/", false, Duration::MAX);
        let no_tls = TransportErrorKind::Tls(TlsErrorKind::NotAvailable);
        assert_eq!(failure, Failure::not_sent(no_tls));
    }

    #[test]
    fn the_maximum_limit_does_not_overflow() {
        let failure = failure("http://127.0.0.1:1/", true, Duration::MAX);
        assert_eq!(failure, Failure::not_sent(TransportErrorKind::Refused));
    }
}
