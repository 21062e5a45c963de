//! Parsing of the command line.

use std::env;

use clap::builder::Resettable;
use clap::{Arg, CommandFactory, FromArgMatches};

use super::Cli;
use super::values::is_no;

/// Parses the arguments and the variables of this process.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let command = Cli::command().mut_args(without_unset_variable);
    let mut matches = command.mut_subcommands(prepared).try_get_matches()?;
    Cli::from_arg_matches_mut(&mut matches)
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
