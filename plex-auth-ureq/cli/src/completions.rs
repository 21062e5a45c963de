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
    let mut completed = String::new();
    let mut is_profile = false;
    for line in script.lines() {
        let line = match shell {
            Shell::Bash if is_profile && line.trim_start().starts_with("COMPREPLY=") => {
                format!(
                    "                    local IFS=$'\\n'; COMPREPLY=($(compgen -W \"$({NAMES})\" -- \"${{cur}}\"))"
                )
            }
            Shell::Zsh if line.starts_with("'--profile=[") => {
                let known = format!("{{compadd -- ${{(f)\"$({NAMES})\"}}}}");
                match line.rsplit_once(":NAME:") {
                    Some((before, _)) => format!("{before}:NAME:{known}' \\"),
                    None => line.to_owned(),
                }
            }
            Shell::Fish if line.contains(" -l profile ") => format!("{line} -f -a \"({NAMES})\""),
            _ => line.to_owned(),
        };
        is_profile = line.trim() == "--profile)";
        completed += &line;
        completed.push('\n');
    }
    completed
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
