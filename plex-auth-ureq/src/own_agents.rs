//! Agents created by this crate.

use std::sync::Arc;
use std::time::Duration;

use plex_auth_proto::Body;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::{Request, Response};
use ureq::Agent;
use ureq::config::Config;

use crate::attempt::{self, Attempt};
use crate::connection::{Connections, Exchange, Reuse};
use crate::deadline::Deadline;
use crate::error_context;
use crate::failure::Failure;

/// This crate's agents: one for each attempt, so that attempts share only the connections. With the
/// feature `cookies`, ureq keeps cookies per agent.
#[derive(Clone)]
pub(crate) struct OwnAgents {
    config: Arc<Config>,
    connections: Arc<Connections>,
}

impl OwnAgents {
    pub(crate) fn new(connections: Arc<Connections>) -> Self {
        // The connections have a deadline, so no other time limits are set here.
        let config = Agent::config_builder()
            .proxy(None)
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            // With `Expect: 100-continue`, the body is sent immediately, because the connections do
            // not end a wait for the interim response.
            .timeout_await_100(Some(Duration::ZERO))
            .build();
        Self { config: Arc::new(config), connections }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }

    pub(crate) fn run(
        &self,
        request: &Request<Body>,
        deadline: Deadline,
        reuse: Reuse,
    ) -> Result<(Response<ureq::Body>, Exchange), Attempt> {
        let exchange = Exchange::new(&self.connections, deadline, reuse);
        let result = attempt::run(
            &exchange.agent(Config::clone(&self.config)),
            attempt::head(request, reuse),
            request.body(),
        );
        match result {
            Ok(response) => Ok((response, exchange)),
            Err(error) => {
                let failure = exchange.failure().unwrap_or_else(|| {
                    let kind = error_context::classify_protocol(&error).kind();
                    Failure::new(kind, exchange.was_sent())
                });
                let is_closed = failure.kind() == TransportErrorKind::CutOff;
                Err(Attempt { failure, may_be_stale: is_closed && exchange.was_reused() })
            }
        }
    }
}
