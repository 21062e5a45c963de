//! Parsing of the command line.

use std::env;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::{Arg, CommandFactory, FromArgMatches};

use super::Cli;
use super::given::{Given, given};
use super::values::is_no;

/// Parses the arguments and the variables of this process.
pub(crate) fn parse() -> Result<(Cli, Vec<Given>), clap::Error> {
    parse_from(&env::args_os().collect::<Vec<_>>())
}

/// Parses these arguments, the name of the program first, and the variables of this process.
pub(crate) fn parse_from(arguments: &[OsString]) -> Result<(Cli, Vec<Given>), clap::Error> {
    let command = Cli::command().mut_args(without_unset_variable);
    let mut command = command.mut_subcommands(prepared);
    command.build();
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    let given = given(&command, &matches);
    Ok((Cli::from_arg_matches_mut(&mut matches)?, given))
}

fn prepared(command: clap::Command) -> clap::Command {
    command.mut_args(without_unset_variable).mut_subcommands(prepared)
}

/// Removes the variable of an argument if it is empty, as when a script passes on what is not set, or if it turns a flag
/// off: to clap, the flag would be present and in conflict with others.
fn without_unset_variable(argument: Arg) -> Arg {
    let value = argument.get_env().and_then(env::var_os);
    let is_off = value.is_some_and(|value| {
        value.is_empty() || (!argument.get_action().takes_values() && is_no(&value))
    });
    if is_off { argument.env(Resettable::Reset) } else { argument }
}
