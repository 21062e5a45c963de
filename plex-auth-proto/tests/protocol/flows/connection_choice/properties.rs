//! Properties: for any list of connections and any order of responses, the choice is safe, correct
//! and made in time.

use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    Action, CandidateError, CandidateState, ChosenConnection, ConnectionCandidate,
    ConnectionChoice, ConnectionChoiceError,
};
use plex_auth_proto::{Flow, Step};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

use super::{OTHER, RIGHT, me, ms, not_sent, resource};
use crate::config;
use crate::flows::harness::{Answer, Scripted, TransportError, shifted, start};

/// Hosts, and whether each is a literal private or loopback address.
const HOSTS: [(&str, bool); 8] = [
    ("10.0.2.1", true),
    ("127.0.0.1", true),
    ("[fd00::1]", true),
    ("10-0-2-1.feed.plex.direct", false),
    ("203-0-113-9.feed.plex.direct", false),
    ("203.0.113.9", false),
    ("100.64.0.9", false),
    ("attic.example", false),
];

#[derive(Clone, Debug)]
struct Host {
    name: &'static str,
    https: bool,
    local: bool,
    relay: bool,
    /// The response, if any, which arrives after `takes`.
    response: Option<Scripted>,
    takes: Duration,
}

fn response() -> impl Strategy<Value = Option<Scripted>> {
    prop::sample::select(vec![
        Some(RIGHT),
        Some(OTHER),
        Some(Answer(200, "<html>")),
        Some(not_sent(TransportErrorKind::NameNotFound)),
        Some(not_sent(TransportErrorKind::Refused)),
        None,
    ])
}

fn host() -> impl Strategy<Value = Host> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let takes = prop::sample::select(vec![0, 20, 400, 900, 1_100, 3_000, 8_000]);
    (prop::sample::select(HOSTS.to_vec()), flags, response(), takes).prop_map(
        |((name, _), (https, local, relay), response, takes)| Host {
            name,
            https,
            local,
            relay,
            response,
            takes: ms(takes),
        },
    )
}

impl Host {
    fn uri(&self, index: usize) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.name, index + 1)
    }
}

/// Returns a JSON member with this value, or an empty string if there is no value.
fn flag(name: &str, value: Option<bool>) -> String {
    value.map_or(String::new(), |value| format!(r#""{name}":{value},"#))
}

fn choose(hosts: &[Host], matches: Option<bool>, required: Option<bool>) -> ConnectionChoice {
    let connection = |(index, host): (usize, &Host)| {
        let (uri, Host { local, relay, .. }) = (host.uri(index), host);
        format!(r#"{{"uri":"{uri}","local":{local},"relay":{relay}}}"#)
    };
    let connections: Vec<_> = hosts.iter().enumerate().map(connection).collect();
    let facts = flag("publicAddressMatches", matches) + &flag("httpsRequired", required);
    resource(&format!(r#"{facts}"owned":true"#), &connections.join(",")).choose_connection(me())
}

/// A request sent by a choice. Times count from the start of the run.
struct Request {
    url: String,
    sent: Duration,
    /// The time at which the request reaches its time limit.
    until: Duration,
    /// The time at which the result arrived, if it did.
    done: Option<Duration>,
    is_right: bool,
}

struct Run {
    requests: Vec<Request>,
    most_in_flight: usize,
    ended: Duration,
    outcome: Result<ChosenConnection, ConnectionChoiceError>,
}

/// Drives a choice to its end. `jumps` lists rounds and the seconds by which the wall clock jumps
/// in each of them.
fn run(mut choice: ConnectionChoice, hosts: &[Host], jumps: &[(usize, i64)]) -> Run {
    let mut now = start();
    let mut passed = Duration::ZERO;
    let mut in_flight = Vec::new();
    let mut requests = Vec::new();
    let mut most_in_flight = 0;
    for round in 0..2_000 {
        for (_, jump) in jumps.iter().filter(|(when, _)| *when == round) {
            now = shifted(now, *jump);
        }
        match choice.poll(now) {
            Step::Do(id, Action::Send(outgoing)) => {
                let request = outgoing.request();
                assert!(!request.headers().contains_key("x-plex-token"), "a token is sent");
                let url = request.uri().to_string();
                let port = usize::from(request.uri().port_u16().unwrap());
                let Host { response, takes, .. } = &hosts[port - 1];
                let limit = outgoing.deadline().unwrap();
                let until = passed + limit;
                let (due, response) = match response {
                    Some(response) if *takes <= limit => (passed + *takes, response.clone()),
                    _ => (until, TransportError(TransportErrorKind::TimedOut(limit), true)),
                };
                in_flight.push((due, id, outgoing, response, requests.len()));
                requests.push(Request { url, sent: passed, until, done: None, is_right: false });
                // Requests that are due now are about to end, and requests that have hung for a
                // second no longer count as in flight.
                let counts = |(due, .., index): &&(_, _, _, _, usize)| {
                    *due > passed && passed < requests[*index].sent + ms(1_000)
                };
                let going = in_flight.iter().filter(counts).count();
                most_in_flight = most_in_flight.max(going);
            }
            Step::Wait(Some(time)) => {
                assert!(time >= ms(1), "a busy loop");
                let first = (0..in_flight.len()).min_by_key(|index| in_flight[*index].0);
                let first = first.filter(|first| in_flight[*first].0 <= passed + time);
                let step = first.map_or(time, |first| in_flight[first].0.saturating_sub(passed));
                passed += step;
                now += step;
                if let Some(first) = first {
                    let (_, id, outgoing, response, index) = in_flight.remove(first);
                    choice.complete(now, id, response.completion(&outgoing));
                    requests[index].done = Some(passed);
                    requests[index].is_right = response == RIGHT;
                }
            }
            Step::Done(outcome) => {
                assert!(matches!(choice.poll(now), Step::Finished), "reported twice");
                return Run { requests, most_in_flight, ended: passed, outcome };
            }
            step => panic!("{step:?}"),
        }
    }
    panic!("the choice has not ended");
}

impl Run {
    fn candidates(&self) -> &[ConnectionCandidate] {
        match &self.outcome {
            Ok(chosen) => &chosen.candidates,
            Err(ConnectionChoiceError::NoneReachable { candidates, .. }) => candidates,
            Err(error) => panic!("{error}"),
        }
    }

    fn request(&self, url: &str) -> Option<&Request> {
        self.requests.iter().find(|request| request.url == format!("{url}/identity"))
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn plain_http_is_safe_in_every_list(
        hosts in vec(host(), 0..50),
        at_once in 0_usize..20,
        matches in any::<Option<bool>>(),
        required in any::<Option<bool>>(),
        allowed in any::<bool>(),
        // Without this flag, lists without HTTPS would be too rare.
        only_http in prop::bool::weighted(0.3),
    ) {
        let hosts: Vec<_> =
            hosts.into_iter().map(|host| Host { https: host.https && !only_http, ..host }).collect();
        let choice = choose(&hosts, matches, required);
        let run = run(choice.max_in_flight(at_once).allow_plain_http(allowed), &hosts, &[]);
        let https: Vec<_> = hosts.iter().enumerate().filter(|(_, host)| host.https).collect();
        for request in run.requests.iter().filter(|request| request.url.starts_with("http:")) {
            // A request over plain HTTP is sent only to a host that may receive it.
            let is_private = HOSTS.iter().any(|(name, is_private)| {
                *is_private && request.url.starts_with(&format!("http://{name}:"))
            });
            let own_network =
                is_private && matches == Some(true) && required == Some(false) && https.is_empty();
            let by_setting = allowed && required != Some(true);
            prop_assert!(own_network || by_setting, "{}", request.url);
            // Every HTTPS candidate already has a result or has reached its time limit.
            for (index, host) in &https {
                let done = run.request(&host.uri(*index)).map(|https| https.done.unwrap_or(https.until));
                prop_assert!(done.is_some_and(|done| done <= request.sent), "{}", host.uri(*index));
            }
        }
        // Every HTTPS candidate is requested if none is verified.
        if run.outcome.is_err() {
            for (index, host) in &https {
                prop_assert!(run.request(&host.uri(*index)).is_some(), "{}", host.uri(*index));
            }
        }
        // Soon after the first correct response over HTTPS, an HTTPS connection is chosen.
        let right = run.requests.iter().filter(|request| request.is_right && request.url.starts_with("https:"));
        if let Some(first) = right.filter_map(|request| request.done).min() {
            prop_assert!(run.ended <= first + ms(1_500), "{first:?} {:?}", run.ended);
            prop_assert!(!run.outcome.unwrap().is_plain_http());
        }
    }

    #[test]
    fn best_verified_candidate_wins_in_time(
        hosts in vec(host(), 0..24),
        at_once in 0_usize..20,
        allowed in any::<bool>(),
        jumps in vec((0_usize..30, -100_000_i64..100_000), 0..3),
    ) {
        let choice = choose(&hosts, Some(true), Some(false));
        let run = run(choice.max_in_flight(at_once).allow_plain_http(allowed), &hosts, &jumps);
        prop_assert!(run.ended <= ms(10_100), "{:?}", run.ended);
        prop_assert!(run.most_in_flight <= at_once.max(1), "{}", run.most_in_flight);
        let mut urls: Vec<_> = run.requests.iter().map(|request| &request.url).collect();
        urls.sort_unstable();
        urls.dedup();
        prop_assert_eq!(urls.len(), run.requests.len(), "a URL is requested twice");
        let mut right = run.candidates().iter().filter_map(|candidate| {
            let url = candidate.url.as_ref()?;
            run.request(&url.to_string()).filter(|request| request.is_right).map(|_| url)
        });
        prop_assert_eq!(run.outcome.as_ref().ok().map(ChosenConnection::url), right.next());
        if run.outcome.is_err() {
            for candidate in run.candidates() {
                let CandidateState::Failed(error) = &candidate.state else { panic!("{candidate}") };
                let is_result = matches!(error, CandidateError::Request(_) | CandidateError::OtherServer);
                let url = candidate.url.as_ref().unwrap().to_string();
                prop_assert_eq!(is_result, run.request(&url).is_some(), "{}", candidate);
            }
        }
    }
}
