//! Handles the runs that end before a command starts: help, version and usage errors.

use std::env;
use std::error::Error;
use std::process::ExitCode;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::{self, Cli};
use crate::failure::{Exit, Failure};
use crate::hint::{Context, Hint};
use crate::output;

/// Returns whether the user wants JSON, judging by the raw arguments and `PLEX_AUTH_JSON`, because
/// there are no parsed arguments.
fn wants_json() -> bool {
    let variable = env::var_os("PLEX_AUTH_JSON").unwrap_or_default();
    // Arguments after `--` belong to the command that `run` starts.
    let mut arguments = env::args_os().take_while(|argument| argument != "--");
    arguments.any(|argument| argument == "--json") || !cli::values::is_no(&variable)
}

/// Prints the help or the version, or reports a usage error, and returns the exit status.
///
/// clap's own status for a usage error is 2, which has a different meaning here, and its message
/// has more than three lines.
pub(crate) fn end(error: &clap::Error) -> ExitCode {
    let failure = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match error.print() {
            Ok(()) => return Exit::Done.into(),
            Err(error) => output::not_written(&error),
        },
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let failure = Failure::usage("no command was given")
                .likely("The command line is incomplete.")
                .next("See the commands: {--help}");
            if !wants_json() {
                output::note(&Cli::command().render_help().to_string());
                return failure.exit().into();
            }
            failure
        }
        _ => not_understood(error),
    };
    output::failure(&failure, &Context::default(), wants_json());
    failure.exit().into()
}

fn not_understood(error: &clap::Error) -> Failure {
    if let Some(what) = surplus(error) {
        if let Some((likely, next)) = misplaced(error) {
            return Failure::usage(what).likely(likely).next(see(next));
        }
        return Failure::usage(what)
            .likely("Secrets cannot be passed as arguments, where other users could see them.")
            .next(
                "Leave out the argument. {login --token} and {login --password} ask for the secret or read it from a pipe.",
            );
    }
    if let Some(what) = invalid_value(error) {
        return Failure::usage(one_line(&what))
            .likely("There is a typo in the value, or its format is wrong. It may come from an environment variable.")
            .next(see("See the options: {--help}"));
    }
    let text = error.to_string();
    let mut paragraphs = text.split("\n\n");
    let what = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    let tip = paragraphs.find_map(|paragraph| paragraph.trim().strip_prefix("tip: "));
    if is_missing(error) {
        return Failure::usage(one_line(what))
            .likely("The value is missing or empty. A variable in a script might not be set.")
            .next(see("Pass a value. See the options: {--help}"));
    }
    let tip = tip.map_or_else(String::new, |tip| format!(" ({})", one_line(tip)));
    Failure::usage(one_line(what))
        .likely("The command has a typo, or some of its arguments are missing or conflict with each other.")
        .next(see("See the options: {--help}").text(tip))
}

/// Returns a hint whose `--help` command shows the help for the subcommand in the raw arguments.
fn see(text: &'static str) -> Hint {
    let mut command = Cli::command();
    let mut words = Vec::new();
    for argument in env::args_os().skip(1).take_while(|argument| argument != "--") {
        if let Some(subcommand) = command.find_subcommand(&argument) {
            words.push(subcommand.get_name().to_owned());
            command = subcommand.clone();
        }
    }
    Hint::from(text).help_of(&words)
}

/// Describes an invalid value without quoting it, because it may contain a secret, such as a
/// password in a URL.
fn invalid_value(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let reason = error.source().filter(|_| error.kind() == ErrorKind::ValueValidation)?;
    Some(format!("invalid value for '{argument}': {reason}"))
}

/// Returns whether a value is missing or empty.
fn is_missing(error: &clap::Error) -> bool {
    let value = error.get(ContextKind::InvalidValue);
    error.kind() == ErrorKind::InvalidValue
        && matches!(value, Some(ContextValue::String(value)) if value.is_empty())
}

/// Describes an extra argument or value without repeating it, because it may be a token or a
/// password.
fn surplus(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    match error.kind() {
        ErrorKind::UnknownArgument if !argument.starts_with('-') => {
            Some("too many arguments".to_owned())
        }
        ErrorKind::TooManyValues => Some(format!("{argument} takes no value")),
        _ => None,
    }
}

/// Returns the likely cause and the remedy for an extra argument or value. Returns `None` if the
/// command is unknown, and for an extra argument of `login`, which may be a secret.
fn misplaced(error: &clap::Error) -> Option<(&'static str, &'static str)> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else { return None };
    let argument = error.get(ContextKind::InvalidArg);
    let is_for_secret = matches!(
        argument,
        Some(ContextValue::String(name)) if matches!(name.as_str(), "--token" | "--password")
    );
    let takes_no_value = error.kind() == ErrorKind::TooManyValues;
    // `Usage: plex-auth run ...`
    Some(match usage.to_string().split_whitespace().nth(2)? {
        "login" if takes_no_value && is_for_secret => (
            "The option is a flag. Secrets cannot be passed as arguments, where other users could see them.",
            "Leave out the value. {login --token} and {login --password} ask for the secret or read it from a pipe.",
        ),
        _ if takes_no_value => {
            ("The option is a flag: passing it turns it on.", "Leave out the value. See {--help}")
        }
        // This asks for a secret, which may be the surplus argument.
        "login" => return None,
        "switch" => (
            "A name with spaces is not quoted, or the Home PIN was passed as an argument. Secrets cannot be passed as arguments, where other users could see them.",
            "Put the name in quotes, and leave out the Home PIN, which the command asks for. See {--help}",
        ),
        "run" => (
            "The command to run is not separated from the options.",
            "Write `--` before the command: plex-auth run --server NAME -- COMMAND",
        ),
        "token" => (
            "This command takes the server as an option.",
            "Use --server: plex-auth token --server NAME",
        ),
        "claim" => (
            "This command takes the server's URL as an option.",
            "Use --server: plex-auth claim --server URL",
        ),
        "servers" => (
            "This command lists all servers.",
            "Leave out the argument, or wait for one server: plex-auth servers --wait NAME",
        ),
        _ => (
            "The command takes fewer arguments than were given, or a value with spaces is not quoted.",
            "Leave out the argument, or put the value in quotes. See {--help}",
        ),
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
