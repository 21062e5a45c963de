//! `plex-auth completions`: scripts that let a shell complete commands, options and profile names.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::{Exit, Failure};
use crate::output;

/// A command that prints the profile names, one per line, even if a variable turns on JSON.
const NAMES: &str = "PLEX_AUTH_JSON= plex-auth profiles --names 2>/dev/null";

pub(crate) fn run(shell: Shell) -> Result<Exit, Failure> {
    output::print(&with_profiles(shell, &script(shell)))?;
    Ok(Exit::Done)
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "plex-auth", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Makes bash, zsh and fish complete profile names after `--profile` and `profiles remove`.
/// The scripts that clap_complete generates contain only values that are known in advance.
fn with_profiles(shell: Shell, script: &str) -> String {
    // clap_complete 4.6 mistakes the hyphen in the tool's name for the start of a subcommand, and
    // then finds no commands.
    let script = script.replace("plex__subcmd__auth", "plex__auth");
    let mut completed = String::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        completed += line;
        match (shell, line.trim()) {
            // bash treats the equals sign in `--profile=NAME` as a separate word.
            (Shell::Bash, "prev=\"$3\"") => {
                completed += "\n    [[ $cur == \"=\" ]] && cur=\"\"";
                completed += "\n    [[ $prev == \"=\" ]] && prev=\"${COMP_WORDS[COMP_CWORD-2]}\"";
            }
            (Shell::Bash, "--profile)") => {
                completed += &bash_names();
                // Skips what clap_complete generated for this option.
                lines.by_ref().find(|line| line.trim() == "return 0");
            }
            (Shell::Bash, "plex__auth__subcmd__profiles__subcmd__remove)") => {
                completed += "\n            if [[ $cur != -* && $prev != --* ]]; then";
                completed += &bash_names();
                completed += "\n            fi";
            }
            (Shell::Zsh, text) if text.starts_with("'--profile=[") || is_profile(text) => {
                // Replaces the part after the last colon.
                completed.truncate(completed.rfind(':').unwrap_or_default());
                completed += &format!(":{{compadd -- ${{(f)\"$({NAMES})\"}}}}' \\");
            }
            (Shell::Fish, text) if text.contains(" -l profile ") => {
                completed += &format!(" -a \"({NAMES})\"");
            }
            _ => {}
        }
        completed.push('\n');
    }
    if shell == Shell::Fish {
        let remove =
            "__fish_plex_auth_using_subcommand profiles; and __fish_seen_subcommand_from remove";
        completed += &format!("complete -c plex-auth -n \"{remove}\" -f -a \"({NAMES})\"\n");
    }
    completed
}

/// Returns whether a line of the zsh script describes the argument of `profiles remove`.
fn is_profile(line: &str) -> bool {
    line.starts_with("':name -- The profile:")
}

/// Returns bash code that completes profile names. It quotes each name as the user would have to.
fn bash_names() -> String {
    format!(
        "
                    COMPREPLY=()
                    while IFS= read -r name; do
                        [[ $name == \"${{cur}}\"* ]] && COMPREPLY+=(\"$(printf %q \"$name\")\")
                    done < <({NAMES})
                    return 0"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_option_is_completed() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell);
            let options = match shell {
                Shell::Bash => script.matches("                --profile)").count(),
                Shell::Zsh => script.matches("'--profile=[").count(),
                _ => script.matches(" -l profile ").count(),
            };
            assert!(options > 10, "{shell}");
            // The argument of `profiles remove` is completed, too.
            let completed = with_profiles(shell, &script);
            assert_eq!(completed.matches(NAMES).count(), options + 1, "{shell}");
        }
    }
}
