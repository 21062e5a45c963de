//! `plex-auth servers`: the account's servers, and which of their connections answer.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use plex_auth_ureq::flow::{
    CandidateError, CandidateState, ChosenConnection, ConnectionCandidate, ConnectionChoiceError,
    ConnectionKind,
};
use plex_auth_ureq::server::{Resource, ResourceConnection};
use plex_auth_ureq::{ClientIdentity, Error};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::output::plain;
use crate::session::{ActiveProfile, Session};

/// How many connections are tried at once, over all servers.
const AT_ONCE: usize = 16;

/// How long one is tried at most.
const LIMIT: Duration = Duration::from_secs(10);

/// A connection of a server's, and what became of it.
struct Tried {
    url: String,
    kind: ConnectionKind,
    encrypted: bool,
    ipv6: bool,
    /// How long it took to answer, or why it is of no use.
    outcome: Result<Duration, String>,
}

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let resources = session.send(plex_tv.resources(&token))?;
    let servers: Vec<_> = resources.servers().collect();
    let tried = try_all(session, plex_tv.identity(), &servers);
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

/// Tries every connection of every server side by side; of each server's the best come first.
///
/// A choice among all of a server's connections ends with the best one that answers. To show what becomes of each,
/// each is a choice of its own.
fn try_all(
    session: &Session<'_>,
    identity: &ClientIdentity,
    servers: &[&Resource],
) -> Vec<Vec<Tried>> {
    let one_each = servers.iter().enumerate().flat_map(|(place, server)| {
        let one = |connection: &ResourceConnection| {
            let mut server = Resource::clone(server);
            server.connections = vec![connection.clone()];
            (place, server)
        };
        server.connections.iter().map(one).collect::<Vec<_>>()
    });
    let queue = Mutex::new(one_each);
    let tried: Mutex<Vec<Vec<Tried>>> = Mutex::new(servers.iter().map(|_| Vec::new()).collect());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some((place, server)) = next() {
            let outcome = try_one(session, identity, &server);
            let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(of_server), Some(outcome)) = (tried.get_mut(place), outcome) {
                of_server.push(outcome);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            // Where the system gives no more threads, those that there are do all of it.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut tried = tried.into_inner().unwrap_or_else(PoisonError::into_inner);
    for of_server in &mut tried {
        of_server.sort_by_key(|one| {
            (one.outcome.is_err(), one.kind, !one.encrypted, one.ipv6, one.url.clone())
        });
    }
    tried
}

/// Nothing where Plex lists a connection that is not even one.
fn try_one(session: &Session<'_>, identity: &ClientIdentity, server: &Resource) -> Option<Tried> {
    let mut choice =
        server.choose_connection(identity.clone()).timeout(LIMIT.min(session.timeout()));
    let (candidate, outcome) = match session.drive(&mut choice, |_| {}) {
        Ok(ChosenConnection { candidates, took, .. }) => (candidates.into_iter().next()?, Ok(took)),
        Err(ConnectionChoiceError::NoneReachable { candidates, .. }) => {
            let candidate = candidates.into_iter().next()?;
            let why = why(&candidate);
            (candidate, Err(why))
        }
        Err(error) => {
            let uri = server.connections.first()?.uri.clone()?;
            let outcome = Err(error.to_string());
            return Some(Tried {
                url: uri,
                kind: ConnectionKind::Remote,
                encrypted: false,
                ipv6: false,
                outcome,
            });
        }
    };
    let listed = server.connections.first().and_then(|connection| connection.uri.clone());
    let url = candidate.url.as_ref().map(ToString::to_string).or(listed).unwrap_or_default();
    let encrypted = url.starts_with("https:");
    Some(Tried { url, kind: candidate.kind, encrypted, ipv6: candidate.ipv6, outcome })
}

/// Without the address, which stands beside it.
fn why(candidate: &ConnectionCandidate) -> String {
    match &candidate.state {
        CandidateState::Failed(CandidateError::Request(Error::Transport(transport_error))) => {
            transport_error.kind().to_string()
        }
        CandidateState::Failed(loss) => loss.to_string(),
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
    for Tried { url, kind, outcome, .. } in tried {
        let outcome = match outcome {
            Ok(took) => format!("answers within {} ms", took.as_millis().max(1)),
            Err(why) => why.clone(),
        };
        lines += &format!("  {:<7} {}  {}\n", kind.to_string(), plain(url), plain(&outcome));
    }
    if tried.is_empty() {
        lines += "  no connection is listed\n";
    }
    lines
}

fn as_json(session: &Session<'_>, server: &Resource, tried: &[Tried]) -> Value {
    let connections = tried.iter().map(|Tried { url, kind, outcome, .. }| {
        let took = outcome
            .as_ref()
            .ok()
            .map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1));
        json!({
            "url": url, "kind": kind.to_string(), "answers": outcome.is_ok(), "milliseconds": took,
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
