//! The requests to the candidates, and their results.

use std::time::Duration;

use super::candidate::{CandidateError, CandidateState, ConnectionCandidate};
use super::policy;
use crate::flow::clock::Clock;
use crate::flow::in_flight;
use crate::flow::now::Now;
use crate::flow::step::{Completion, RequestId};
use crate::media_server::server_identity::ServerIdentity;
use crate::values::server_url::ServerUrl;

/// The candidates from best to worst.
#[derive(Debug)]
pub(super) struct Candidates(Vec<Candidate>);

#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) connection: ConnectionCandidate,
    /// The identity of the right server, once it has responded.
    pub(super) server: Option<ServerIdentity>,
    turn: usize,
    request: Option<Request>,
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) request: in_flight::Request<ServerIdentity>,
    /// When the request stops counting as in flight, so that it does not delay the next one.
    pub(super) counts_until: Duration,
    /// When the request reaches its time limit. A late response is still accepted.
    pub(super) until: Duration,
}

impl Candidates {
    pub(super) fn new(connections: Vec<ConnectionCandidate>) -> Self {
        let turns = policy::turns(&connections);
        let candidate =
            |(connection, turn)| Candidate { connection, server: None, turn, request: None };
        Self(connections.into_iter().zip(turns).map(candidate).collect())
    }

    pub(super) fn connections(&self) -> Vec<ConnectionCandidate> {
        self.0.iter().map(|candidate| candidate.connection.clone()).collect()
    }

    /// Returns the best candidate, if any, over which the right server has responded.
    pub(super) fn best(&self) -> Option<&Candidate> {
        self.0.iter().find(|candidate| candidate.server.is_some())
    }

    /// Returns the candidates that rank above the best verified one, or all of them if the right
    /// server has not responded yet.
    fn better(&self) -> impl Iterator<Item = &Candidate> {
        self.0.iter().take_while(|candidate| candidate.server.is_none())
    }

    /// Returns whether no pending result can change which candidate is best.
    pub(super) fn is_decided(&self) -> bool {
        !self.better().any(|candidate| candidate.is_waiting() || candidate.request.is_some())
    }

    /// Returns the number of requests that count as in flight.
    pub(super) fn count_in_flight(&self, now: Duration) -> usize {
        self.requests().filter(|request| request.counts_until > now).count()
    }

    /// Returns the next time, if any, at which another candidate may be tried even if no response
    /// has arrived.
    pub(super) fn next_change(&self, now: Duration) -> Option<Duration> {
        let times = self.requests().flat_map(|request| [request.counts_until, request.until]);
        times.filter(|time| *time > now).min()
    }

    fn requests(&self) -> impl Iterator<Item = &Request> {
        self.0.iter().filter_map(|candidate| candidate.request.as_ref())
    }

    /// Returns the candidates that may be tried now and could still be chosen. Plain HTTP
    /// candidates are included only after every HTTPS candidate has failed or reached its time
    /// limit.
    fn due(&self, now: Duration) -> impl Iterator<Item = &Candidate> {
        let is_https_open =
            self.better().any(|candidate| candidate.is_https() && candidate.is_open(now));
        self.better().filter(move |candidate| {
            candidate.is_waiting() && (candidate.is_https() || !is_https_open)
        })
    }

    pub(super) fn count_due(&self, now: Duration) -> usize {
        self.due(now).count()
    }

    /// Returns the URL of the candidate to try next, if any.
    pub(super) fn next(&self, now: Duration) -> Option<ServerUrl> {
        self.due(now).min_by_key(|candidate| candidate.turn)?.connection.url.clone()
    }

    /// Returns whether any plain HTTP candidate that could still be chosen is waiting to be tried.
    pub(super) fn has_plain_http_waiting(&self) -> bool {
        self.better().any(|candidate| candidate.is_waiting() && !candidate.is_https())
    }

    /// Returns whether any candidate that could still be chosen is waiting to be tried.
    pub(super) fn is_any_waiting(&self) -> bool {
        self.better().any(Candidate::is_waiting)
    }

    /// Records that the request to this URL was sent.
    pub(super) fn started(&mut self, url: &ServerUrl, request: Request) {
        let is_it = |candidate: &&mut Candidate| candidate.connection.url.as_ref() == Some(url);
        if let Some(candidate) = self.0.iter_mut().find(is_it) {
            candidate.connection.state = CandidateState::InFlight;
            candidate.request = Some(request);
        }
    }

    /// Records the result of a request. Returns whether the right server responded.
    pub(super) fn complete(
        &mut self,
        clock: &mut Clock,
        now: Now,
        id: RequestId,
        identifier: Option<&str>,
        completion: Completion,
    ) -> bool {
        if !completion.fits_request() {
            return false;
        }
        let is_it = |request: &mut Request| request.request.id() == id;
        let taken = self
            .0
            .iter_mut()
            .find_map(|candidate| Some((candidate.request.take_if(is_it)?.request, candidate)));
        let Some((request, candidate)) = taken else { return false };
        candidate.connection.state = match request.read(Some(&mut *clock), now, completion) {
            Some(Ok(server)) if Some(server.machine_identifier.as_str()) == identifier => {
                candidate.server = Some(server);
                let took = clock.at(now).elapsed.saturating_sub(request.sent());
                CandidateState::Verified { took }
            }
            Some(Ok(_)) => CandidateState::Failed(CandidateError::OtherServer),
            Some(Err(error)) => CandidateState::Failed(CandidateError::Request(error)),
            // The driver stopped waiting, so the candidate is requested again.
            None => CandidateState::Waiting,
        };
        candidate.server.is_some()
    }

    /// Marks the candidates that have no result as failed, because the choice has ended.
    pub(super) fn give_up(&mut self) {
        for candidate in &mut self.0 {
            let error = match candidate.request.take() {
                Some(Request { request, .. }) => CandidateError::Request(request.timed_out()),
                None if candidate.is_waiting() => CandidateError::NotTried,
                None => continue,
            };
            candidate.connection.state = CandidateState::Failed(error);
        }
    }
}

impl Candidate {
    fn is_https(&self) -> bool {
        self.connection.url.as_ref().is_some_and(ServerUrl::is_https)
    }

    fn is_waiting(&self) -> bool {
        matches!(self.connection.state, CandidateState::Waiting)
    }

    /// Returns whether the candidate has no result yet and has not reached its time limit.
    fn is_open(&self, now: Duration) -> bool {
        self.is_waiting() || self.request.as_ref().is_some_and(|request| request.until > now)
    }
}
