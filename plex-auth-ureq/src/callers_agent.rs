//! A caller's agent, with this crate's settings for each request.

use std::collections::HashSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plex_auth_proto::Body;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::uri::{Authority, Scheme};
use plex_auth_proto::http::{Request, Response};
use ureq::Agent;
use ureq::config::Config;

use crate::attempt::{self, Attempt};
use crate::connection::Reuse;
use crate::deadline::{Deadline, capped};
use crate::error_context::{self, ErrorContext};
use crate::failure::Failure;

/// A caller's agent, with the state that this crate tracks for it.
#[derive(Clone)]
pub(crate) struct CallersAgent {
    agent: Agent,
    /// Whether a response has arrived before, in which case a request may reuse an idle connection.
    had_response: Arc<AtomicBool>,
    /// The origins of connections that must not be reused. ureq can close the idle connections to a
    /// host only as part of the next request to it.
    retired: Arc<Mutex<HashSet<RequestOrigin>>>,
}

/// A request's scheme and authority, which ureq's pool uses to tell an agent's connections apart.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct RequestOrigin(Option<Scheme>, Option<Authority>);

impl RequestOrigin {
    pub(crate) fn of(request: &Request<Body>) -> Self {
        Self(request.uri().scheme().cloned(), request.uri().authority().cloned())
    }
}

impl CallersAgent {
    pub(crate) fn new(agent: Agent) -> Self {
        Self { agent, had_response: Arc::default(), retired: Arc::default() }
    }

    pub(crate) fn config(&self) -> &Config {
        self.agent.config()
    }

    /// Marks the idle connections to this origin to be closed before the next request to it.
    pub(crate) fn retire(&self, origin: RequestOrigin) {
        self.retired().insert(origin);
    }

    fn retired(&self) -> MutexGuard<'_, HashSet<RequestOrigin>> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn run(
        &self,
        request: &Request<Body>,
        deadline: Deadline,
        reuse: Reuse,
    ) -> Result<Response<ureq::Body>, Attempt> {
        let limit = deadline.limit();
        let left = deadline.left().map_err(|_| Attempt {
            failure: Failure::not_sent(TransportErrorKind::TimedOut(limit)),
            may_be_stale: false,
        })?;
        let is_retired = self.retired().remove(&RequestOrigin::of(request));
        let reuse = if is_retired && reuse == Reuse::Any { Reuse::Fresh } else { reuse };
        let may_be_reused = reuse == Reuse::Any && self.had_response.load(Ordering::Relaxed);
        let head = self.with_settings(attempt::head(request, reuse), left, reuse);
        match attempt::run(&self.agent, head, request.body()) {
            Ok(response) => {
                self.had_response.store(true, Ordering::Relaxed);
                Ok(response)
            }
            Err(error) => {
                if is_retired {
                    // ureq may have failed before it closed the connections.
                    self.retire(RequestOrigin::of(request));
                }
                let context = ErrorContext::new(&self.agent, request.uri(), limit);
                let may_be_stale = may_be_reused && error_context::is_closed(&error);
                Err(Attempt { failure: error_context::classify(&error, &context), may_be_stale })
            }
        }
    }

    /// Applies all settings to this request, so that the guarantees hold for any agent. The
    /// user-agent setting is left unchanged, because ureq does not pool the connections of requests
    /// whose user agent differs from the agent's.
    fn with_settings(&self, head: Request<()>, left: Duration, reuse: Reuse) -> Request<()> {
        let limit = capped(left);
        let own = self.config().timeouts();
        let at_most = |own: Option<Duration>| own.map(|own| own.min(limit));
        let config = self
            .agent
            .configure_request(head)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .accept("")
            .accept_encoding("")
            .timeout_global(Some(limit))
            .timeout_resolve(Some(own.resolve.map_or(limit, |own| own.min(limit))))
            .timeout_connect(Some(error_context::connect_limit(own.connect, limit)))
            // ureq adds each timeout to the current time, and panics on overflow.
            .timeout_per_call(at_most(own.per_call))
            .timeout_send_request(at_most(own.send_request))
            .timeout_await_100(at_most(own.await_100))
            .timeout_send_body(at_most(own.send_body))
            .timeout_recv_response(at_most(own.recv_response))
            .timeout_recv_body(at_most(own.recv_body));
        match reuse {
            Reuse::Any => config,
            // Closes the idle connections to the host.
            Reuse::Fresh | Reuse::Never => config.max_idle_age(Duration::ZERO),
        }
        .build()
    }

    /// Returns the kind of an error that occurred while reading a body.
    pub(crate) fn body_error(&self, error: io::Error, limit: Duration) -> TransportErrorKind {
        let context = ErrorContext::of_body(&self.agent, limit);
        error_context::body_kind(error_context::classify(&error.into(), &context))
    }
}
