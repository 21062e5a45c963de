//! Sends one request over the agent, with this crate's settings, and returns the response with its body unread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use plex_auth_proto::Body;
use plex_auth_proto::error::{TlsErrorKind, TransportErrorKind};
use plex_auth_proto::http::header::CONTENT_LENGTH;
use plex_auth_proto::http::uri::Scheme;
use plex_auth_proto::http::{Request, Response, Uri, Version};
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
    /// Whether `https` is allowed. Without this crate's TLS it is not: ureq panics if another crate of the
    /// program turned on only half of its TLS.
    https: bool,
    /// Whether there was a response before, so that an idle connection may be reused.
    had_response: Arc<AtomicBool>,
}

impl Sender {
    pub(crate) fn new(agent: Agent, https: bool) -> Self {
        Self { agent, https, had_response: Arc::default() }
    }

    /// Returns the context of an exchange over this agent.
    pub(crate) fn error_context(&self, uri: &Uri, limit: Duration) -> ErrorContext<'_> {
        ErrorContext::new(&self.agent, uri, limit)
    }

    pub(crate) fn config(&self) -> &Config {
        self.agent.config()
    }

    /// Sends the request and waits for the head of the response. Retries an idempotent request once if a
    /// reused connection turns out to be closed.
    pub(crate) fn send(
        &self,
        request: &Request<Body>,
        idempotent: bool,
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

        let may_be_reused = self.had_response.load(Ordering::Relaxed);
        let error = match self.run(request, limit, Connection::Any) {
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

        let limit = limit.min(MAX_TIMEOUT);
        let timeouts = self.agent.config().timeouts();
        let resolve = timeouts.resolve.map_or(limit, |own| own.min(limit));
        // Set for each request, so that the guarantees hold over a caller's agent. The user agent is not
        // set: one that differs from the agent's would keep the connection out of its pool.
        let mut config = self
            .agent
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
        if let Connection::Fresh = connection {
            config = config.max_idle_age(Duration::ZERO);
        }
        let own = config.build();
        let bytes = request.body().as_ref();
        // An empty slice would add a content-length to a GET, and `()` would send an empty POST in chunks.
        if bytes.is_empty() && !request.headers().contains_key(CONTENT_LENGTH) {
            self.agent.run(own)
        } else {
            self.agent.run(own.map(|()| bytes))
        }
    }
}

/// Which connection a request may take.
#[derive(Clone, Copy)]
enum Connection {
    /// An idle connection, or a fresh one.
    Any,
    Fresh,
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
        let sender = Sender::new(Agent::new_with_defaults(), https);
        let request = Request::get(url).body(Body::empty()).unwrap();
        let context = sender.error_context(request.uri(), limit);
        sender.send(&request, true, &context).unwrap_err()
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
