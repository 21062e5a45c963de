//! Runs both transports under load and with faults, and checks their guarantees.
//!
//! `cargo run --release -p plex-auth-tests --example load` runs all scenarios against a fake Plex
//! on this machine and prints a table for each; `-- --help` lists the options. It exits with an
//! error if a guarantee is violated, for example if a call is lost, a response reaches the wrong
//! caller, a sign-in is sent twice, an error is incorrect, or files or memory are leaked. Times are
//! printed but not checked, except for generous limits on calls with a deadline.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "this is an example"
)]

mod ask;
mod deadlines;
mod dropped;
mod faults;
mod ledger;
mod place;
mod process;
mod report;
mod restart;
mod steady;
mod workers;

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Parser, ValueEnum};

use report::Report;

/// Runs plex-auth's transports against a fake Plex under load and with faults.
#[derive(Debug, Parser)]
#[command(name = "load")]
struct Arguments {
    /// Scenarios to run (default: all).
    scenarios: Vec<Scenario>,

    /// Number of calls in each round of a scenario.
    #[arg(long, default_value_t = 10_000)]
    calls: usize,

    /// Number of concurrent callers.
    #[arg(long, default_value_t = 256)]
    at_once: usize,

    /// Seed for choosing where connections end (default: from the clock).
    #[arg(long, default_value_t = by_the_clock(), hide_default_value = true)]
    seed: u64,

    /// Use HTTPS in the scenarios that support it.
    #[arg(long)]
    https: bool,

    /// Deadlines for calls to a stalling server, in seconds.
    #[arg(long, value_delimiter = ',', default_values_t = [0.2, 1.0, 3.0])]
    deadlines: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Scenario {
    /// No faults.
    Load,
    /// Every seventh connection ends early.
    Faults,
    /// The server is killed and restarted.
    Restart,
    /// Futures are dropped before they complete.
    Dropped,
    /// The server stalls.
    Deadlines,
}

fn by_the_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.subsec_nanos().into())
}

impl Arguments {
    fn deadlines(&self) -> impl Iterator<Item = Duration> {
        self.deadlines.iter().map(|&seconds| Duration::from_secs_f64(seconds))
    }

    fn play(&self, scenario: Scenario) -> bool {
        let (title, reports): (_, Vec<Report>) = match scenario {
            Scenario::Load => ("load", steady::play(self)),
            Scenario::Faults => ("faults", faults::play(self)),
            Scenario::Restart => ("restart", restart::play(self)),
            Scenario::Dropped => ("dropped", dropped::play(self)),
            Scenario::Deadlines => ("deadlines", deadlines::play(self)),
        };
        let scheme =
            if self.https && scenario != Scenario::Deadlines { ", over HTTPS" } else { "" };
        report::print(&format!("{title}{scheme}"), &reports)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scenarios = match arguments.scenarios.as_slice() {
        [] => Scenario::value_variants(),
        named => named,
    };
    // Both ends of each connection are in this process, and hyper opens some connections in
    // advance.
    let files = 8 * arguments.at_once + 64;
    if process::most_open_files().is_some_and(|most| most < files) {
        println!(
            "the limit on open files is too low; raise it (ulimit -n {files}) or lower --at-once"
        );
        return ExitCode::FAILURE;
    }
    let mut passed = true;
    for &scenario in scenarios {
        passed &= arguments.play(scenario);
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
