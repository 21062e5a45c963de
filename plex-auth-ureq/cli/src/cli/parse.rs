//! Parsing of the command line.

use std::env;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches, Id};

use super::Cli;
use super::given::{Given, excludes, given, used};
use super::values::is_no;

/// Parses the arguments and environment variables of this process.
pub(crate) fn parse() -> Result<(Cli, Vec<Given>), clap::Error> {
    parse_from(&env::args_os().collect::<Vec<_>>())
}

/// Parses these arguments, the first of which is the name of the program, and the environment
/// variables of this process.
pub(crate) fn parse_from(arguments: &[OsString]) -> Result<(Cli, Vec<Given>), clap::Error> {
    let mut command = Cli::command();
    // Without variables, the first pass would only waste time.
    if env::vars_os().any(|(name, _)| name.as_encoded_bytes().starts_with(b"PLEX_AUTH_")) {
        // The first pass leaves errors to the second one.
        let mut first = command.clone().ignore_errors(true);
        let matches = first.try_get_matches_from_mut(arguments);
        let ignored = matches.map(|matches| ignored_variables(&first, &matches));
        if let Some(ignored) = ignored.ok().filter(|ignored| !ignored.is_empty()) {
            command = without_variables(command, &ignored);
        }
    }
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    let given = given(&command, &matches);
    Ok((Cli::from_arg_matches_mut(&mut matches)?, given))
}

/// Returns the IDs of the arguments whose environment variables are ignored. A variable is ignored
/// if it counts as unset, or if its argument, or one that conflicts with it, is on the command
/// line. Checks only the arguments of the command that was used.
fn ignored_variables(command: &Command, matches: &ArgMatches) -> Vec<Id> {
    let (command, matches) = used(command, matches);
    let is_on_command_line = |argument: &&Arg| {
        matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    let named: Vec<_> = command.get_arguments().filter(is_on_command_line).collect();
    let is_ignored = |argument: &&Arg| {
        let is_contradicted = || named.iter().any(|other| excludes(command, argument, other));
        argument.get_env().and_then(env::var_os).is_some()
            && (is_unset(argument) || is_contradicted())
    };
    command.get_arguments().filter(is_ignored).map(|argument| argument.get_id().clone()).collect()
}

/// Makes a command and its subcommands ignore the environment variables of these arguments.
fn without_variables(command: Command, ignored: &[Id]) -> Command {
    let reset = |argument: Arg| {
        let is_ignored = ignored.contains(argument.get_id());
        if is_ignored { argument.env(Resettable::Reset) } else { argument }
    };
    command.mut_args(reset).mut_subcommands(|command| without_variables(command, ignored))
}

/// Returns whether an argument's variable is set but counts as unset: it is empty, for example
/// because a script passes on an unset variable, or it turns a flag off. clap would treat such a
/// flag as present, and report conflicts with other options.
fn is_unset(argument: &Arg) -> bool {
    argument.get_env().and_then(env::var_os).is_some_and(|value| {
        value.is_empty() || (!argument.get_action().takes_values() && is_no(&value))
    })
}
