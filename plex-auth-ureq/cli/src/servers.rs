//! `plex-auth servers`: the account's servers, and which of their connections answer.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use plex_auth_ureq::flow::{
    CandidateError, CandidateState, ChosenConnection, ConnectionCandidate, ConnectionChoiceError,
    ConnectionProgress,
};
use plex_auth_ureq::server::{Resource, ResourceConnection};
use plex_auth_ureq::{ClientIdentity, Error};
use serde_json::{Value, json};

use crate::cli::PlainHttp;
use crate::failure::{Exit, Failure};
use crate::output::plain;
use crate::session::{ActiveProfile, Session};

/// How many connections are tried at once, over all servers.
const AT_ONCE: usize = 16;

/// How long one is tried at most.
const LIMIT: Duration = Duration::from_secs(10);

/// A connection of a server, and the result of trying it.
struct Tried {
    /// Its place among the server's connections, from best to worst.
    place: usize,
    candidate: ConnectionCandidate,
    /// The time that it took to respond, or the reason why it cannot be used.
    outcome: Result<Duration, String>,
}

pub(crate) fn run(session: &Session<'_>, plain_http: PlainHttp) -> Result<Exit, Failure> {
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let resources = session.send(plex_tv.resources(&token))?;
    let servers: Vec<_> = resources.servers().collect();
    let tried = try_all(session, plex_tv.identity(), &servers, plain_http);
    let mut text = String::new();
    let mut json = Vec::new();
    for (server, tried) in servers.into_iter().zip(&tried) {
        text += &as_text(server, tried);
        json.push(as_json(session, server, tried));
    }
    if text.is_empty() {
        text = "The account may use no server.\n".to_owned();
    }
    session
        .output
        .result(&text, &json!({ "profile": session.options.profile, "servers": json }))?;
    Ok(Exit::Done)
}

/// Tries every connection of every server side by side, and returns each server's from best to worst.
///
/// A choice among all of a server's connections ends with the best one that responds. It says which of them it would
/// use; to show the state of each, these are tried by a choice of their own.
fn try_all(
    session: &Session<'_>,
    identity: &ClientIdentity,
    servers: &[&Resource],
    plain_http: PlainHttp,
) -> Vec<Vec<Tried>> {
    let one_each = servers.iter().enumerate().flat_map(|(index, server)| {
        let candidates = candidates(session, server, identity, plain_http).into_iter().enumerate();
        candidates.map(move |(place, candidate)| (index, *server, place, candidate))
    });
    let queue = Mutex::new(one_each);
    let tried: Mutex<Vec<Vec<Tried>>> = Mutex::new(servers.iter().map(|_| Vec::new()).collect());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some((index, server, place, candidate)) = next() {
            let outcome = try_one(session, identity, server, &candidate);
            let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(of_server) = tried.get_mut(index) {
                of_server.push(Tried { place, candidate, outcome });
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            // If the system has no more threads, the existing ones do all of the work.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut tried = tried.into_inner().unwrap_or_else(PoisonError::into_inner);
    for of_server in &mut tried {
        of_server.sort_by_key(|one| (one.outcome.is_err(), one.place));
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
    match choice.progress(session.http.now()) {
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
        // Already decided, for the whole list.
        .allow_plain_http(!url.is_https())
        .timeout(LIMIT.min(session.timeout()));
    match session.drive(&mut choice, |_, _| {}).map_err(|failure| failure.what)? {
        Ok(ChosenConnection { took, .. }) => Ok(took),
        Err(ConnectionChoiceError::NoneReachable { candidates, .. }) => {
            Err(candidates.first().map_or_else(String::new, why))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Returns the error without the address, which is beside it.
fn why(candidate: &ConnectionCandidate) -> String {
    match &candidate.state {
        CandidateState::Failed(CandidateError::Request(Error::Transport(transport_error))) => {
            transport_error.kind().to_string()
        }
        CandidateState::Failed(error) => error.to_string(),
        _ => "it did not answer in time".to_owned(),
    }
}

fn as_text(server: &Resource, tried: &[Tried]) -> String {
    let text = |text: &Option<String>| plain(text.as_deref().unwrap_or("?"));
    let whose = match (server.owned, &server.source_title) {
        (Some(true), _) => "yours".to_owned(),
        (_, Some(owner)) => format!("{}'s", plain(owner)),
        _ => "shared".to_owned(),
    };
    let mut lines = format!(
        "{} ({whose}, {})\n  {}\n",
        text(&server.name),
        text(&server.product_version),
        text(&server.client_identifier)
    );
    for Tried { candidate, outcome, .. } in tried {
        let url = candidate.url.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
        let outcome = match outcome {
            Ok(took) => format!("answers within {} ms", took.as_millis().max(1)),
            Err(why) => why.clone(),
        };
        lines +=
            &format!("  {:<7} {}  {}\n", candidate.kind.to_string(), plain(&url), plain(&outcome));
    }
    if tried.is_empty() {
        lines += "  no connection is listed\n";
    }
    lines
}

fn as_json(session: &Session<'_>, server: &Resource, tried: &[Tried]) -> Value {
    let connections = tried.iter().map(|Tried { candidate, outcome, .. }| {
        let url = candidate.url.as_ref().map(ToString::to_string);
        let took = outcome
            .as_ref()
            .ok()
            .map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1));
        json!({
            "url": url, "kind": candidate.kind.to_string(), "answers": outcome.is_ok(), "milliseconds": took,
            "why_not": outcome.as_ref().err(),
        })
    });
    let access_token =
        server.access_token.as_ref().map(|token| session.output.secret(token.expose()));
    json!({
        "name": server.name, "client_identifier": server.client_identifier, "version": server.product_version,
        "owned": server.owned, "owner": server.source_title, "access_token": access_token,
        "connections": connections.collect::<Vec<_>>(),
    })
}
