//! Sending requests with this crate's settings. The bodies of the responses are left unread.

use std::sync::Arc;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::Request;
use plex_auth_proto::observer::ObservedExchange;
use plex_auth_proto::{Body, Outgoing};
use ureq::Agent;
use ureq::config::Config;

use crate::attempt::{self, Attempt};
use crate::callers_agent::{CallersAgent, RequestOrigin};
use crate::connection::{Connections, Reuse};
use crate::deadline::Deadline;
use crate::failure::Failure;
use crate::own_agents::OwnAgents;
use crate::received::{Received, Source};

/// The agents that send the requests.
#[derive(Clone)]
pub(crate) enum Sender {
    /// This crate's agents: one for each attempt, all sharing the same connections.
    Own(OwnAgents),
    /// The caller's agent.
    Callers(CallersAgent),
}

impl Sender {
    pub(crate) fn new(connections: Arc<Connections>) -> Self {
        Self::Own(OwnAgents::new(connections))
    }

    pub(crate) fn over(agent: Agent) -> Self {
        Self::Callers(CallersAgent::new(agent))
    }

    /// Sends the request and waits for the head of the response. Retries an idempotent request once
    /// if a reused connection turns out to be closed. A request that wants its own connection gets
    /// one that no other request uses. If a response arrives, the caller must report the end of the
    /// last attempt to the observer.
    pub(crate) fn send(
        &self,
        outgoing: &Outgoing,
        deadline: Deadline,
        observed: &mut Option<ObservedExchange>,
    ) -> Result<Received<'_>, Failure> {
        if deadline.left().is_err() {
            return Err(Failure::not_sent(TransportErrorKind::TimedOut(deadline.limit())));
        }
        let (request, own_connection) = (outgoing.request(), outgoing.wants_own_connection());
        attempt::check(request, self.config().output_buffer_size())?;
        let reuse = if own_connection { Reuse::Never } else { Reuse::Any };
        let Attempt { failure: first, may_be_stale } =
            match self.run(request, deadline, reuse, observed) {
                Ok(received) => return Ok(received),
                Err(attempt) => attempt,
            };
        // A server can close an idle connection at any time, even while it is being reused.
        if !(may_be_stale && outgoing.is_idempotent() && !own_connection)
            || deadline.left().is_err()
        {
            return Err(first);
        }
        let second = self.run(request, deadline, Reuse::Fresh, observed);
        second.map_err(|Attempt { failure: second, .. }| {
            // The first request may have arrived, whatever happened to the second.
            let last = if second.may_have_been_sent() { second } else { first };
            Failure::new(last.kind(), first.may_have_been_sent() || second.may_have_been_sent())
        })
    }

    fn config(&self) -> &Config {
        match self {
            Self::Own(agents) => agents.config(),
            Self::Callers(agent) => agent.config(),
        }
    }

    fn run(
        &self,
        request: &Request<Body>,
        deadline: Deadline,
        reuse: Reuse,
        observed: &mut Option<ObservedExchange>,
    ) -> Result<Received<'_>, Attempt> {
        if let Some(observed) = observed {
            observed.start();
        }
        let result = match self {
            Self::Own(agents) => agents
                .run(request, deadline, reuse)
                .map(|(response, exchange)| Received::new(response, Source::Own(exchange))),
            Self::Callers(agent) => agent.run(request, deadline, reuse).map(|response| {
                let origin = RequestOrigin::of(request);
                Received::new(response, Source::Callers(agent, origin, deadline.limit()))
            }),
        };
        if let (Some(observed), Err(Attempt { failure, .. })) = (observed, &result) {
            observed.finish(0, Err(failure.kind()));
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plex_auth_proto::Call;
    #[cfg(not(feature = "rustls"))]
    use plex_auth_proto::error::TlsErrorKind;
    use plex_auth_proto::error::TransportErrorKind;
    use plex_auth_proto::http::Request;
    use ureq::Agent;

    use super::{Deadline, Failure, Sender};
    use crate::Transport;

    fn failures(url: &str, limit: Duration) -> [Failure; 2] {
        let own = Transport::new().into_sender();
        [own, Sender::over(Agent::config_builder().proxy(None).build().new_agent())].map(|sender| {
            let call = Call::status_only("getTest", Request::get(url).body(()).unwrap());
            let (outgoing, _) = call.idempotent(true).into_outgoing();
            sender.send(&outgoing, Deadline::after(limit), &mut None).map(drop).unwrap_err()
        })
    }

    #[test]
    fn no_time_left_sends_nothing() {
        for failure in failures("http://127.0.0.1:1/", Duration::ZERO) {
            assert_eq!(failure, Failure::not_sent(TransportErrorKind::TimedOut(Duration::ZERO)));
        }
    }

    #[cfg(not(feature = "rustls"))]
    #[test]
    fn without_tls_https_is_not_tried() {
        let [own, _] = failures("https://127.0.0.1:1/", Duration::MAX);
        let no_tls = TransportErrorKind::Tls(TlsErrorKind::NotAvailable);
        assert_eq!(own, Failure::not_sent(no_tls));
    }

    #[test]
    fn an_invalid_port_is_not_replaced_by_the_default() {
        for url in
            ["http://127.0.0.1:65536/", "http://[::1]:324000/", "http://a:b@127.0.0.1:99999/"]
        {
            for failure in failures(url, Duration::MAX) {
                let kind = TransportErrorKind::NotStarted("the port in the URL is invalid");
                assert_eq!(failure, Failure::not_sent(kind), "{url}");
            }
        }
    }

    #[test]
    fn the_maximum_limit_does_not_overflow() {
        for failure in failures("http://127.0.0.1:1/", Duration::MAX) {
            assert_eq!(failure, Failure::not_sent(TransportErrorKind::Refused));
        }
    }
}
