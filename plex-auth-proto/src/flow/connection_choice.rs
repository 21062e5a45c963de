use std::time::Duration;

use crate::flow::clock::Clock;
use crate::flow::in_flight;
use crate::flow::now::Now;
use crate::flow::step::{Action, Completion, Flow, RequestId, Step};
use crate::media_server::MediaServerAddress;
use crate::media_server::source_connection_information::SourceDevice;
use crate::plex_tv::resource::Resource;
use crate::values::client_identity::ClientIdentity;
use crate::values::server_url::ServerUrl;
use candidate::CandidateState;
use candidates::{Candidate, Candidates, Request};
use listing::ListedServer;
use outcome::{ChosenConnection, ConnectionChoiceError, ConnectionProgress};

mod address;
pub(crate) mod candidate;
mod candidates;
mod listing;
pub(crate) mod outcome;
mod policy;

// On all but the slowest links, a better connection that is up responds within this time.
const GRACE: Duration = Duration::from_millis(500);

// After this time, a request no longer delays the next one. It is not cut off, because a slow link
// or a relay can need more time. RFC 8305 recommends a maximum of 2 seconds for such a delay.
const MAX_DELAY: Duration = Duration::from_secs(1);

// A wait of zero would be a busy loop.
const MIN_WAIT: Duration = Duration::from_millis(1);

impl Resource {
    /// Returns a [flow](ConnectionChoice) that chooses the best connection to the server without
    /// sending a token.
    pub fn choose_connection(&self, identity: ClientIdentity) -> ConnectionChoice {
        ConnectionChoice::new(identity, self.into())
    }
}

impl SourceDevice {
    /// Returns a [flow](ConnectionChoice) that chooses the best connection to the source without
    /// sending a token.
    ///
    /// A media server's list does not say which network the source is on, so only HTTPS is used
    /// unless [plain HTTP is allowed](ConnectionChoice::allow_plain_http).
    pub fn choose_connection(&self, identity: ClientIdentity) -> ConnectionChoice {
        ConnectionChoice::new(identity, self.into())
    }
}

/// Chooses the best connection to a server: sends `GET {uri}/identity` over several connections in
/// parallel, without a token, and accepts only a response from the intended server.
///
/// HTTPS connections are preferred in the order local, remote, relay, with IPv4 before IPv6 within
/// each kind. Once the server has responded over one of them, better ones get another half second
/// to respond. The best connection of each kind and IP version is tried first, so that addresses
/// that hang do not delay the others. No connection is tried twice unless the driver cancels a
/// request. By default, the choice takes at most 10 seconds ([`timeout`](Self::timeout)). At most
/// 64 connections are considered.
///
/// # Plain HTTP
///
/// An identifier is not a secret, and many private networks have a host at 192.168.1.10: only TLS
/// proves that a response comes from the server. Plain HTTP is used only in two cases:
///
/// - for a loopback, RFC 1918 or ULA address that the list itself contains as an `http` URI, if the
///   list says `publicAddressMatches: true` and `httpsRequired: false` and contains no HTTPS
///   connection to the server
/// - if the program [allows it](Self::allow_plain_http), after every HTTPS connection has failed or
///   reached its time limit
///
/// [`ChosenConnection::is_plain_http`] returns true in both cases. Such a choice is valid only on
/// the network where the list was fetched: after a network change, fetch the list and choose again.
///
/// With an HTTP client that accepts any certificate, HTTPS proves nothing either.
///
/// # State
///
/// There is nothing to save: a choice takes seconds, and an earlier one may not suit the current
/// network. Choose again if the chosen connection fails.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use std::time::Duration;
/// use plex_auth_proto::flow::{Action, Completion, ConnectionKind, Now};
/// use plex_auth_proto::server::Resource;
/// use plex_auth_proto::{ClientIdentity, Flow, Step, http};
///
/// let attic: Resource = serde_json::from_str(
///     r#"{"clientIdentifier":"5f0e1c2d","accessToken":"s3rv3r","owned":true,"connections":[
///         {"uri":"https://203-0-113-9.feed.plex.direct:8443","local":false},
///         {"uri":"https://10-0-2-1.feed.plex.direct:32400","local":true}]}"#,
/// )?;
/// let me = ClientIdentity::builder(saved_identifier()).build()?;
/// let mut choice = attic.choose_connection(me);
/// let now = Now::without_wall_clock(Duration::ZERO);
/// let chosen = loop {
///     match choice.poll(now) {
///         Step::Do(id, Action::Send(outgoing)) => {
///             assert!(!outgoing.request().headers().contains_key("x-plex-token"));
///             // A simulated response from the server.
///             let response = http::Response::new(r#"{"MediaContainer":{"machineIdentifier":"5f0e1c2d"}}"#.into());
///             choice.complete(now, id, Completion::Response(response));
///         }
///         Step::Done(outcome) => break outcome?,
///         step => panic!("unexpected step: {step:?}"),
///     }
/// };
/// assert_eq!(chosen.kind, ConnectionKind::Local);
/// let server = chosen.with_token(attic.access_token.ok_or("no token is listed")?);
/// assert_eq!(server.url().to_string(), "https://10-0-2-1.feed.plex.direct:32400");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a flow does nothing until it is driven"]
pub struct ConnectionChoice {
    identity: ClientIdentity,
    listed: ListedServer,
    timeout: Duration,
    max_in_flight: usize,
    candidates: Candidates,
    allow_plain_http: bool,
    clock: Clock,
    /// The elapsed time at which the right server first responded. `None` if it has not.
    first_verified: Option<Duration>,
    finished: bool,
}

impl ConnectionChoice {
    fn new(identity: ClientIdentity, listed: ListedServer) -> Self {
        Self {
            candidates: Candidates::new(policy::candidates(&listed, false)),
            allow_plain_http: false,
            identity,
            listed,
            timeout: Duration::from_secs(10),
            // Most lists are shorter, so all of their connections are requested at once.
            max_in_flight: 16,
            clock: Clock::default(),
            first_verified: None,
            finished: false,
        }
    }

    /// Sets the time limit for the whole choice. The default is 10 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the maximum number of requests in flight. The default is 16 and the minimum is 1.
    ///
    /// A request without a response stops counting toward this maximum after at most one second, so
    /// that hosts that hang do not delay the others. If there are more candidates than the maximum,
    /// they share the available time.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests.max(1);
        self
    }

    /// Sets whether a token may be sent unencrypted if no HTTPS connection works. The default is
    /// false. Call this before driving the choice.
    ///
    /// Anyone on the network path can read such a token and use it until it is revoked. An attacker
    /// on the network can block HTTPS, impersonate the server and receive the token. If HTTPS fails
    /// because the router blocks `plex.direct` names (DNS rebinding protection), allow
    /// `plex.direct` in the router's settings instead.
    ///
    /// If plain HTTP is allowed, the usable candidates also include the list's `http` URIs and, if
    /// the list says `httpsRequired: false`, `http://10.0.2.1:32400` for a URL such as
    /// `https://10-0-2-1.<hash>.plex.direct:32400`, whose name stands for a private address. These
    /// plain HTTP URLs are tried only after every HTTPS connection has failed or reached its time
    /// limit, which is at most half of the [timeout](Self::timeout). If the list says
    /// `httpsRequired: true`, the setting has no effect.
    pub fn allow_plain_http(self, allowed: bool) -> Self {
        let candidates = policy::candidates(&self.listed, allowed);
        Self { candidates: Candidates::new(candidates), allow_plain_http: allowed, ..self }
    }

    /// Returns the latest time at which the choice can end, given the responses so far.
    fn end(&self) -> Duration {
        let grace_ends = self.first_verified.map(|first| first.saturating_add(GRACE));
        grace_ends.map_or(self.timeout, |grace_ends| grace_ends.min(self.timeout))
    }

    /// Returns the outcome, if it is decided.
    fn outcome(&mut self, now: Duration) -> Option<<Self as Flow>::Output> {
        if self.listed.identifier.is_none() {
            return Some(Err(ConnectionChoiceError::NoIdentifier));
        }
        if now < self.end() && !self.candidates.is_decided() {
            return None;
        }
        if let Some(chosen) = self.chosen() {
            return Some(Ok(chosen));
        }
        self.candidates.give_up();
        Some(Err(ConnectionChoiceError::NoneReachable {
            candidates: self.candidates.connections(),
            plain_http_skipped: !self.allow_plain_http && policy::skips_plain_http(&self.listed),
        }))
    }

    fn chosen(&self) -> Option<ChosenConnection> {
        let Candidate { connection, server, .. } = self.candidates.best()?;
        let CandidateState::Verified { took } = connection.state else { return None };
        let url = connection.url.clone()?;
        Some(ChosenConnection {
            address: MediaServerAddress::new(self.identity.clone(), url),
            kind: connection.kind,
            ipv6: connection.ipv6,
            took,
            server: server.clone()?,
            candidates: self.candidates.connections(),
        })
    }

    /// Returns the progress.
    pub fn progress(&self, now: Now) -> ConnectionProgress {
        if self.finished {
            return ConnectionProgress::Finished;
        }
        let left = self.end().saturating_sub(self.clock.peek(now).elapsed);
        ConnectionProgress::Probing { candidates: self.candidates.connections(), left }
    }

    /// Returns the step that sends the next request, if one is due and the limit on requests in
    /// flight allows it.
    fn start_next(&mut self, now: Duration) -> Option<Step<<Self as Flow>::Output>> {
        if self.candidates.count_in_flight(now) >= self.max_in_flight {
            return None;
        }
        let url = self.candidates.next(now)?;
        let limit = self.limit(now, &url);
        let address = MediaServerAddress::new(self.identity.clone(), url.clone());
        let call = address.server_identity().deadline(limit);
        let (request, outgoing) = in_flight::Request::new(now, call);
        let id = request.id();
        let counts_until = now.saturating_add(limit.min(MAX_DELAY));
        let until = now.saturating_add(limit);
        self.candidates.started(&url, Request { request, counts_until, until });
        Some(Step::Do(id, Action::Send(outgoing)))
    }

    /// Returns the time limit for the next request, which leaves time for the candidates that are
    /// still waiting.
    fn limit(&self, now: Duration, next: &ServerUrl) -> Duration {
        let is_before_http = next.is_https() && self.candidates.has_plain_http_waiting();
        let end = if is_before_http { self.timeout / 2 } else { self.timeout };
        let rounds = self.candidates.count_due(now).div_ceil(self.max_in_flight);
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX).max(1);
        (end.saturating_sub(now) / rounds).max(MIN_WAIT)
    }
}

impl Flow for ConnectionChoice {
    type Output = Result<ChosenConnection, ConnectionChoiceError>;

    fn poll(&mut self, now: Now) -> Step<Self::Output> {
        let now = self.clock.at(now).elapsed;
        if self.finished {
            return Step::Finished;
        }
        if let Some(outcome) = self.outcome(now) {
            self.finished = true;
            return Step::Done(outcome);
        }
        if let Some(step) = self.start_next(now) {
            return step;
        }
        let next = self.candidates.next_change(now).filter(|_| self.candidates.is_any_waiting());
        let until = next.map_or(self.end(), |next| next.min(self.end()));
        Step::Wait(Some(until.saturating_sub(now).max(MIN_WAIT)))
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        if self.finished {
            return;
        }
        let identifier = self.listed.identifier.as_deref();
        if self.candidates.complete(&mut self.clock, now, id, identifier, completion) {
            let elapsed = self.clock.at(now).elapsed;
            self.first_verified.get_or_insert(elapsed);
        }
    }
}
