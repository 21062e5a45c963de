use std::time::{Duration, SystemTime};

use http::Response;

use crate::error::{Error, TransportErrorKind};
use crate::flow::elapsed::Elapsed;
use crate::flow::step::{Flow, RequestId, Step};
use crate::media_server::MediaServerAddress;
use crate::media_server::server_identity::ServerIdentity;
use crate::media_server::source_connection_information::SourceDevice;
use crate::plex_tv::resource::Resource;
use crate::values::client_identity::ClientIdentity;
use candidate::CandidateState;
use candidates::{Candidate, Candidates, Request};
use listing::ListedServer;
use outcome::{ChosenConnection, ConnectionChoiceError, ConnectionProgress};

pub(crate) mod candidate;
mod candidates;
mod listing;
pub(crate) mod outcome;

/// The least time that is waited or given to a call: enough to be no busy loop.
const MIN_WAIT: Duration = Duration::from_millis(1);

impl Resource {
    /// Finds out over which of its connections the server can be reached: a whole
    /// [choice](ConnectionChoice), which sends no token.
    ///
    /// Private addresses are tried where the account that asked for the list owns the server, or has the
    /// same address in the internet.
    pub fn choose_connection(&self, identity: ClientIdentity) -> ConnectionChoice {
        ConnectionChoice::of(identity, ListedServer::resource(self))
    }
}

impl SourceDevice {
    /// Finds out over which of its connections the source can be reached: a whole
    /// [choice](ConnectionChoice), which sends no token.
    ///
    /// Nothing says in whose network it is, so that private addresses are tried only where the caller
    /// [says so](ConnectionChoice::private_addresses).
    pub fn choose_connection(&self, identity: ClientIdentity) -> ConnectionChoice {
        ConnectionChoice::of(identity, ListedServer::source(self))
    }
}

/// Finds the best connection to a server: asks `GET {uri}/identity` over several at once, without a token, and
/// takes only what answers as the server that was meant.
///
/// The order is local, remote, relay; among those `https` before `http`, and then IPv4 before IPv6. Once the
/// right server has answered over one, a better one has half a second more to do so
/// ([`grace`](Self::grace)). All is over after ten seconds ([`timeout`](Self::timeout)), which are
/// shared out where there are more candidates than may be asked [at once](Self::max_in_flight), so that those that
/// hang leave time for the others. Each is asked once.
///
/// Not asked at all are addresses that lead nowhere, a `uri` that is none, and private addresses in networks that
/// are not known to be one's own ([`private_addresses`](Self::private_addresses)): a stranger's machine can have
/// them here. Of more than 64 connections the first 64 count.
///
/// A private address says nothing about which machine is there, and an identifier is no secret: only `https`
/// proves that the answer is the server's own.
///
/// There is nothing to keep over a restart: it takes seconds, and what was reached before says nothing about
/// now. Choose anew also when a chosen connection fails, and when the network has changed. One that is
/// stopped can be driven on, but what it had asked goes unheard: start another. A clock that is set forward
/// meanwhile shortens the time.
///
/// ```
/// use std::time::SystemTime;
/// use plex_auth_proto::{ClientIdentity, Flow, Step, http};
/// use plex_auth_proto::flow::ConnectionKind;
/// use plex_auth_proto::server::Resource;
///
/// let attic: Resource = serde_json::from_str(
///     r#"{"clientIdentifier":"5f0e1c2d","accessToken":"s3rv3r","owned":true,"connections":[
///         {"uri":"https://203-0-113-9.feed.plex.direct:8443","local":false},
///         {"uri":"https://10-0-2-1.feed.plex.direct:32400","local":true}]}"#,
/// )?;
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?;
/// let mut choice = attic.choose_connection(me);
/// let now = SystemTime::UNIX_EPOCH;
/// let chosen = loop {
///     match choice.poll(now) {
///         Step::Send(id, call) => {
///             let (request, reply) = call.into_parts();
///             assert!(!request.headers().contains_key("x-plex-token"));
///             // What the real server would answer.
///             let answer = http::Response::new(r#"{"MediaContainer":{"machineIdentifier":"5f0e1c2d"}}"#);
///             choice.complete(now, id, reply.read(answer).map_err(Into::into));
///         }
///         Step::Wait(_) => panic!("the best one has answered"),
///         Step::Done(outcome) => break outcome?,
///     }
/// };
/// assert_eq!(chosen.kind, ConnectionKind::Local);
/// let server = chosen.with_token(attic.access_token.ok_or("it takes none")?);
/// assert_eq!(server.url().to_string(), "https://10-0-2-1.feed.plex.direct:32400");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a flow does nothing until it is driven"]
pub struct ConnectionChoice {
    identity: ClientIdentity,
    listed: ListedServer,
    timeout: Duration,
    grace: Duration,
    max_in_flight: usize,
    candidates: Candidates,
    elapsed: Elapsed,
    /// When the first right answer came, in elapsed time.
    first_verified: Option<Duration>,
    finished: bool,
}

impl ConnectionChoice {
    fn of(identity: ClientIdentity, listed: ListedServer) -> Self {
        Self {
            candidates: Candidates::new(listed.candidates()),
            identity,
            listed,
            timeout: Duration::from_secs(10),
            grace: Duration::from_millis(500),
            max_in_flight: 8,
            elapsed: Elapsed::default(),
            first_verified: None,
            finished: false,
        }
    }

    /// Sets how long all of it may take: 10 seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long a better connection is waited for once the server has answered over another: half a
    /// second unless set. With no time at all the first one that answers is taken.
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = time;
        self
    }

    /// Sets how many are asked at once: 8 unless set, and always one at least.
    pub fn max_in_flight(mut self, calls: usize) -> Self {
        self.max_in_flight = calls.max(1);
        self
    }

    /// Says whether private addresses are tried, in place of what the list says about whose network they are
    /// in. Starts afresh.
    ///
    /// Say so for a server that is known to be in the network of whoever asks. Elsewhere another machine can
    /// have the address, and over `http` can pass for the server and be sent its token.
    pub fn private_addresses(mut self, tried: bool) -> Self {
        self.listed.private_addresses = tried;
        self.reset()
    }

    /// Says whether `http://address:port` may be tried where a router does not find a `plex.direct` name: never
    /// unless set. Starts afresh.
    ///
    /// Many routers refuse names that lead into their own network (DNS rebinding protection); the better cure is
    /// to allow `plex.direct` there. Over the bare address nothing is encrypted: whoever is in that network can
    /// read the token, and pass for the server. So it is tried only in place of a *local* name, only once that
    /// name was not found, and only where the list says that the server does not require encryption.
    /// [`ChosenConnection::bare_address`] tells.
    pub fn bare_addresses(mut self, allowed: bool) -> Self {
        self.listed.bare_addresses = allowed;
        self.reset()
    }

    fn reset(mut self) -> Self {
        self.candidates = Candidates::new(self.listed.candidates());
        self.elapsed = Elapsed::default();
        self.first_verified = None;
        self.finished = false;
        self
    }

    /// When it is over at the latest, as things stand.
    fn end(&self) -> Duration {
        let grace_ends = self.first_verified.map(|first| first.saturating_add(self.grace));
        grace_ends.map_or(self.timeout, |grace_ends| grace_ends.min(self.timeout))
    }

    /// What has come of it all, where that is decided.
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
            bare_address: connection.bare_address,
            took,
            server: server.clone()?,
            candidates: self.candidates.connections(),
        })
    }

    /// Asks the best one that waits, where one more may be under way.
    fn start_next(&mut self, now: Duration) -> Option<Step<Self>> {
        if self.candidates.slots(now).count() >= self.max_in_flight {
            return None;
        }
        let url = self.candidates.due()?;
        // So that those which hang leave time for the ones behind them.
        let rounds = self.candidates.waiting().div_ceil(self.max_in_flight);
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX).max(1);
        let limit = (self.timeout.saturating_sub(now) / rounds).max(MIN_WAIT);
        let address = MediaServerAddress::new(self.identity.clone(), url);
        let call = address.server_identity().deadline(limit);
        let id = RequestId::unique();
        let timeout_error = call.reply().transport_error(TransportErrorKind::TimedOut(limit), true);
        self.candidates.started(Request {
            id,
            since: now,
            until: now.saturating_add(limit),
            timeout_error,
        });
        Some(Step::Send(id, call))
    }
}

impl Flow for ConnectionChoice {
    type Response = ServerIdentity;
    type Output = Result<ChosenConnection, ConnectionChoiceError>;
    type Progress = ConnectionProgress;

    fn poll(&mut self, now: SystemTime) -> Step<Self> {
        let now = self.elapsed.at(now);
        if self.finished {
            return Step::Wait(Duration::MAX);
        }
        if let Some(outcome) = self.outcome(now) {
            self.finished = true;
            return Step::Done(outcome);
        }
        if let Some(step) = self.start_next(now) {
            return step;
        }
        let slot = self.candidates.slots(now).min().filter(|_| self.candidates.due().is_some());
        let until = slot.map_or(self.end(), |slot| slot.min(self.end()));
        Step::Wait(until.saturating_sub(now).max(MIN_WAIT))
    }

    fn complete(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<ServerIdentity>, Error>,
    ) {
        let now = self.elapsed.at(now);
        if self.finished {
            return;
        }
        let identifier = self.listed.identifier.as_deref();
        if self.candidates.complete(id, now, identifier, answer.map(Response::into_body)) {
            self.first_verified.get_or_insert(now);
        }
    }

    fn progress(&self, now: SystemTime) -> ConnectionProgress {
        if self.finished {
            return ConnectionProgress::Finished;
        }
        let left = self.end().saturating_sub(self.elapsed.peek(now));
        ConnectionProgress::Probing { candidates: self.candidates.connections(), left }
    }
}
