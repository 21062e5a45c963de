//! `plex-auth`: signs in to Plex once, saves the token, and passes it to other programs.
//!
//! It uses only the public API of `plex-auth-ureq`, so it doubles as an extended example of how to
//! use that crate. Start with [`session`] for how requests are sent and a token is obtained,
//! [`login`] for the sign-in methods, [`state`] for how the client identifier and the tokens are
//! saved, and [`explain`] for how errors are reported.

use std::process::ExitCode;

use cli::given::Given;
use cli::{Cli, Command, DevicesAction, Options, ProfilesAction};
use failure::{Exit, Failure};
use hint::Context;
use output::Output;
use session::Session;

mod check;
mod claim;
mod cli;
mod completions;
mod devices;
mod explain;
mod failure;
mod hint;
mod interrupt;
mod login;
mod logout;
mod man;
mod name;
mod output;
mod plain_http;
mod profiles;
mod prompt;
mod replaced;
mod run;
mod server;
mod servers;
mod session;
mod source;
mod state;
mod status;
mod switch;
mod terminal;
mod token;
mod transient;
mod usage;
mod users;
mod verbose;
mod waiting;
mod whoami;

fn main() -> ExitCode {
    let (Cli { options, command }, given) = match cli::parse::parse() {
        Ok(parsed) => parsed,
        Err(error) => return usage::end(&error),
    };
    let output = Output::new(&options);
    match execute(&output, &options, &command) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::failure(&failure, &context(&options, &command, given), output.is_json());
            failure.exit().into()
        }
    }
}

fn execute(output: &Output, options: &Options, command: &Command) -> Result<Exit, Failure> {
    // These need neither Plex nor saved state.
    match command {
        Command::Completions { shell } => return completions::run(*shell),
        Command::Man { command } => return man::run(command),
        _ => {}
    }
    interrupt::install()?;
    let session = &Session::new(output, options)?;
    match command {
        Command::Login(method) => login::run(session, method),
        Command::Status => status::run(session),
        Command::Profiles { action: None, names } => profiles::run(session, *names),
        Command::Profiles { action: Some(ProfilesAction::Remove { name }), .. } => {
            profiles::remove(session, name)
        }
        Command::Whoami => whoami::run(session),
        Command::Token { plain_http, server, url, show } => match server {
            Some(server) => token::of_server(session, server, *url, *show, *plain_http),
            None => token::run(session, *show),
        },
        Command::Run { plain_http, server, command } => {
            run::run(session, server.as_deref(), command, *plain_http)
        }
        Command::Check => check::run(session),
        Command::Servers { plain_http, wait } => match wait {
            Some(server) => servers::wait(session, server.as_deref(), *plain_http),
            None => servers::run(session, *plain_http),
        },
        Command::Transient { server, plain_http } => transient::run(session, server, *plain_http),
        Command::Source { server, source, plain_http } => {
            source::run(session, server, source, *plain_http)
        }
        Command::Devices { action: None } => devices::run(session),
        Command::Devices { action: Some(DevicesAction::Remove { id }) } => {
            devices::remove(session, *id)
        }
        Command::Users => users::run(session),
        Command::Switch { user, into } => switch::run(session, user, into.as_deref()),
        Command::Claim { server: None } => claim::run(session),
        Command::Claim { server: Some(url) } => claim::server(session, url),
        Command::Logout { local, revoke } => logout::run(session, *local, *revoke),
        Command::Completions { .. } | Command::Man { .. } => Ok(Exit::Done),
    }
}

/// Returns the context for hints: the options of this run. A `login` command in a hint also gets
/// the profile's plex.tv URL. If the profile has a device key and this run is not itself a `login`,
/// the command gets `--device-key`, too.
fn context(options: &Options, command: &Command, given: Vec<Given>) -> Context {
    let context = Context::new(given);
    let state = state::Store::new(options).and_then(|store| store.read()).ok();
    let saved = state.as_ref().and_then(|state| state.profile(&options.profile).ok().flatten());
    let Some(profile) = saved else { return context };
    let has_key = profile.by_device_key && !matches!(command, Command::Login(_));
    let key = has_key.then(|| Given::new("--device-key", None));
    let url = profile.plex_tv.as_ref();
    let url = url.map(|url| Given::new("--plex-tv", Some(url.to_string().into())));
    context.with_login(key.into_iter().chain(url))
}
