//! The search for secrets in flows: in their `Debug` output, their progress, their outcome, and the
//! log and the reports while a transport drives them. A saved state contains secrets, but its
//! `Debug` output must not.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use plex_auth_fake::{FakePlex, Misbehavior, Server};
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{Action, Completion, Now, SaveError};
use plex_auth_proto::{Body, Outgoing, Secret, Step};
use plex_auth_tests::Reports;
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{SIGNATURE, every_operation};

use crate::canaries::{canaries, canary_inputs, echoes, response};
use crate::collected_log::{log, start_log};
use crate::search::Output;
use crate::searched_flow::{
    Runner, SearchedFlow, debug_text, every_driven_flow, every_flow, observe,
};
use crate::transports::{add_reports, observer};

/// The failure of one request.
enum Failure {
    Response(u16, String),
    TransportError,
}

/// A runner that runs flows in memory, with a simulated clock.
struct InMemory<'a> {
    output: &'a mut Output,
    failure: &'a Failure,
    /// The number of the request that fails, starting with 0.
    failing: usize,
    /// The flows with a secret in their saved state.
    saved: &'a mut BTreeSet<&'static str>,
    canaries: &'a [String],
    /// The successful response of each operation.
    successes: &'a BTreeMap<&'static str, &'static str>,
}

impl InMemory<'_> {
    fn respond(&self, outgoing: &Outgoing, number: usize) -> Completion {
        let response = if number != self.failing {
            let operation = outgoing.context().operation();
            response(200, self.successes.get(operation).expect("an operation"))
        } else {
            match self.failure {
                Failure::Response(status, body) => response(*status, body),
                Failure::TransportError => {
                    let error = outgoing.transport_error(TransportErrorKind::CutOff, true);
                    return Completion::Failed(error);
                }
            }
        };
        Completion::Response(response.map(Body::from))
    }
}

impl Runner for InMemory<'_> {
    fn run<F: SearchedFlow>(&mut self, mut flow: F) {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let mut now = Now::new(Duration::ZERO, wall);
        let mut requests = 0;
        for _ in 0..12 {
            observe(&flow, now, self.output);
            let has_secret = |saved: &Secret| {
                self.canaries.iter().any(|canary| saved.expose().contains(canary.as_str()))
            };
            if flow.saved(now).is_some_and(|saved| has_secret(&saved)) {
                self.saved.insert(type_name::<F>());
            }
            let step = flow.poll(now);
            self.output.add(type_name::<F>(), debug_text(&step));
            match step {
                Step::Do(id, Action::Send(outgoing)) => {
                    self.output.add(type_name::<F>(), debug_text(&outgoing));
                    flow.complete(now, id, self.respond(&outgoing, requests));
                    requests += 1;
                }
                Step::Do(id, Action::Sign(_)) => {
                    flow.complete(now, id, Completion::Signed(Ok(*SIGNATURE)));
                }
                Step::Do(id, Action::Save(state)) => {
                    // The save error contains the whole state, as it might in a careless program.
                    let result = Err(SaveError::new(format!("cannot write {}", state.expose())));
                    let result = if requests == 0 { Ok(()) } else { result };
                    flow.complete(now, id, Completion::Saved(result));
                }
                Step::Do(..) => panic!("an unknown action"),
                Step::Wait(Some(time)) => now += time.min(Duration::from_secs(3600)),
                // Nothing more happens.
                Step::Wait(None) => return,
                Step::Finished => panic!("the flow was finished before"),
                Step::Done(outcome) => {
                    self.output
                        .add(type_name::<F>(), debug_text(&outcome) + &F::output_errors(&outcome));
                    observe(&flow, now, self.output);
                    return;
                }
            }
        }
    }
}

#[test]
fn flows_show_secrets_only_in_saved_states() {
    let (mut output, mut saved, canaries) = (Output::default(), BTreeSet::new(), canaries());
    let successes = every_operation().into_iter().map(|it| (it.operation.name, it.success));
    let successes = successes.collect();
    let inputs = canary_inputs("https://plex.example/api/v2");
    let responses = [200, 401, 422, 502]
        .into_iter()
        .flat_map(|status| echoes().into_iter().map(move |body| Failure::Response(status, body)));
    for failure in responses.chain([Failure::TransportError]) {
        for failing in 0..2 {
            let (output, saved) = (&mut output, &mut saved);
            let (failure, canaries, successes) = (&failure, &canaries, &successes);
            let mut runner = InMemory { output, failure, failing, saved, canaries, successes };
            every_flow(&inputs, &mut runner);
        }
    }
    output.has_none_of(&canaries);
    assert_eq!(saved.len(), 6, "these states have a PIN or a token: {saved:#?}");
}

/// A runner that collects the names of the flows.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Runner for Names {
    fn run<F: SearchedFlow>(&mut self, _: F) {
        let name = type_name::<F>().split('<').next().unwrap_or_default();
        self.0.insert(name.rsplit("::").next().unwrap_or_default().to_owned());
    }
}

/// Returns the types that implement `Flow`, according to the core's sources.
fn declared(folder: PathBuf) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(declared(path));
        } else {
            let text = std::fs::read_to_string(path).unwrap();
            // Implementations for references and boxes of any flow do not count.
            let is_own =
                |line: &&str| line.starts_with("impl") && !line.starts_with("impl<F: Flow");
            let code = text.lines().filter(is_own);
            let types = code.filter_map(|line| line.split_once(" Flow for "));
            found.extend(types.map(|(_, name)| {
                name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
            }));
        }
    }
    found
}

#[test]
fn every_flow_of_the_core_is_searched() {
    let mut names = Names::default();
    every_flow(&canary_inputs("https://plex.example"), &mut names);
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plex-auth-proto/src");
    assert_eq!(names.0, declared(core));
    assert_eq!(names.0.len(), 10);
}

/// Returns a server with a successful response for each operation. If a failure is given, the first
/// request for each path fails.
fn server(failure: Option<&(u16, String)>) -> Server {
    let server = Server::http(FakePlex::new());
    server.with(|fake| {
        for every in every_operation() {
            let response = |status, body: &str| Misbehavior::answer(status, "", body);
            if let Some((status, body)) = failure {
                fake.misbehave(&every.path(), response(*status, body).times(1));
            }
            fake.misbehave(&every.path(), response(200, every.success));
        }
    });
    server
}

/// A runner that runs one of the flows with a transport.
struct Driven<'a> {
    output: &'a mut Output,
    carrier: &'a Carrier,
    /// The number of flows that are still to be skipped.
    number: usize,
}

/// The number of observations after which a flow is stopped: as many as the longest flow needs.
const OBSERVATIONS: usize = 7;

impl Runner for Driven<'_> {
    fn run<F: SearchedFlow>(&mut self, mut flow: F) {
        let Some(number) = self.number.checked_sub(1) else {
            let (context, mut observations) = (type_name::<F>(), 0);
            let watch = |flow: &F, now: Now| {
                self.output.add(context, flow.progress_text(now));
                observations += 1;
                if observations > OBSERVATIONS {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            if let Some(outcome) = self.carrier.drive(&mut flow, watch) {
                self.output.add(context, debug_text(&outcome) + &F::output_errors(&outcome));
            }
            observe(&flow, self.carrier.now(), self.output);
            self.number = usize::MAX;
            return;
        };
        self.number = number;
    }
}

/// A runner that counts the flows.
struct Count(usize);

impl Runner for Count {
    fn run<F: SearchedFlow>(&mut self, _: F) {
        self.0 += 1;
    }
}

#[test]
fn driven_flows_show_and_log_no_secret() {
    start_log();
    let all = canaries().join(" ");
    let failures = [
        None,
        Some((401, format!(r#"{{"errors":[{{"code":1001,"message":"{all}","status":401}}]}}"#))),
        Some((502, format!("<html><body>{all}</body></html>"))),
        Some((200, format!(r#"{{"{all}":"{all}"}}"#))),
    ];
    let mut count = Count(0);
    every_driven_flow(&canary_inputs("https://plex.example"), &mut count);
    let carriers: [fn() -> Carrier; 2] = [|| Carrier::ureq(None), || Carrier::hyper(None)];
    let mut output = Output::default();
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        let cases = (0..count.0).flat_map(|flow| failures.iter().map(move |it| (flow, it)));
        for (number, failure) in cases {
            threads.extend(carriers.map(|carrier| {
                scope.spawn(move || {
                    let (server, mut output) = (server(failure.as_ref()), Output::default());
                    let reports = Reports::default();
                    let carrier = &carrier().observer(observer(&reports));
                    let mut runner = Driven { output: &mut output, carrier, number };
                    every_driven_flow(&canary_inputs(server.url()), &mut runner);
                    assert!(server.with(|fake| !fake.requests().is_empty()), "no request was sent");
                    assert!(!add_reports(&reports, &mut output).is_empty(), "nothing reported");
                    output
                })
            }));
        }
        for thread in threads {
            output.extend(thread.join().unwrap());
        }
    });
    for (target, text) in log().1 {
        output.add(format!("the log of {target}"), text);
    }
    output.has_none_of(&canaries());
}
