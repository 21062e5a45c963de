//! Does what this library does, for programs of other projects: `tests/others/run` tests it with them.
//!
//! `cargo run -p plex-auth-tests --example others -- --help` lists the commands. The output is a JSON object on each line,
//! with every secret in it: the accounts are those of a fake Plex.
#![allow(clippy::print_stdout, reason = "an example may")]

mod jwt;
mod log_in;

use std::error::Error;

use clap::Parser;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Signs a device JWT, verifies a token, or signs in.
#[derive(Debug, Parser)]
#[command(name = "others")]
enum Task {
    Sign(jwt::Sign),
    Verify(jwt::Verify),
    LogIn(log_in::LogIn),
}

fn main() -> Outcome<()> {
    match Task::parse() {
        Task::Sign(sign) => sign.run(),
        Task::Verify(verify) => verify.run(),
        Task::LogIn(log_in) => log_in.run(),
    }
}
