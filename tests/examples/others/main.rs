//! Commands for programs in other languages to check this library against: `tests/others/run` runs
//! both.
//!
//! `cargo run -p plex-auth-tests --example others -- --help` lists them. The output is JSON, one
//! object per line, and includes every secret: the accounts are those of a fake Plex.
#![allow(clippy::print_stdout, reason = "an example may")]

mod jwt;
mod log_in;

use std::error::Error;

use clap::Parser;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Signs and verifies JWTs, and signs in.
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
