//! `plex-auth man`: prints the man pages, so that packages can install them.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;
use roff::{Roff, roman};

use crate::cli::Cli;
use crate::failure::{Exit, Failure};
use crate::output;

/// Prints the man page for the tool or one of its commands.
pub(crate) fn run(words: &[String]) -> Result<Exit, Failure> {
    // A man page does not mention the `help` subcommand.
    let mut page = Cli::command().disable_help_subcommand(true);
    page = page.mut_subcommands(|command| command.disable_help_subcommand(true));
    page.build();
    for word in words {
        page = page.find_subcommand(word).cloned().ok_or_else(|| {
            let name = output::plain(&words.join(" "));
            Failure::usage(format!("no such command: {name}"))
                .likely("The name is misspelled.")
                .next("See the commands: {--help}")
        })?;
    }
    let text = render(page).map_err(|error| {
        Failure::internal(format!("the man page could not be created: {error}"))
    })?;
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}

/// Renders the page. In the text after the options, keeps the line breaks, which clap_mangen would
/// remove.
fn render(mut page: clap::Command) -> io::Result<Vec<u8>> {
    let after = page.get_after_help().map(ToString::to_string);
    // clap_mangen's own synopsis lists every option without its value.
    let usage = page.render_usage().to_string();
    let name = page.get_bin_name().unwrap_or("plex-auth").replace(' ', "-");
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    page = page.after_help(None::<&str>).override_usage(usage).display_name(name);
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
