//! `plex-auth servers`: lists the account's servers and which of their connections respond.

use std::thread;
use std::time::{Duration, Instant};

use plex_auth_ureq::server::{Resource, Resources};
use serde_json::json;

use crate::cli::PlainHttp;
use crate::failure::{Exit, Failure};
use crate::hint::Hint;
use crate::output::plain;
use crate::server;
use crate::session::{ActiveProfile, Session};
use crate::waiting::{self, SlowNotice};
use probe::{Tried, try_all};
use show::{as_json, as_text};

mod probe;
mod show;

/// The time between two tries of `--wait`. It doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(crate) fn run(session: &Session<'_>, plain_http: PlainHttp) -> Result<Exit, Failure> {
    let active = session.signed_in()?;
    let resources = session.send(active.plex_tv.resources(&active.token))?;
    let servers: Vec<_> = resources.servers().collect();
    let _notice = SlowNotice::new("responses from the servers");
    let tried = try_all(session, active.plex_tv.identity(), &servers, plain_http);
    print(session, &servers, &tried)
}

/// Waits until a server responds: the one with this name or, if it is empty, any. plex.tv may be out of reach, too, as
/// after a start of the computer.
pub(crate) fn wait(
    session: &Session<'_>,
    named: &str,
    plain_http: PlainHttp,
) -> Result<Exit, Failure> {
    let deadline = Instant::now() + session.timeout();
    let active = session.signed_in()?;
    let mut pause = FIRST_PAUSE;
    let mut is_reported = false;
    loop {
        let failure = match try_once(session, &active, named, plain_http) {
            Ok((resources, tried)) => {
                let servers = chosen(&resources, named)?;
                return print(session, &servers, &tried);
            }
            Err(failure) if failure.exit() == Exit::Unknown => failure,
            Err(failure) => return Err(failure),
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(failure);
        }
        if !is_reported && !session.options.quiet {
            is_reported = true;
            let what = if named.is_empty() { "a server" } else { named };
            waiting::report(what);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn try_once(
    session: &Session<'_>,
    active: &ActiveProfile,
    named: &str,
    plain_http: PlainHttp,
) -> Result<(Resources, Vec<Vec<Tried>>), Failure> {
    let ActiveProfile { plex_tv, token, .. } = active;
    let resources = session.send(plex_tv.resources(token))?;
    let servers = chosen(&resources, named)?;
    let tried = try_all(session, plex_tv.identity(), &servers, plain_http);
    if !responds(&tried) {
        return Err(none_responds(named));
    }
    Ok((resources, tried))
}

fn chosen<'a>(resources: &'a Resources, named: &str) -> Result<Vec<&'a Resource>, Failure> {
    if named.is_empty() {
        return Ok(resources.servers().collect());
    }
    Ok(vec![server::find(resources, named)?])
}

fn responds(tried: &[Vec<Tried>]) -> bool {
    tried.iter().flatten().any(|one| one.outcome.is_ok())
}

fn none_responds(named: &str) -> Failure {
    let what = if named.is_empty() {
        "no server responds".to_owned()
    } else {
        format!("the server {} does not respond", plain(named))
    };
    Failure::new(Exit::Unknown, what)
        .likely("It is not running, or cannot be reached from this network.")
        .next(Hint::from("See the state of each connection: {servers}"))
}

/// Prints the servers. If none of them responds, the exit status says so.
fn print(
    session: &Session<'_>,
    servers: &[&Resource],
    tried: &[Vec<Tried>],
) -> Result<Exit, Failure> {
    let mut text = String::new();
    let mut list = Vec::new();
    for (server, tried) in servers.iter().zip(tried) {
        text += &as_text(server, tried);
        list.push(as_json(session, server, tried));
    }
    if text.is_empty() {
        text = "This account has no servers.\n".to_owned();
    }
    let json = json!({ "profile": session.options.profile, "servers": list });
    session.output.confirmation(&text, &json)?;
    match servers.is_empty() || responds(tried) {
        true => Ok(Exit::Done),
        // Without the list, only an error shows why it failed.
        false if session.options.quiet => Err(none_responds("")),
        false => Ok(Exit::Unknown),
    }
}
