//! The candidates of a choice while they are asked.

use std::time::Duration;

use super::candidate::{CandidateError, CandidateState, ConnectionCandidate};
use super::listing::Planned;
use crate::error::{Error, TransportErrorKind};
use crate::flow::step::RequestId;
use crate::media_server::server_identity::ServerIdentity;
use crate::values::server_url::ServerUrl;

/// The candidates from the best to the worst.
#[derive(Clone, Debug)]
pub(super) struct Candidates(Vec<Candidate>);

#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) connection: ConnectionCandidate,
    /// What the right server said of itself.
    pub(super) server: Option<ServerIdentity>,
    /// The name that must not be found before this bare address is asked.
    stands_for: Option<ServerUrl>,
    request: Option<Request>,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) id: RequestId,
    /// When it was asked, in elapsed time.
    pub(super) since: Duration,
    /// Until when it takes a place of those that may be under way.
    pub(super) until: Duration,
    /// What is said of it where the time is over first.
    pub(super) timeout_error: Error,
}

impl Candidates {
    pub(super) fn new(planned: Vec<Planned>) -> Self {
        let unasked = |Planned { connection, stands_for }| Candidate {
            connection,
            server: None,
            stands_for,
            request: None,
        };
        Self(planned.into_iter().map(unasked).collect())
    }

    pub(super) fn connections(&self) -> Vec<ConnectionCandidate> {
        self.0.iter().map(|candidate| candidate.connection.clone()).collect()
    }

    /// The best one over which the right server has answered.
    pub(super) fn best(&self) -> Option<&Candidate> {
        self.0.iter().find(|candidate| candidate.server.is_some())
    }

    /// Those that are better than that; all while there is none.
    fn better(&self) -> impl Iterator<Item = &Candidate> {
        self.0.iter().take_while(|candidate| candidate.server.is_none())
    }

    /// Whether nothing that is still to come can change which is the best.
    pub(super) fn is_decided(&self) -> bool {
        !self.better().any(|candidate| candidate.is_waiting() || candidate.request.is_some())
    }

    /// Until when each of those under way takes a place. One that was lost with its carrier takes none for
    /// ever, and one that comes late is heard all the same.
    pub(super) fn slots(&self, now: Duration) -> impl Iterator<Item = Duration> {
        let until = self.0.iter().filter_map(|candidate| Some(candidate.request.as_ref()?.until));
        until.filter(move |until| *until > now)
    }

    /// How many wait that could still win.
    pub(super) fn waiting(&self) -> usize {
        self.better().filter(|candidate| candidate.is_waiting()).count()
    }

    /// The URL of the one to be asked next.
    pub(super) fn due(&self) -> Option<ServerUrl> {
        self.better().find(|candidate| candidate.is_due())?.connection.url.clone()
    }

    /// That one is asked.
    pub(super) fn started(&mut self, request: Request) {
        if let Some(candidate) = self.0.iter_mut().find(|candidate| candidate.is_due()) {
            candidate.connection.state = CandidateState::InFlight;
            candidate.request = Some(request);
        }
    }

    /// Takes note of what came of a call; whether it was the right server that answered.
    pub(super) fn complete(
        &mut self,
        id: RequestId,
        now: Duration,
        identifier: Option<&str>,
        answer: Result<ServerIdentity, Error>,
    ) -> bool {
        let is_it = |request: &mut Request| request.id == id;
        let sent = self
            .0
            .iter_mut()
            .find_map(|candidate| Some((candidate.request.take_if(is_it)?.since, candidate)));
        let Some((since, candidate)) = sent else { return false };
        let mut name_found = true;
        candidate.connection.state = match answer {
            Ok(server) if Some(server.machine_identifier.as_str()) == identifier => {
                candidate.server = Some(server);
                CandidateState::Verified { took: now.saturating_sub(since) }
            }
            Ok(_) => CandidateState::Failed(CandidateError::OtherServer),
            Err(error) => {
                let reason = error.as_transport().map(|transport_error| transport_error.kind());
                name_found = reason != Some(TransportErrorKind::NameNotFound);
                CandidateState::Failed(CandidateError::Request(error))
            }
        };
        let is_right = candidate.server.is_some();
        if let Some(name) = candidate.connection.url.clone() {
            self.name_decided(&name, name_found);
        }
        is_right
    }

    /// Lets the bare address that stands for this name be asked, or takes it out.
    fn name_decided(&mut self, name: &ServerUrl, found: bool) {
        for candidate in &mut self.0 {
            if candidate.stands_for.take_if(|stands_for| stands_for == name).is_some() && found {
                candidate.connection.state = CandidateState::Failed(CandidateError::NameResolved);
            }
        }
    }

    /// The time is over: those that have not answered are lost.
    pub(super) fn give_up(&mut self) {
        for candidate in &mut self.0 {
            let loss = match candidate.request.take() {
                Some(Request { timeout_error, .. }) => CandidateError::Request(timeout_error),
                None if candidate.is_waiting() => CandidateError::NotTried,
                None => continue,
            };
            candidate.connection.state = CandidateState::Failed(loss);
        }
    }
}

impl Candidate {
    fn is_waiting(&self) -> bool {
        matches!(self.connection.state, CandidateState::Waiting)
    }

    fn is_due(&self) -> bool {
        self.is_waiting() && self.stands_for.is_none()
    }
}
