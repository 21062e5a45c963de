//! `plex-auth completions` and `plex-auth man`: the files that a package installs beside the tool.

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::failure::{Exit, Failure};
use crate::output;

pub(crate) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "plex-auth", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Prints the man page of the tool, or of one of its commands.
pub(crate) fn man(command: Option<&str>) -> Result<Exit, Failure> {
    let mut program = Cli::command();
    program.build();
    let page = match command {
        None => program,
        Some(name) => {
            let command = program.find_subcommand(name).ok_or_else(|| {
                Failure::usage(format!("there is no command {name}")).next("plex-auth --help")
            })?;
            command.clone().display_name(format!("plex-auth-{name}"))
        }
    };
    let mut text = Vec::new();
    Man::new(page)
        .source(concat!("plex-auth ", env!("CARGO_PKG_VERSION")))
        .render(&mut text)
        .map_err(|error| Failure::machine(format!("the page cannot be made: {error}")))?;
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
