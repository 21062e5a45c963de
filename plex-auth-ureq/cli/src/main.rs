//! `plex-auth`: signs in to Plex once, keeps the token, and hands it to whatever needs it.
//!
//! It is built on nothing but the public API of `plex-auth-ureq`, and so is the long example of how a program uses it.
//! Where to look first: [`session`] for how a call is made and a token is had, [`login`] for the ways in, [`state`]
//! for how the client identifier and the tokens are kept, [`explain`] for what becomes of an error.

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
mod loud;
mod output;
mod paper;
mod prompt;
mod server;
mod servers;
mod session;
mod source;
mod state;
mod switch;
mod token;
mod transient;
mod users;
mod whoami;

fn main() -> ExitCode {
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(error) => return cli::end(&error),
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
    // These need neither Plex nor anything that was kept.
    match &cli.command {
        Command::Completions { shell } => return paper::completions(*shell),
        Command::Man { command } => return paper::man(command.as_deref()),
        _ => {}
    }
    interrupt::install()?;
    let session = Session::new(output, cli.options)?;
    match cli.command {
        Command::Login(way) => login::run(&session, &way),
        Command::Whoami => whoami::run(&session),
        Command::Token { show } => token::run(&session, show),
        Command::Check => check::run(&session),
        Command::Servers => servers::run(&session),
        Command::Transient { server } => transient::run(&session, &server),
        Command::Source { server, source } => source::run(&session, &server, &source),
        Command::Users => users::run(&session),
        Command::Switch { user, into } => switch::run(&session, &user, into.as_deref()),
        Command::Claim => claim::run(&session),
        Command::Logout { forget } => logout::run(&session, forget),
        Command::Completions { .. } | Command::Man { .. } => Ok(failure::Exit::Done),
    }
}
