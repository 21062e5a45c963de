//! Simulates fleets that are too large to run on one machine: devices that renew their tokens, PIN
//! logins that wait for a user, and media servers that are restarted while in use.
//!
//! `cargo run --release -p plex-auth-tests --example fleet` runs all of the simulations, and prints
//! the requests per second and the results; `-- --help` lists the options. The flows are the real
//! ones, but the network and the time are simulated, and all randomness comes from the seed. The
//! program exits with an error if a goal is not met.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::single_range_in_vec_init,
    reason = "this is an example"
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

/// Runs large numbers of plex-auth's flows in simulated time.
#[derive(Debug, Parser)]
#[command(name = "fleet")]
struct Arguments {
    /// Simulations to run (default: all).
    parts: Vec<Part>,

    /// Number of devices that renew their tokens.
    #[arg(long, default_value_t = 1_000_000)]
    devices: u32,

    /// Number of PIN logins that start at about the same time.
    #[arg(long, default_value_t = 100_000)]
    logins: u32,

    /// Number of media servers that are restarted.
    #[arg(long, default_value_t = 10_000)]
    servers: u32,

    /// Number of transient token refreshers, distributed among the servers.
    #[arg(long, default_value_t = 100_000)]
    refreshers: u32,

    /// Seed for all random events.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// Devices that renew their tokens for a month.
    Devices,
    /// PIN logins that start at about the same time.
    Logins,
    /// Media servers that are restarted while transient token refreshers use them.
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
