//! Parsing of the command line.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::Cli;
use super::given::{Given, given};
use super::values::is_no;

/// Parses the arguments and the variables of this process.
pub(crate) fn parse() -> Result<(Cli, Vec<Given>), clap::Error> {
    parse_from(&env::args_os().collect::<Vec<_>>())
}

/// Parses these arguments, which start with the name of the program, and the variables of this
/// process.
pub(crate) fn parse_from(arguments: &[OsString]) -> Result<(Cli, Vec<Given>), clap::Error> {
    let mut command = Cli::command();
    // Without variables, the passes below would only take time.
    if env::vars_os().any(|(name, _)| name.as_encoded_bytes().starts_with(b"PLEX_AUTH_")) {
        // The first pass ignores variables, and leaves errors to the second one.
        let without_variables = with_args(command.clone(), &|_, argument| reset(argument));
        let matches = without_variables.ignore_errors(true).try_get_matches_from(arguments);
        let named = matches.map(|matches| on_command_line(&matches)).unwrap_or_default();
        command = with_args(command, &|command, argument| {
            let is_ignored = is_unset(&argument) || is_contradicted(command, &argument, &named);
            if is_ignored { reset(argument) } else { argument }
        });
    }
    command.build();
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    let given = given(&command, &matches);
    Ok((Cli::from_arg_matches_mut(&mut matches)?, given))
}

/// Changes each argument of a command and of its subcommands.
fn with_args(command: Command, change: &dyn Fn(&Command, Arg) -> Arg) -> Command {
    let before = command.clone();
    command
        .mut_args(|argument| change(&before, argument))
        .mut_subcommands(|command| with_args(command, change))
}

fn reset(argument: Arg) -> Arg {
    argument.env(Resettable::Reset)
}

/// Returns whether the variable of an argument is empty, as when a script passes on an unset
/// variable, or turns a flag off. To clap, such a flag would be present and would conflict with
/// others.
fn is_unset(argument: &Arg) -> bool {
    argument.get_env().and_then(env::var_os).is_some_and(|value| {
        value.is_empty() || (!argument.get_action().takes_values() && is_no(&value))
    })
}

/// Returns whether the command line has an option that conflicts with this one. If so, the variable
/// of this one is ignored.
fn is_contradicted(command: &Command, argument: &Arg, given: &BTreeSet<String>) -> bool {
    let conflicts = |one: &Arg, other: &Arg| {
        command.get_arg_conflicts_with(one).iter().any(|found| found.get_id() == other.get_id())
    };
    let given = command.get_arguments().filter(|other| given.contains(other.get_id().as_str()));
    given.into_iter().any(|other| conflicts(other, argument) || conflicts(argument, other))
}

/// Returns the IDs of the arguments that are on the command line.
fn on_command_line(matches: &ArgMatches) -> BTreeSet<String> {
    let is_given = |id: &&str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let ids = matches.ids().map(clap::Id::as_str).filter(is_given).map(str::to_owned);
    let mut given: BTreeSet<_> = ids.collect();
    if let Some((_, matches)) = matches.subcommand() {
        given.extend(on_command_line(matches));
    }
    given
}
