//! Both transports under load and among faults, with their promises counted.
//!
//! `cargo run --release -p plex-auth-tests --example load` plays all scenarios against a fake Plex on this
//! machine and prints a table for each; `-- --help` says what can be chosen. It ends with an error where a
//! promise was not kept: a call that is lost, an answer that is another's, a sign-in that goes out twice, an
//! error that is not true, a file that stays open. Times are shown and never judged, but for whether a
//! deadline is a deadline at all.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "an example may"
)]

mod ask;
mod deadlines;
mod dropped;
mod kills;
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

/// Plays plex-auth's transports against a fake Plex under load and among faults.
#[derive(Debug, Parser)]
#[command(name = "load")]
struct Arguments {
    /// What to play; everything where nothing is named.
    scenarios: Vec<Scenario>,

    /// Calls of a scenario.
    #[arg(long, default_value_t = 10_000)]
    calls: usize,

    /// Calls that are under way at once.
    #[arg(long, default_value_t = 256)]
    at_once: usize,

    /// Decides where connections die; another one at each run unless it is given.
    #[arg(long, default_value_t = by_the_clock(), hide_default_value = true)]
    seed: u64,

    /// Over HTTPS, where a scenario can be.
    #[arg(long)]
    https: bool,

    /// Deadlines in seconds.
    #[arg(long, value_delimiter = ',', default_values_t = [0.2, 1.0, 3.0])]
    deadlines: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Scenario {
    /// Nothing goes wrong.
    Load,
    /// Every seventh connection dies early.
    Kills,
    /// The server is killed and started again.
    Restart,
    /// Futures are dropped half-way.
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
            Scenario::Kills => ("kills", kills::play(self)),
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
    // Both ends of each connection are here, and hyper opens some in advance.
    let files = 8 * arguments.at_once + 64;
    if process::most_open_files().is_some_and(|most| most < files) {
        println!("too few files may be open: allow more (ulimit -n {files}), or less --at-once");
        return ExitCode::FAILURE;
    }
    let mut saved = true;
    for &scenario in scenarios {
        saved &= arguments.play(scenario);
    }
    if saved { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
