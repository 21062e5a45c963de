//! Flows, searched as their calls are: what they show while they go on, what they end in, and what is logged
//! while a transport drives them. What is kept of one holds secrets on purpose, and shows none.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use plex_auth_fake::{FakePlex, Misbehaviour, Server};
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::Response;
use plex_auth_proto::{Call, Error, Secret, Step};

use crate::search::Seen;
use crate::searched_flow::{Player, SearchedFlow, both, every_flow, look};
use crate::{answer, canaries, canary_inputs, echoes, listen, log};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::every_operation;

/// What one call meets in place of its success.
enum Failure {
    Answer(u16, String),
    Silence,
}

/// In memory, with a clock that is made up.
struct InMemory<'a> {
    seen: &'a mut Seen,
    failure: &'a Failure,
    /// Which of its calls meets with that.
    which: usize,
    /// Of which kinds something was kept that holds a secret.
    saved: &'a mut BTreeSet<&'static str>,
    canaries: &'a [String],
    /// What each operation is answered by where all is well.
    successes: &'a BTreeMap<&'static str, &'static str>,
}

impl InMemory<'_> {
    fn answer<T>(&self, call: &Call<T>, which: usize) -> Result<Response<T>, Error> {
        let reply = call.reply();
        if which != self.which {
            let success = self.successes.get(reply.context().operation()).expect("an operation");
            return Ok(reply.read(answer(200, success))?);
        }
        match self.failure {
            Failure::Answer(status, body) => Ok(reply.read(answer(*status, body))?),
            Failure::Silence => Err(reply.transport_error(TransportErrorKind::CutOff, true)),
        }
    }
}

impl Player for InMemory<'_> {
    fn play<C: SearchedFlow>(&mut self, mut flow: C) {
        let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let mut calls = 0;
        for _ in 0..12 {
            look(&flow, now, self.seen);
            let holds_one = |saved: &Secret| {
                self.canaries.iter().any(|canary| saved.expose().contains(canary.as_str()))
            };
            if flow.saved(now).is_some_and(|saved| holds_one(&saved)) {
                self.saved.insert(type_name::<C>());
            }
            let step = flow.poll(now);
            self.seen.add(type_name::<C>(), both(&step));
            match step {
                Step::Send(id, call) => {
                    let answer = self.answer(&call, calls);
                    self.seen.add(type_name::<C>(), both(&answer.as_ref().map(Response::body)));
                    flow.complete(now, id, answer);
                    calls += 1;
                }
                Step::Wait(time) => now += time.min(Duration::from_secs(3600)),
                Step::Done(outcome) => {
                    self.seen.add(type_name::<C>(), both(&outcome) + &C::failures(&outcome));
                    look(&flow, now, self.seen);
                    return;
                }
            }
        }
    }
}

#[test]
fn nothing_that_a_flow_shows_holds_a_secret_save_what_is_kept_on_purpose() {
    let (mut seen, mut saved, canaries) = (Seen::default(), BTreeSet::new(), canaries());
    let successes = every_operation().into_iter().map(|it| (it.operation.name, it.success));
    let successes = successes.collect();
    let inputs = canary_inputs("https://plex.example/api/v2");
    let answers = [200, 401, 422, 502]
        .into_iter()
        .flat_map(|status| echoes().into_iter().map(move |body| Failure::Answer(status, body)));
    for failure in answers.chain([Failure::Silence]) {
        for which in 0..2 {
            let (seen, saved) = (&mut seen, &mut saved);
            let (failure, canaries, successes) = (&failure, &canaries, &successes);
            let mut player = InMemory { seen, failure, which, saved, canaries, successes };
            every_flow(&inputs, &mut player);
        }
    }
    seen.has_none_of(&canaries);
    assert_eq!(saved.len(), 5, "what is saved holds a PIN or a token: {saved:#?}");
}

/// Remembers which flows there were.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Player for Names {
    fn play<C: SearchedFlow>(&mut self, _: C) {
        let name = type_name::<C>().split('<').next().unwrap_or_default();
        self.0.insert(name.rsplit("::").next().unwrap_or_default().to_owned());
    }
}

/// The types that are flows, as the sources of the core have them.
fn declared(folder: PathBuf) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(declared(path));
        } else {
            let text = std::fs::read_to_string(path).unwrap();
            let code = text.lines().filter(|line| line.starts_with("impl"));
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
    assert_eq!(names.0.len(), 7);
}

/// Where each call is answered by its success, and the first one of each place by a failure before that.
fn server(failure: Option<&(u16, String)>) -> Server {
    let server = Server::http(FakePlex::new());
    server.with(|fake| {
        for every in every_operation() {
            let answer = |status, body: &str| Misbehaviour::answer(status, "", body);
            if let Some((status, body)) = failure {
                fake.misbehave(&every.path(), answer(*status, body).times(1));
            }
            fake.misbehave(&every.path(), answer(200, every.success));
        }
    });
    server
}

/// Over a transport, one of them alone, since it waits by the clock.
struct Driven<'a> {
    seen: &'a mut Seen,
    carrier: &'a Carrier,
    /// How many are left out before it.
    before: usize,
}

/// How often a driven one is looked at before it is stopped: as often as the longest of them needs.
const LOOKS: usize = 7;

impl Player for Driven<'_> {
    fn play<C: SearchedFlow>(&mut self, mut flow: C) {
        let Some(before) = self.before.checked_sub(1) else {
            let (place, mut looks) = (type_name::<C>(), 0);
            let watch = |progress: C::Progress| {
                self.seen.add(place, both(&progress) + &C::errors(&progress));
                looks += 1;
                if looks > LOOKS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            if let Some(outcome) = self.carrier.drive(&mut flow, watch) {
                self.seen.add(place, both(&outcome) + &C::failures(&outcome));
            }
            look(&flow, SystemTime::now(), self.seen);
            self.before = usize::MAX;
            return;
        };
        self.before = before;
    }
}

/// Counts them.
struct Count(usize);

impl Player for Count {
    fn play<C: SearchedFlow>(&mut self, _: C) {
        self.0 += 1;
    }
}

#[test]
fn no_transport_that_drives_a_flow_shows_or_logs_a_secret() {
    listen();
    let all = canaries().join(" ");
    let failures = [
        None,
        Some((401, format!(r#"{{"errors":[{{"code":1001,"message":"{all}","status":401}}]}}"#))),
        Some((502, format!("<html><body>{all}</body></html>"))),
        Some((200, format!(r#"{{"{all}":"{all}"}}"#))),
    ];
    let mut count = Count(0);
    every_flow(&canary_inputs("https://plex.example"), &mut count);
    let carriers: [fn() -> Carrier; 2] = [|| Carrier::ureq(None), || Carrier::hyper(None)];
    let mut seen = Seen::default();
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for (before, last_error) in
            (0..count.0).flat_map(|it| failures.iter().map(move |at| (it, at)))
        {
            threads.extend(carriers.map(|carrier| {
                scope.spawn(move || {
                    let (server, mut seen) = (server(last_error.as_ref()), Seen::default());
                    let mut player = Driven { seen: &mut seen, carrier: &carrier(), before };
                    every_flow(&canary_inputs(server.url()), &mut player);
                    assert!(server.with(|fake| !fake.requests().is_empty()), "nothing is asked");
                    seen
                })
            }));
        }
        for thread in threads {
            seen.extend(thread.join().unwrap());
        }
    });
    for (target, text) in log().1 {
        seen.add(format!("the log of {target}"), text);
    }
    seen.has_none_of(&canaries());
}
