//! Tries the connections of all servers in parallel.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use plex_auth_ureq::flow::{
    CandidateError, CandidateState, ChosenConnection, ConnectionCandidate, ConnectionChoiceError,
    ConnectionProgress,
};
use plex_auth_ureq::server::{Resource, ResourceConnection};
use plex_auth_ureq::{ClientIdentity, Error};

use crate::cli::PlainHttp;
use crate::session::Session;

/// The maximum number of threads that are started to try connections. The calling thread tries
/// them, too.
const MAX_IN_FLIGHT: usize = 16;

/// The time limit for each connection, unless `--timeout` is shorter.
const TIMEOUT: Duration = Duration::from_secs(10);

/// One of a server's connections, and the result of trying it.
pub(super) struct Tried {
    /// The rank among the server's connections, starting with 0 for the best one.
    rank: usize,
    pub(super) candidate: ConnectionCandidate,
    /// The time that the connection took to respond, or the reason that it cannot be used.
    pub(super) outcome: Result<Duration, String>,
}

/// Tries the usable connections of all servers in parallel, and returns each server's connections
/// from best to worst: those that responded come first.
///
/// A flow for a whole server ends when it has chosen one connection, so it is used here only to
/// list the connections. Each connection is then tried with its own flow, so that the state of all
/// of them is known.
pub(super) fn try_all(
    session: &Session<'_>,
    identity: &ClientIdentity,
    servers: &[Resource],
    plain_http: PlainHttp,
) -> Vec<Vec<Tried>> {
    let one_each = servers.iter().enumerate().flat_map(|(index, server)| {
        let candidates = candidates(session, server, identity, plain_http).into_iter().enumerate();
        candidates.map(move |(rank, candidate)| (index, server, rank, candidate))
    });
    let queue = Mutex::new(one_each);
    let tried: Mutex<Vec<Vec<Tried>>> = Mutex::new(servers.iter().map(|_| Vec::new()).collect());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some((index, server, rank, candidate)) = next() {
            let outcome = try_one(session, identity, server, &candidate);
            let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(of_server) = tried.get_mut(index) {
                of_server.push(Tried { rank, candidate, outcome });
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..MAX_IN_FLIGHT {
            // If no more threads can be started, the existing ones do all of the work.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut tried = tried.into_inner().unwrap_or_else(PoisonError::into_inner);
    for of_server in &mut tried {
        of_server.sort_by_key(|one| (one.outcome.is_err(), one.rank));
    }
    tried
}

fn candidates(
    session: &Session<'_>,
    server: &Resource,
    identity: &ClientIdentity,
    plain_http: PlainHttp,
) -> Vec<ConnectionCandidate> {
    let choice = server.choose_connection(identity.clone()).allow_plain_http(plain_http.allowed);
    match choice.progress(session.now()) {
        ConnectionProgress::Probing { candidates, .. } => candidates,
        _ => Vec::new(),
    }
}

fn try_one(
    session: &Session<'_>,
    identity: &ClientIdentity,
    server: &Resource,
    candidate: &ConnectionCandidate,
) -> Result<Duration, String> {
    let (Some(url), CandidateState::Waiting) = (&candidate.url, &candidate.state) else {
        return Err(why(candidate));
    };
    let mut connection = ResourceConnection::default();
    connection.uri = Some(url.to_string());
    let mut server = server.clone();
    server.connections = vec![connection];
    let mut choice = server
        .choose_connection(identity.clone())
        // This was decided for the whole list: a connection that is not allowed is not tried.
        .allow_plain_http(!url.is_https())
        .timeout(TIMEOUT.min(session.timeout()));
    match session
        .drive_silently(&mut choice, |_, _| {})
        .map_err(|failure| failure.what().to_owned())?
    {
        Ok(ChosenConnection { took, .. }) => Ok(took),
        Err(ConnectionChoiceError::NoneReachable { candidates, .. }) => {
            Err(candidates.first().map_or_else(String::new, why))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Returns why a connection cannot be used. For a transport error, returns only its kind, because
/// the address is shown next to it.
fn why(candidate: &ConnectionCandidate) -> String {
    match &candidate.state {
        CandidateState::Failed(CandidateError::Request(Error::Transport(transport_error))) => {
            transport_error.kind().to_string()
        }
        CandidateState::Failed(error) => error.to_string(),
        _ => "no response in time".to_owned(),
    }
}
