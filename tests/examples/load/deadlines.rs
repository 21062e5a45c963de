//! Checks that a call ends at its deadline if the server stalls before the connection is
//! established, during the TLS handshake, before the response, or in the middle of the response's
//! head or body.

use std::thread;
use std::time::{Duration, Instant};

use plex_auth_fake::{Delivery, FakePlex, Misbehavior, Server};
use plex_auth_proto::error::TransportErrorKind as Reason;
use plex_auth_proto::{Account, Call, ClientIdentity, PlexTv, Token};
use plex_auth_tests::{BlackHole, RawServer, Step};

use crate::Arguments;
use crate::ledger::millis;
use crate::place::WORKERS;
use crate::report::Report;
use crate::workers::Workers;

/// The number of calls for each deadline, transport and kind of stall. All calls with the same
/// deadline are sent at the same time.
const REPEATS: usize = 3;

/// A kind of stall.
struct Stall {
    name: &'static str,
    url: String,
    /// Whether the call ends before any part of the request is sent.
    connecting: bool,
    /// The server that stalls.
    _server: StallingServer,
}

#[expect(dead_code, reason = "dropping it would end the stall")]
enum StallingServer {
    BlackHole(BlackHole),
    Raw(RawServer),
    Fake(Server),
}

pub(crate) fn play(arguments: &Arguments) -> Vec<Report> {
    let pairs = WORKERS.map(|(name, workers)| (Report::new(name), workers(None)));
    let (mut reports, pairs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    for limit in arguments.deadlines() {
        let stalls = stalls(limit);
        thread::scope(|scope| {
            let meet = |workers, stall| {
                let all: Vec<_> = (0..REPEATS)
                    .map(|_| scope.spawn(move || meet(workers, stall, limit)))
                    .collect();
                (stall, all)
            };
            let running: Vec<Vec<_>> = pairs
                .iter()
                .map(|workers| stalls.iter().map(|stall| meet(workers, stall)).collect())
                .collect();
            for (report, running) in reports.iter_mut().zip(running) {
                for (stall, all) in running {
                    let met = all.into_iter().map(|met| met.join().expect("it does not panic"));
                    judge(report, stall, limit, &met.collect::<Vec<_>>());
                }
            }
        });
    }
    reports
}

/// Sends a call to a server that stalls. Returns the call's duration and, if it did not end with
/// the expected error, what went wrong.
fn meet(workers: &Workers, stall: &Stall, limit: Duration) -> (Duration, Option<String>) {
    let call = call(&stall.url).deadline(limit);
    let started = Instant::now();
    let outcome = workers.send(call);
    let took = started.elapsed();
    let wrong = match outcome {
        Ok(_) => Some("a response arrived".to_owned()),
        Err(error) => {
            let right = error.as_transport().is_some_and(|error| {
                error.kind() == Reason::TimedOut(limit)
                    && error.may_have_been_sent() != stall.connecting
            });
            (!right).then(|| error.to_string())
        }
    };
    (took, wrong)
}

fn judge(report: &mut Report, stall: &Stall, limit: Duration, met: &[(Duration, Option<String>)]) {
    let longest = met.iter().map(|(took, _)| *took).max().unwrap_or_default();
    let shortest = met.iter().map(|(took, _)| *took).min().unwrap_or_default();
    let name = format!("{}, {} ms", stall.name, limit.as_millis());
    report.figure(&name, format!("{:.1} ms", millis(longest)));
    for wrong in met.iter().filter_map(|(_, wrong)| wrong.as_ref()) {
        report.broken(format!("{name}: {wrong}"));
    }
    // Connecting may time out slightly before the deadline.
    let least = if stall.connecting { limit * 4 / 5 } else { limit };
    report.expect(shortest >= least, || format!("{name}: ended after {shortest:?}"));
    report.expect(longest <= limit * 10, || format!("{name}: ended after {longest:?}"));
}

fn call(url: &str) -> Call<Account> {
    let me = ClientIdentity::builder("deadlines").build().expect("a right identity");
    let token = Token::new("abc").expect("a right token");
    PlexTv::at(me, url.parse().expect("a right URL")).token_details(&token)
}

fn stalls(limit: Duration) -> Vec<Stall> {
    const HEAD: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n";
    // No slow response is complete by the deadline.
    let pause = limit / 20;
    let raw = |name, script: &[&str]| {
        let mut steps: Vec<_> = script.iter().map(|text| Step::Write((*text).into())).collect();
        steps.push(Step::StallUntilDropped);
        let server = RawServer::start(steps);
        Stall { name, url: server.url(), connecting: false, _server: StallingServer::Raw(server) }
    };
    let fake = |name, delivery| {
        let server = Server::http(FakePlex::new());
        let account = format!("{{\"authToken\":\"abc\"}}{}", " ".repeat(999));
        let slow = Misbehavior::answer(200, "application/json", account).delivered(delivery);
        server.with(|fake| fake.misbehave("/user", slow));
        let url = server.url().to_owned();
        Stall { name, url, connecting: false, _server: StallingServer::Fake(server) }
    };
    let mut stalls = vec![
        raw("silent", &[]),
        raw("half a head", &[HEAD]),
        fake("a head that trickles", Delivery::SlowHead { bytes: 1, pause }),
        raw("half a body", &[HEAD, "\r\n{\"authToken\""]),
        fake("a body that trickles", Delivery::SlowBody { bytes: 1, pause }),
    ];
    let silent = RawServer::unasked(vec![Step::StallUntilDropped]);
    stalls.push(Stall {
        name: "silent in TLS",
        url: silent.url().replace("http:", "https:"),
        connecting: true,
        _server: StallingServer::Raw(silent),
    });
    // Not every system supports black holes.
    if let Ok(hole) = BlackHole::open() {
        let url = hole.url();
        stalls.push(Stall {
            name: "no connection",
            url,
            connecting: true,
            _server: StallingServer::BlackHole(hole),
        });
    }
    stalls
}
