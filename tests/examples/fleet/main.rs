//! Fleets of a size that no machine here has, in a time of their own: devices that renew their tokens, logins that
//! wait for somebody, servers that are restarted under whoever uses them.
//!
//! `cargo run --release -p plex-auth-tests --example fleet` plays all of it, and prints how many requests a second
//! that makes and what became of everybody; `-- --help` says what can be chosen. The flows are the real
//! ones; there is no socket, no clock and no chance that is not the seed's. It ends with an error where a goal is
//! missed.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::single_range_in_vec_init,
    reason = "an example may"
)]

mod agenda;
mod chance;
mod device;
mod devices;
mod fleet_report;
mod logins;
mod network;
mod pins;
mod plex_tv;
mod report;
mod restarts;
mod servers;
mod traffic;

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};

/// Plays plex-auth's flows by the million, in a time of their own.
#[derive(Debug, Parser)]
#[command(name = "fleet")]
struct Arguments {
    /// What to play; everything where nothing is named.
    parts: Vec<Part>,

    /// Devices that renew their tokens.
    #[arg(long, default_value_t = 1_000_000)]
    devices: u32,

    /// Logins by PIN that start at once.
    #[arg(long, default_value_t = 100_000)]
    logins: u32,

    /// Media servers that are restarted.
    #[arg(long, default_value_t = 10_000)]
    servers: u32,

    /// Refreshers of transient tokens, shared out among the servers.
    #[arg(long, default_value_t = 100_000)]
    refreshers: u32,

    /// Decides whatever comes by chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// Devices that renew their tokens for a month.
    Devices,
    /// Logins by PIN that start at once.
    Logins,
    /// Media servers that are restarted under refreshers of transient tokens.
    Restarts,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let parts = match arguments.parts.as_slice() {
        [] => Part::value_variants(),
        named => named,
    };
    println!("seed {}", arguments.seed);
    let mut met = true;
    for part in parts {
        let started = Instant::now();
        let report = match part {
            Part::Devices => fleet_report::play(arguments.devices, arguments.seed),
            Part::Logins => logins::play(arguments.logins, arguments.seed),
            Part::Restarts => {
                restarts::play(arguments.servers, arguments.refreshers, arguments.seed)
            }
        };
        met &= report.print();
        println!("  {:<36} {} s", "took", started.elapsed().as_secs());
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
