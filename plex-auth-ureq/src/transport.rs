use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plex_auth_proto::flow::Now;
use plex_auth_proto::http::Response;
use plex_auth_proto::observer::ObservedExchange;
use plex_auth_proto::{Body, Call, Error, Observer, Outgoing, ResponseError, TransportError};
use ureq::Agent;

use crate::clock::{self, SharedClock};
use crate::connection::Connections;
use crate::deadline::Deadline;
use crate::proxy::{ChosenProxy, ProxyAddress};
use crate::received::UsedConnection;
use crate::sender::Sender;

/// The default time limit for an exchange, from the name lookup to the last byte of the response:
/// 30 s.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// A transport that sends calls with [ureq](crate::ureq).
///
/// Clones are cheap and share the connections. The [crate's documentation](crate) lists the
/// guarantees and limitations.
///
/// ```
/// use std::time::Duration;
/// use plex_auth_ureq::Transport;
///
/// let http = Transport::new().timeout(Duration::from_secs(5)).max_body_size(64 * 1024);
/// # let _ = http;
/// ```
#[derive(Clone)]
pub struct Transport {
    sender: Sender,
    clock: SharedClock,
    timeout: Duration,
    max_body_size: Option<usize>,
    observer: Option<Arc<dyn Observer>>,
}

impl Transport {
    /// Creates a transport that uses your own agent, for example an agent with another TLS
    /// implementation, a SOCKS proxy or different pool settings.
    ///
    /// Most guarantees hold, because this crate applies its settings to each request; the agent
    /// itself is not changed. Its time limit for the whole exchange, if set, replaces
    /// [`DEFAULT_TIMEOUT`]. Its proxy, which ureq reads from the environment by default, is used
    /// unchanged. For a call that wants [its own connection](Outgoing::wants_own_connection), the
    /// agent's idle connections to the call's host are closed. The agent's middleware cannot be
    /// controlled: it sees the token, and may follow redirects, retry or log. With ureq's feature
    /// `cookies`, the agent sends one account's cookies with another account's calls: use one agent
    /// per account, or clear the agent's cookie jar.
    ///
    /// The [crate's documentation](crate) lists the guarantees that hold only for
    /// [`Transport::new`] and [`Transport::builder`].
    ///
    /// ```
    /// use plex_auth_ureq::{Transport, ureq};
    ///
    /// let agent = ureq::Agent::config_builder().https_only(true).build().new_agent();
    /// let http = Transport::over(agent);
    /// # let _ = http;
    /// ```
    pub fn over(agent: Agent) -> Self {
        let timeout = agent.config().timeouts().global;
        Self::with_sender(Sender::over(agent), timeout.unwrap_or(DEFAULT_TIMEOUT))
    }

    pub(crate) fn over_own(connections: Arc<Connections>) -> Self {
        Self::with_sender(Sender::new(connections), DEFAULT_TIMEOUT)
    }

    #[cfg(test)]
    pub(crate) fn into_sender(self) -> Sender {
        self.sender
    }

    fn with_sender(sender: Sender, timeout: Duration) -> Self {
        let clock = clock::system();
        Self { sender, clock, timeout, max_body_size: None, observer: None }
    }

    /// Sets the time limit for an exchange, from the name lookup to the last byte of the response.
    /// A call's own [deadline](Call::deadline) overrides it.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    pub(crate) fn shared_clock(&self) -> SharedClock {
        Arc::clone(&self.clock)
    }

    /// Returns the current time for flow methods such as `progress`, `save` and `restore`.
    pub fn now(&self) -> Now {
        (self.clock)()
    }

    /// Replaces the system clock for flows. The clock must always measure time from the same
    /// origin. All transports that drive the same flow must use that origin.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the size limit for successful responses, in bytes. The default is
    /// [1 MiB](plex_auth_proto::call::DEFAULT_MAX_BODY_SIZE). A call's own limit overrides it.
    #[must_use]
    pub fn max_body_size(mut self, bytes: usize) -> Self {
        self.max_body_size = Some(bytes);
        self
    }

    /// Sets the observer, which is notified before and after each attempt to send a request. It
    /// replaces any previous observer; to notify two, pass a pair.
    ///
    /// A retry is a separate attempt. Retries by your own agent's middleware are not reported.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use std::sync::{Arc, Mutex};
    ///
    /// use plex_auth_ureq::observer::{Attempt, AttemptEnd, Observer};
    /// use plex_auth_ureq::{ClientIdentity, MediaServerAddress, Transport};
    ///
    /// #[derive(Default)]
    /// struct Lines(Mutex<Vec<String>>);
    ///
    /// impl Observer for Lines {
    ///     fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
    ///         let line = format!("{} {}: {}", attempt.method(), attempt.url(), end.outcome());
    ///         self.0.lock().unwrap().push(line);
    ///     }
    /// }
    ///
    /// let lines = Arc::new(Lines::default());
    /// let http = Transport::new().observer(Arc::clone(&lines));
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let server = MediaServerAddress::new(identity, "http://127.0.0.1:1".parse()?);
    /// assert!(http.send(server.server_identity()).is_err());
    /// assert_eq!(*lines.0.lock().unwrap(), ["GET http://127.0.0.1:1/identity: the connection was refused"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Sends a call and returns its value.
    ///
    /// A rate limit (429) and an outage (5xx) are returned as errors, not retried. To retry,
    /// [drive](Self::drive) a [`RetriedCall`](plex_auth_proto::flow::RetriedCall).
    ///
    /// ```no_run
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_ureq::{ClientIdentity, PlexTv, Token, Transport};
    ///
    /// # fn stored() -> String { String::new() }
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// match Transport::new().send(PlexTv::new(identity).token_details(&Token::new(stored())?)) {
    ///     Ok(account) => println!("hello {}", account.title.unwrap_or_default()),
    ///     Err(error) if error.is_token_invalid() => println!("please sign in again"),
    ///     Err(error) if error.is_retryable() => println!("please try later: {error}"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::Response`] if a response arrived but is an error or cannot be read, and
    /// [`Error::Transport`] if no complete response arrived.
    pub fn send<T>(&self, call: Call<T>) -> Result<T, Error> {
        self.exchange(call).map(Response::into_body)
    }

    /// Sends a call and returns its value, along with the status and the headers of the response.
    ///
    /// ```no_run
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_ureq::{ClientIdentity, PlexTv, Transport};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let response = Transport::new().exchange(PlexTv::new(identity).plex_keys())?;
    /// println!("{}, {:?}", response.status(), response.headers().get("date"));
    /// println!("{} keys", response.body().keys.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Same as [`send`](Self::send).
    pub fn exchange<T>(&self, call: Call<T>) -> Result<Response<T>, Error> {
        let (outgoing, reply) = call.into_outgoing();
        let outgoing = self.with_limit(outgoing);
        let deadline = self.deadline(&outgoing);
        let mut observed = self.observed(&outgoing);
        let response = self.confirmed(&outgoing, deadline, &mut observed)?;
        match reply.read(response) {
            Err(ResponseError::Mismatched { .. })
                if reply.is_idempotent() && !reply.wants_own_connection() =>
            {
                Ok(reply.read(self.attempt_again(outgoing, deadline, &mut observed)?)?)
            }
            result => Ok(result?),
        }
    }

    /// Sends a request from a flow or from [`Call::into_outgoing`], and returns the unparsed
    /// response.
    ///
    /// A body is cut off at the size limit. If the body ends early, returns an error for a
    /// successful response, and for a 4xx response if none of the body arrived; any other response
    /// is returned with the part that arrived. Error statuses and unreadable bodies are reported by
    /// the call's [`Reply`](plex_auth_proto::Reply), or by the flow.
    ///
    /// ```no_run
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_ureq::{ClientIdentity, PlexTv, Transport};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let (outgoing, reply) = PlexTv::new(identity).plex_keys().into_outgoing();
    /// let response = Transport::new().fetch(outgoing)?;
    /// println!("{} keys", reply.parse(&response)?.keys.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`TransportError`] if no response arrived, or if the response ended too early.
    pub fn fetch(&self, outgoing: Outgoing) -> Result<Response<Body>, TransportError> {
        let outgoing = self.with_limit(outgoing);
        self.confirmed(&outgoing, self.deadline(&outgoing), &mut self.observed(&outgoing))
    }

    fn observed(&self, outgoing: &Outgoing) -> Option<ObservedExchange> {
        let observer = self.observer.clone()?;
        Some(ObservedExchange::new(observer, outgoing, Instant::now))
    }

    fn with_limit(&self, outgoing: Outgoing) -> Outgoing {
        match self.max_body_size {
            Some(bytes) => outgoing.default_max_body_size(bytes),
            None => outgoing,
        }
    }

    fn deadline(&self, outgoing: &Outgoing) -> Deadline {
        Deadline::after(outgoing.deadline().unwrap_or(self.timeout))
    }

    /// Sends the request, and repeats it if the response must be confirmed.
    fn confirmed(
        &self,
        outgoing: &Outgoing,
        deadline: Deadline,
        observed: &mut Option<ObservedExchange>,
    ) -> Result<Response<Body>, TransportError> {
        let (response, used) = self.attempt(outgoing, deadline, observed)?;
        if !used.may_be_reused() || !outgoing.must_confirm(&response) {
            return Ok(response);
        }
        used.retire();
        drop(response);
        self.attempt_again(outgoing.clone(), deadline, observed)
    }

    /// Repeats the request on its own connection.
    fn attempt_again(
        &self,
        outgoing: Outgoing,
        deadline: Deadline,
        observed: &mut Option<ObservedExchange>,
    ) -> Result<Response<Body>, TransportError> {
        let outgoing = outgoing.on_own_connection();
        let result = self.attempt(&outgoing, deadline, observed);
        // The first request was sent, whatever happened to the second.
        result
            .map(|(response, _)| response)
            .map_err(|error| outgoing.transport_error(error.kind(), true))
    }

    fn attempt(
        &self,
        outgoing: &Outgoing,
        deadline: Deadline,
        observed: &mut Option<ObservedExchange>,
    ) -> Result<(Response<Body>, UsedConnection), TransportError> {
        let received = self.sender.send(outgoing, deadline, observed).map_err(|failure| {
            outgoing.transport_error(failure.kind(), failure.may_have_been_sent())
        })?;
        let head = received.head();
        if let Some(observed) = observed {
            observed.head_received(head.status, &head.headers);
        }
        let max_size = outgoing.body_limit(head.status, &head.headers);
        let connection = received.connection();
        let (head, bytes, error) = received.read(max_size);
        let body = Body::from(bytes);
        // For an unsuccessful response, the status is enough. But a refusal with an empty body
        // counts as plex.tv's, so it must be complete.
        let is_empty_refusal = head.status.is_client_error() && body.as_ref().is_empty();
        let error = error.filter(|_| head.status.is_success() || is_empty_refusal);
        if let Some(observed) = observed {
            observed.finish(body.as_ref().len(), error.map_or(Ok(()), Err));
        }
        if let Some(kind) = error {
            return Err(outgoing.transport_error(kind, true));
        }
        let retired = connection.clone();
        let response = Response::from_parts(head, body);
        Ok((outgoing.received(response, move || retired.retire()), connection))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sender, clock: _, timeout, max_body_size, observer: _ } = self;
        let proxy = match sender {
            Sender::Own(agents) => agents.connections().proxy().map(ChosenProxy::address),
            Sender::Callers(agent) => agent.config().proxy().map(ProxyAddress::new),
        };
        f.debug_struct("Transport")
            .field("timeout", timeout)
            .field("max_body_size", max_body_size)
            .field("proxy", &proxy)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Transport;

    #[test]
    fn a_transport_can_be_shared_among_threads() {
        fn shared<T: Send + Sync + Clone + 'static>() {}
        shared::<Transport>();
    }

    #[test]
    fn a_clone_has_its_own_limits() {
        let shared = Transport::new();
        let short = shared.clone().timeout(Duration::from_secs(1));
        assert!(format!("{shared:?}").contains("timeout: 30s"));
        assert!(format!("{short:?}").contains("timeout: 1s"));
    }

    #[test]
    fn the_global_timeout_of_an_agent_is_kept() {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(7)))
            .build()
            .new_agent();
        let transport = Transport::over(agent);
        assert!(format!("{transport:?}").contains("timeout: 7s"));
    }
}
