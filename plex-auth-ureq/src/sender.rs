//! One request over the agent, with the settings that keep the promises, as far as the answer's head.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use plex_auth_proto::http::header::CONTENT_LENGTH;
use plex_auth_proto::http::uri::Scheme;
use plex_auth_proto::http::{Request, Response, Version};
use plex_auth_proto::{Body, NoAnswerReason, TlsFault};
use ureq::Agent;

use crate::failure::Fault;
use crate::fault::{self, Circumstances};

/// The longest limit that is passed on: ureq adds it to the clock, which overflows with more.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// An agent, and what must be known of it.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) agent: Agent,
    /// Whether the agent may be asked for `https`. Without TLS of our own it may not: ureq panics where
    /// another crate of the program turned on half of its TLS.
    https: bool,
    /// Whether there was an answer before, so that a connection may be one that was kept open.
    answered: Arc<AtomicBool>,
}

impl Wire {
    pub(crate) fn new(agent: Agent, https: bool) -> Self {
        Self { agent, https, answered: Arc::default() }
    }

    /// Sends the request and waits for the head of the answer. One that may be sent twice is, once, where
    /// a connection that was kept open turns out to be closed.
    pub(crate) fn answer(
        &self,
        request: &Request<Body>,
        repeatable: bool,
        circumstances: &Circumstances<'_>,
    ) -> Result<Response<ureq::Body>, Fault> {
        let started = Instant::now();
        let limit = circumstances.limit;
        if limit.is_zero() {
            return Err(Fault::nothing_sent(NoAnswerReason::TimedOut(limit)));
        }
        if !self.https && request.uri().scheme() == Some(&Scheme::HTTPS) {
            let no_tls = NoAnswerReason::Tls(TlsFault::NotAvailable);
            return Err(Fault::nothing_sent(no_tls));
        }

        let kept_open = self.answered.load(Ordering::Relaxed);
        let error = match self.run(request, limit, Connection::Any) {
            Ok(response) => return Ok(self.answered_by(response)),
            Err(error) => error,
        };
        let first = fault::classify(&error, circumstances);
        // A server closes a connection that was kept open just when it likes, also in the moment in which
        // it is used again. One more try on a fresh one, for what may be sent twice.
        let left = limit.saturating_sub(started.elapsed());
        if !(kept_open && repeatable && fault::is_closed(&error)) || left.is_zero() {
            return Err(first);
        }
        match self.run(request, left, Connection::Fresh) {
            Ok(response) => Ok(self.answered_by(response)),
            Err(error) => {
                let second = fault::classify(&error, circumstances);
                // Whatever became of the second, the first may have arrived.
                let sent = first.sent || second.sent;
                Err(Fault { sent, ..if second.sent { second } else { first } })
            }
        }
    }

    fn answered_by(&self, response: Response<ureq::Body>) -> Response<ureq::Body> {
        self.answered.store(true, Ordering::Relaxed);
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

        let limit = limit.min(LONGEST_TIMEOUT);
        let timeouts = self.agent.config().timeouts();
        let resolve = timeouts.resolve.map_or(limit, |own| own.min(limit));
        // For each request anew, so that the promises hold over an agent of the caller's. The user agent
        // is not touched: another one than the agent's would keep the connection out of its pool.
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
            .timeout_connect(Some(fault::connect_limit(timeouts.connect, limit)));
        if let Connection::Fresh = connection {
            config = config.max_idle_age(Duration::ZERO);
        }
        let own = config.build();
        let bytes = request.body().as_ref();
        // An empty slice would put a content-length on a GET, and no body chunks an empty POST.
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
    /// One that was kept open, or a fresh one.
    Any,
    Fresh,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plex_auth_proto::http::Request;
    use plex_auth_proto::{Body, NoAnswerReason as Reason, TlsFault};
    use ureq::Agent;

    use super::{Circumstances, Fault, Wire};

    fn fault(url: &str, https: bool, limit: Duration) -> Fault {
        let wire = Wire::new(Agent::new_with_defaults(), https);
        let request = Request::get(url).body(Body::empty()).unwrap();
        let circumstances = Circumstances::new(&wire.agent, request.uri(), limit);
        wire.answer(&request, true, &circumstances).unwrap_err()
    }

    #[test]
    fn no_time_left_sends_nothing() {
        let fault = fault("http://127.0.0.1:1/", true, Duration::ZERO);
        assert_eq!(fault, Fault::nothing_sent(Reason::TimedOut(Duration::ZERO)));
    }

    #[test]
    fn without_tls_an_https_url_is_not_tried() {
        let fault = fault("https://127.0.0.1:1/", false, Duration::MAX);
        let no_tls = Reason::Tls(TlsFault::NotAvailable);
        assert_eq!(fault, Fault::nothing_sent(no_tls));
    }

    #[test]
    fn a_limit_that_the_clock_cannot_hold_is_no_panic() {
        let fault = fault("http://127.0.0.1:1/", true, Duration::MAX);
        assert_eq!(fault, Fault::nothing_sent(Reason::Refused));
    }
}
