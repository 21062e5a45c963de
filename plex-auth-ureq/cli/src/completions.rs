//! `plex-auth completions`: scripts with which a shell completes commands, options and the names of profiles.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::{Exit, Failure};
use crate::output;

/// Prints the names of the profiles, each on a line.
const NAMES: &str = "plex-auth profiles --names 2>/dev/null";

pub(crate) fn run(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "plex-auth", &mut script);
    output::print(&with_profiles(shell, &String::from_utf8_lossy(&script)))?;
    Ok(Exit::Done)
}

/// Adds the names of profiles as values of `--profile`. clap_complete knows only values that never change.
fn with_profiles(shell: Shell, script: &str) -> String {
    // clap_complete 4.6 takes the hyphen in the name for the start of a subcommand, and then finds no commands.
    let script = &script.replace("plex__subcmd__auth", "plex__auth");
    let mut completed = String::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        match shell {
            Shell::Bash if line.trim() == "--profile)" => {
                completed += &format!("{line}\n{}", bash_names());
                // In place of what clap_complete has for this option.
                for line in lines.by_ref().skip_while(|line| line.trim() != "return 0").take(1) {
                    completed += &format!("{line}\n");
                }
                continue;
            }
            Shell::Zsh if line.starts_with("'--profile=[") => {
                let before = line.rsplit_once(":NAME:").map_or(line, |(before, _)| before);
                completed += &format!("{before}:NAME:{{compadd -- ${{(f)\"$({NAMES})\"}}}}' \\");
            }
            Shell::Fish if line.contains(" -l profile ") => {
                completed += &format!("{line} -a \"({NAMES})\"");
            }
            _ => completed += line,
        }
        completed.push('\n');
    }
    completed
}

/// Quotes each name, as the user would have to.
fn bash_names() -> String {
    format!(
        "                    COMPREPLY=()\n\
         \x20                   while IFS= read -r name; do\n\
         \x20                       [[ $name == \"${{cur}}\"* ]] && COMPREPLY+=(\"$(printf %q \"$name\")\")\n\
         \x20                   done < <({NAMES})\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_option_is_completed() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "plex-auth", &mut script);
            let script = String::from_utf8(script).unwrap();
            let options = match shell {
                Shell::Bash => script.matches("                --profile)").count(),
                Shell::Zsh => script.matches("'--profile=[").count(),
                _ => script.matches(" -l profile ").count(),
            };
            let completed = with_profiles(shell, &script);
            assert!(options > 10, "{shell}");
            assert_eq!(completed.matches(NAMES).count(), options, "{shell}");
        }
    }
}
