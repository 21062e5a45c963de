//! `plex-auth man`: the man pages that a package installs with the tool.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;
use roff::{Roff, roman};

use crate::cli::Cli;
use crate::failure::{Exit, Failure};
use crate::output;

/// Prints the man page of the tool, or of one of its commands.
pub(crate) fn run(command: Option<&str>) -> Result<Exit, Failure> {
    let mut program = Cli::command();
    program.build();
    let page = match command {
        None => program,
        Some(name) => {
            let command = program.find_subcommand(name).ok_or_else(|| {
                Failure::usage(format!("there is no command {}", output::plain(name)))
                    .likely("The name is mistyped.")
                    .next("See the commands: {--help}")
            })?;
            command.clone().display_name(format!("plex-auth-{name}"))
        }
    };
    let text = render(page).map_err(|error| {
        Failure::internal(format!("the man page could not be created: {error}"))
    })?;
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}

/// Renders the page. The text after the options has lines that must stay as they are, which clap_mangen would join.
fn render(mut page: clap::Command) -> io::Result<Vec<u8>> {
    let after = page.get_after_help().map(ToString::to_string);
    page = page.after_help(None::<&str>);
    let mut text = Vec::new();
    Man::new(page).source(concat!("plex-auth ", env!("CARGO_PKG_VERSION"))).render(&mut text)?;
    let Some(after) = after else { return Ok(text) };
    let mut more = Roff::new();
    for paragraph in after.split("\n\n") {
        let mut lines = paragraph.lines().peekable();
        if let Some(heading) = lines.next_if(|line| line.ends_with(':')) {
            more.control("SH", [heading.trim_end_matches(':').to_uppercase().as_str()]);
        } else {
            more.control("SH", ["NOTES"]);
        }
        more.control("nf", []);
        for line in lines {
            more.text([roman(line.trim_start())]);
        }
        more.control("fi", []);
    }
    more.to_writer(&mut text)?;
    Ok(text)
}
