//! Makes this library available to programs from other projects. `tests/others/run` uses those
//! programs to test the library.
//!
//! `cargo run -p plex-auth-tests --example others -- --help` lists the commands. The output is one
//! JSON object per line. It includes secrets, which is safe because all accounts belong to a fake
//! Plex.
#![allow(clippy::print_stdout, reason = "this is an example")]

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
