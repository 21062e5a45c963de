//! Measures complete calls over loopback, made by the transports and by baseline clients.
//!
//! The server is this program, running in a separate process, so that the server's CPU time is not
//! counted. To inspect one client with other tools, start the program with `serve` and, while it is
//! running, a second time with `call CLIENT URL COUNT`.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a measurement that fails must stop")]

use std::env;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

mod clients;
mod crowd;
mod pairs;
mod server;

use clients::{Client, blocking};
use pairs::Pairs;
use plex_auth_tests::table::{Limit, Table};

/// The maximum CPU time of calls on a reused connection, relative to the baseline. [`CROWD`] limits
/// the elapsed time of calls by one or more concurrent callers, and [`START`] limits the elapsed
/// time of a process that sends one call. Each limit is the highest value measured on two shared
/// cores, plus a margin.
const CALL: Limit = Limit::Times(1.2);
/// The maximum CPU time of calls on a reused connection, relative to ureq without a timeout.
/// Without a timeout, ureq does not start a thread to resolve the name, and neither does the
/// transport on a reused connection.
const UNLIMITED: Limit = Limit::Times(1.15);
const CROWD: Limit = Limit::Times(1.25);
const START: Limit = Limit::Times(1.1);

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    match words.as_slice() {
        ["serve"] => server::serve(),
        ["call", client, url, count] => {
            let call = blocking(Client::named(client), url);
            (0..count.parse().expect("a number")).for_each(|_: u32| call());
        }
        // There are no arguments, or only those that cargo adds.
        _ => return measure(),
    }
    ExitCode::SUCCESS
}

fn measure() -> ExitCode {
    let mut table = Table::new();
    let server = server::start();
    let url = server.url.as_str();
    for (name, ours, bare) in [
        ("ureq", Client::OurUreq, Client::BareUreq),
        ("hyper", Client::OurHyper, Client::BareHyper),
    ] {
        let (our_call, bare_call) = (blocking(ours, url), blocking(bare, url));
        let pairs = Pairs::of(9, || cpu_time(&our_call), || cpu_time(&bare_call));
        pairs.row(
            &mut table,
            &format!("{name}, reused connection: µs of CPU time per call"),
            4_990.0,
            CALL,
        );

        for (size, calls) in [(1, 1_000), (16, 1_600), (256, 2_560)] {
            let crowd = |client| move || crowd::time(client, url, size, calls);
            let pairs = Pairs::of(9, crowd(ours), crowd(bare));
            pairs.row(
                &mut table,
                &format!("{name}, concurrent callers: {size}, µs per call"),
                f64::from(calls),
                CROWD,
            );
        }

        if let Client::OurUreq = ours {
            let unlimited = blocking(Client::BareUreqUnlimited, url);
            let pairs = Pairs::of(5, || cpu_time(&our_call), || cpu_time(&unlimited));
            pairs.row(
                &mut table,
                "ureq without a timeout, reused connection: µs per call",
                4_990.0,
                UNLIMITED,
            );
        }

        let pairs = Pairs::of(31, || start(ours, url), || start(bare, url));
        pairs.row(&mut table, &format!("{name}, process with one call: µs"), 1.0, START);
    }
    table.finish()
}

/// Returns the CPU time (user and system) of 5,000 calls, minus the CPU time of 10 calls.
fn cpu_time(call: impl Fn()) -> Duration {
    let of = |calls| {
        let started = cpu_clock();
        (0..calls).for_each(|_| call());
        cpu_clock() - started
    };
    let few = of(10);
    of(5_000) - few
}

fn cpu_clock() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.try_into().expect("a process has run for a while")
}

/// Returns the time that a process needs to start, send its only call, and exit.
fn start(client: Client, url: &str) -> Duration {
    let program = env::current_exe().expect("this program");
    let started = Instant::now();
    let call = ["call", client.name(), url, "1"];
    let status = Command::new(program).args(call).stdin(Stdio::null()).status();
    assert!(status.expect("it starts").success());
    started.elapsed()
}
