//! What this library does, for programs that others wrote to look at: `tests/others/run` plays it against them.
//!
//! `cargo run -p plex-auth-tests --example others -- --help` says what there is. What it prints is JSON, an object
//! on a line, with every secret in it: the accounts are those of a fake Plex.
#![allow(clippy::print_stdout, reason = "an example may")]

mod jwt;
mod log_in;

use std::error::Error;

use clap::Parser;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Signs, verifies and signs in, as it is asked to.
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
