//! `plex-auth servers`: lists the account's servers and which of their connections respond.

use std::thread;
use std::time::{Duration, Instant};

use plex_auth_ureq::ServerUrl;
use plex_auth_ureq::server::Resource;
use serde_json::{Value, json};

use crate::cli::PlainHttp;
use crate::failure::{Exit, Failure};
use crate::output::plain;
use crate::server;
use crate::session::{ActiveProfile, Session};
use crate::waiting::{self, SlowNotice};
use probe::{Tried, try_all};
use show::{as_json, as_text};

mod probe;
mod show;

/// The first pause between two tries with `--wait`. The pause doubles after each try, up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(crate) fn run(session: &Session<'_>, plain_http: PlainHttp) -> Result<Exit, Failure> {
    let active = session.signed_in()?;
    let resources = session.send(active.plex_tv.resources(&active.token))?;
    let servers: Vec<_> = resources.servers().cloned().collect();
    let notice = SlowNotice::new("responses from the servers");
    let tried = try_all(session, active.plex_tv.identity(), &servers, plain_http);
    drop(notice);
    let (text, json) = shown(session, &servers, &tried);
    session.output.result(&text, &json)?;
    if servers.is_empty() || responds(&tried) {
        return Ok(Exit::Done);
    }
    Err(none_responds(None)
        .next("Check the connections in the list, or wait for a server: {servers --wait}"))
}

/// Waits, up to the time limit, until the named server responds or, without a name, until any
/// server does. plex.tv may be unreachable at first, too, especially right after the computer has
/// booted.
pub(crate) fn wait(
    session: &Session<'_>,
    named: Option<&str>,
    plain_http: PlainHttp,
) -> Result<Exit, Failure> {
    let deadline = Instant::now() + session.timeout();
    // No token is sent to the URL, so plain HTTP needs no warning.
    let any = PlainHttp { allowed: true };
    let url = named.map(|named| server::url(named, any)).transpose()?.flatten();
    let mut active = None;
    let mut pause = FIRST_PAUSE;
    let mut is_reported = false;
    loop {
        let failure = match try_once(session, &mut active, named, url.as_ref(), plain_http) {
            Ok((text, json)) => {
                session.output.confirmation(&text, &json)?;
                return Ok(Exit::Done);
            }
            Err(failure) if failure.exit() == Exit::Unknown => failure,
            Err(failure) => return Err(failure),
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(failure);
        }
        if !is_reported {
            is_reported = true;
            waiting::report(named.unwrap_or("a server"));
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Returns the servers as text and as JSON, if at least one of them responds. `active` keeps the
/// sign-in for the next try. The sign-in is obtained here, because a failed token renewal must be
/// retried, too.
fn try_once(
    session: &Session<'_>,
    active: &mut Option<ActiveProfile>,
    named: Option<&str>,
    url: Option<&ServerUrl>,
    plain_http: PlainHttp,
) -> Result<(String, Value), Failure> {
    let ActiveProfile { plex_tv, token, .. } = match active {
        Some(active) => active,
        None => active.insert(session.signed_in()?),
    };
    let resources = session.send(plex_tv.resources(token))?;
    let (servers, plain_http) = match (url, named) {
        (Some(url), _) => {
            let server = server::only_at(session, plex_tv.identity(), url, &resources)?;
            (vec![server], PlainHttp { allowed: true })
        }
        (None, Some(named)) => (vec![server::find(&resources, named)?.clone()], plain_http),
        (None, None) => (resources.servers().cloned().collect(), plain_http),
    };
    let tried = try_all(session, plex_tv.identity(), &servers, plain_http);
    if !responds(&tried) {
        let failure = none_responds(named).next("See the state of each connection: {servers}");
        return Err(if servers.is_empty() {
            failure
                .likely("This account has no servers.")
                .next("Check that this is the right account: {whoami}")
        } else {
            failure
        });
    }
    Ok(shown(session, &servers, &tried))
}

fn responds(tried: &[Vec<Tried>]) -> bool {
    tried.iter().flatten().any(|one| one.outcome.is_ok())
}

fn none_responds(named: Option<&str>) -> Failure {
    let (what, likely) = match named {
        None => (
            "no server responds".to_owned(),
            "No server is running, or none can be reached from this network.",
        ),
        Some(named) => (
            format!("the server {} does not respond", plain(named)),
            "It is not running, or cannot be reached from this network.",
        ),
    };
    Failure::new(Exit::Unknown, what).likely(likely)
}

/// Returns the servers and the state of their connections, as text and as JSON.
fn shown(session: &Session<'_>, servers: &[Resource], tried: &[Vec<Tried>]) -> (String, Value) {
    let mut text = String::new();
    let mut list = Vec::new();
    for (server, tried) in servers.iter().zip(tried) {
        text += &as_text(server, tried);
        list.push(as_json(session, server, tried));
    }
    if text.is_empty() {
        text = "This account has no servers.\n".to_owned();
    }
    (text, json!({ "profile": session.options.profile, "servers": list }))
}
