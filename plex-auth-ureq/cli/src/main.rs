//! `plex-auth`: signs in to Plex once, saves the token, and passes it to other programs.
//!
//! It uses only the public API of `plex-auth-ureq`, so it doubles as a long example of a program that does. Start with
//! [`session`] for how requests are sent and a token is obtained, [`login`] for the sign-in methods, [`state`] for how
//! the client identifier and the tokens are saved, and [`explain`] for how errors are reported.

use std::process::ExitCode;

use cli::{Cli, Command};
use failure::Failure;
use output::Output;
use session::Session;

mod check;
mod claim;
mod cli;
mod explain;
mod failure;
mod interrupt;
mod login;
mod logout;
mod man;
mod name;
mod output;
mod prompt;
mod server;
mod servers;
mod session;
mod source;
mod state;
mod switch;
mod terminal;
mod token;
mod transient;
mod usage;
mod users;
mod verbose;
mod whoami;

fn main() -> ExitCode {
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(error) => return usage::end(&error),
    };
    let output = Output::new(&cli.options);
    match run(&output, cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output.failure(&failure);
            failure.exit().into()
        }
    }
}

fn run(output: &Output, cli: Cli) -> Result<failure::Exit, Failure> {
    // These need neither Plex nor saved state.
    match &cli.command {
        Command::Completions { shell } => return man::completions(*shell),
        Command::Man { command } => return man::man(command.as_deref()),
        _ => {}
    }
    interrupt::install()?;
    let session = Session::new(output, cli.options)?;
    match cli.command {
        Command::Login(way) => login::run(&session, &way),
        Command::Whoami => whoami::run(&session),
        Command::Token { show } => token::run(&session, show),
        Command::Check => check::run(&session),
        Command::Servers { plain_http } => servers::run(&session, plain_http),
        Command::Transient { server, plain_http } => transient::run(&session, &server, plain_http),
        Command::Source { server, source, plain_http } => {
            source::run(&session, &server, &source, plain_http)
        }
        Command::Users => users::run(&session),
        Command::Switch { user, into } => switch::run(&session, &user, into.as_deref()),
        Command::Claim => claim::run(&session),
        Command::Logout { forget } => logout::run(&session, forget),
        Command::Completions { .. } | Command::Man { .. } => Ok(failure::Exit::Done),
    }
}
