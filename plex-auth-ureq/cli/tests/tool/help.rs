//! Help, man pages and completion scripts.

use std::collections::BTreeSet;

use plex_auth_fake::Who;

use crate::harness::Harness;
#[cfg(unix)]
use crate::harness::{PROGRAM, Running};

/// Returns every command except `help`, each as a list of words.
fn all_commands(harness: &Harness) -> Vec<Vec<String>> {
    let help = harness.succeed(&["--help"]);
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let names = list.lines().take_while(|line| !line.is_empty());
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let mut commands: Vec<_> =
        names.map(|line| vec![line.split_whitespace().next().unwrap().to_owned()]).collect();
    commands.retain(|command| command[0] != "help");
    commands.extend(["profiles", "devices"].map(|name| vec![name.to_owned(), "remove".to_owned()]));
    commands
}

#[test]
fn help_shows_the_variable_of_each_option() {
    let harness = Harness::new();
    let mut seen = BTreeSet::new();
    for command in all_commands(&harness) {
        let mut arguments: Vec<_> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = harness.succeed(&arguments);
        // An option's text may continue on the next lines, so they are joined.
        let text = help.split_once("Options:\n").unwrap().1.split_whitespace();
        let text = text.collect::<Vec<_>>().join(" ");
        for option in help.lines().filter(|line| line.trim_start().starts_with('-')) {
            let Some(name) = option.split_whitespace().find_map(|word| word.strip_prefix("--"))
            else {
                continue;
            };
            let has_none = [("claim", "server"), ("token", "url")];
            if name == "help" || has_none.contains(&(&command[0], name)) {
                continue;
            }
            let variable = format!("[env: PLEX_AUTH_{}]", name.replace('-', "_").to_uppercase());
            assert!(text.contains(&variable), "{command:?} --{name}: {help}");
            seen.insert(name.to_owned());
        }
    }
    assert!(seen.len() > 25, "{seen:?}");
}

#[test]
fn lines_of_help_fit_100_columns() {
    let harness = Harness::new();
    let mut pages = vec![harness.succeed(&["--help"])];
    for command in all_commands(&harness) {
        let mut arguments: Vec<_> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        pages.push(harness.succeed(&arguments));
    }
    for line in pages.iter().flat_map(|page| page.lines()) {
        assert!(line.chars().count() <= 100, "{line}");
        // No example is wrapped.
        assert!(!line.starts_with("  plex.tv"), "{line}");
    }
}

#[test]
fn man_pages_keep_the_lines_of_examples() {
    let harness = Harness::new();
    for command in [None, Some("login"), Some("run"), Some("token"), Some("servers")] {
        let page = harness.succeed(&[&["man"], command.as_slice()].concat());
        let help = harness.succeed(&[command.as_slice(), &["--help"]].concat());
        let (_, examples) = help.split_once("Examples:\n").unwrap();
        let (_, literal) =
            page.split_once(".SH EXAMPLES\n.nf\n").unwrap_or_else(|| panic!("{page}"));
        let literal = literal.split(".fi").next().unwrap();
        let examples: Vec<_> = examples.lines().take_while(|line| !line.is_empty()).collect();
        let lines: Vec<_> = literal
            .lines()
            .map(|line| line.replace("\\-", "-").replace("\\*(Aq", "'").replace("\\\\", "\\"))
            .collect();
        assert_eq!(lines.len(), examples.len(), "{literal}");
        for (line, example) in lines.iter().zip(&examples) {
            assert_eq!(line.trim_start_matches("\\&"), example.trim_start());
        }
    }
}

#[test]
fn each_command_has_a_man_page() {
    let harness = Harness::new();
    for command in all_commands(&harness) {
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        let page = harness.succeed(&[&["man"], &words[..]].concat()).replace("\\-", "-");
        let name = words.join("-");
        assert!(page.contains(&format!(".TH plex-auth-{name} 1")), "{page}");
        // The synopsis equals the usage line of the help, which contains the names of values.
        let help = harness.succeed(&[&words[..], &["--help"]].concat());
        let usage = help.lines().find_map(|line| line.strip_prefix("Usage: plex-auth ")).unwrap();
        let (_, synopsis) = page.split_once(".SH SYNOPSIS\n").unwrap();
        let synopsis = synopsis.lines().next().unwrap();
        let synopsis = synopsis.replace("\\fB", "").replace("\\fI", "").replace("\\fR", "");
        assert_eq!(synopsis.strip_prefix("plex-auth "), Some(usage), "{page}");
    }
    for words in [&["devices", "nonsense"][..], &["whoami", "remove"], &["help"]] {
        let arguments = [&["man"], words].concat();
        let expected = format!("no such command: {}", words.join(" "));
        harness.run(&arguments).assert_failed(64, &[&expected]);
    }
}

/// Completes the last of these words in bash, with the generated script and without the user's
/// configuration.
#[cfg(unix)]
fn complete_in_bash(harness: &Harness, words: &[&str]) -> String {
    let folder = std::path::Path::new(PROGRAM).parent().unwrap().to_str().unwrap();
    let words = words.join(" ");
    let script = format!(
        "source completions; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
         complete=$(complete -p plex-auth); complete=${{complete#* -F }}; \
         ${{complete%% *}} plex-auth \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let mut shell = harness.command_for("bash", &["--norc", "-c", &script]);
    shell.env("PATH", format!("{folder}:{}", std::env::var("PATH").unwrap()));
    let outcome = Running::start(shell, "").wait();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    outcome.stdout
}

#[cfg(unix)]
#[test]
fn profiles_are_completed() {
    let harness = Harness::signed_in(Who::PlexPass);
    harness.succeed(&["switch", "nilo", "--into", "my nas"]);
    harness.succeed(&["switch", "nilo"]);
    // A variable that is set for other commands does not change the list of names.
    let harness = harness.with_variable("PLEX_AUTH_JSON", "1");
    let script = harness.succeed(&["completions", "bash"]);
    std::fs::write(harness.folder.path().join("completions"), script).unwrap();
    // Files in the folder are not profiles.
    std::fs::write(harness.folder.path().join("nilo.txt"), "").unwrap();
    for command in ["", "whoami"] {
        let completed = complete_in_bash(&harness, &["plex-auth", command, "--profile", "''"]);
        assert_eq!(completed, "default\nmy\\ nas\nnilo\n");
        let completed = complete_in_bash(&harness, &["plex-auth", command, "--profile", "n"]);
        assert_eq!(completed, "nilo\n");
        // bash treats the equals sign as a separate word.
        let completed = complete_in_bash(&harness, &["plex-auth", command, "--profile", "=", "n"]);
        assert_eq!(completed, "nilo\n");
        let completed = complete_in_bash(&harness, &["plex-auth", command, "--profile", "="]);
        assert_eq!(completed, "default\nmy\\ nas\nnilo\n");
    }
    let completed = complete_in_bash(&harness, &["plex-auth", "profiles", "remove", "n"]);
    assert_eq!(completed, "nilo\n");
}
