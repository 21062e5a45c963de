//! The options given to a run, on the command line or in environment variables.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

/// An option given on the command line or in an environment variable.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The name, including the leading dashes.
    pub(crate) name: String,
    /// The value, unless the option is a flag.
    pub(crate) value: Option<OsString>,
    pub(crate) is_from_variable: bool,
}

impl Given {
    pub(crate) fn new(name: &str, value: Option<OsString>) -> Self {
        Self { name: name.to_owned(), value, is_from_variable: false }
    }
}

/// Returns the command that was used, such as `devices remove`, and its parsed arguments.
pub(super) fn used<'a>(
    mut command: &'a Command,
    mut matches: &'a ArgMatches,
) -> (&'a Command, &'a ArgMatches) {
    while let Some((name, inner)) = matches.subcommand() {
        let Some(found) = command.find_subcommand(name) else { break };
        (command, matches) = (found, inner);
    }
    (command, matches)
}

/// Returns the options that were given to the command, including global options.
pub(super) fn given(command: &Command, matches: &ArgMatches) -> Vec<Given> {
    let (command, matches) = used(command, matches);
    command.get_arguments().filter_map(|argument| option(argument, matches)).collect()
}

/// Returns whether two options of a command are the same or cannot be combined.
pub(crate) fn excludes(command: &Command, one: &Arg, other: &Arg) -> bool {
    let conflicts = |one: &Arg, other: &Arg| {
        let conflicts = command.get_arg_conflicts_with(one);
        conflicts.iter().any(|conflict| conflict.get_id() == other.get_id())
    };
    one.get_id() == other.get_id() || conflicts(one, other) || conflicts(other, one)
}

fn option(argument: &Arg, matches: &ArgMatches) -> Option<Given> {
    let name = argument.get_long()?;
    let id = argument.get_id().as_str();
    let is_from_variable = match matches.value_source(id)? {
        ValueSource::CommandLine => false,
        ValueSource::EnvVariable => true,
        _ => return None,
    };
    let value = argument.get_action().takes_values().then(|| matches.get_raw(id)?.next_back());
    let value = value.flatten().map(OsString::from);
    Some(Given { is_from_variable, ..Given::new(&format!("--{name}"), value) })
}
