//! The Dockerfile, the README's commands, and its snippets for Compose, systemd and cron. They are
//! tested as far as possible without the daemons.

use std::path::{Path, PathBuf};
use std::process::Command;

use plex_auth_fake::Who;

use crate::harness::{Harness, PROGRAM, Running};

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// Returns the README's code blocks in this language.
fn blocks(language: &str) -> Vec<String> {
    let readme = read("README.md");
    let start = format!("```{language}\n");
    readme.split(&start).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// Runs a command line from the documentation, after replacing its paths and names with ones that
/// work in this test.
fn run(harness: &Harness, line: &str) {
    let folder = harness.folder.path();
    let line = line
        .replace("/usr/bin/plex-auth", "plex-auth")
        .replace("NAS", "Boathouse")
        .replace("/usr/bin/python3 /srv/report.py", "printenv PLEX_URL")
        .replace("python3 report.py", "printenv PLEX_URL")
        .replace("/srv/report.sh", "printenv PLEX_TOKEN")
        .replace("curl ", "curl --fail ")
        .replace("--timeout 300", "--timeout 30");
    let mut shell = harness.command_for("sh", &["-euc", &line]);
    let tool = Path::new(PROGRAM).parent().unwrap().to_str().unwrap();
    shell.env("PATH", format!("{tool}:{}", std::env::var("PATH").unwrap())).current_dir(folder);
    let outcome = Running::start(shell, "").wait();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{line}: {outcome:?}");
    if line.contains("--quiet") || line.contains(">/dev/null") {
        assert_eq!(outcome.stdout, "", "{line}");
    }
}

fn has_curl() -> bool {
    Command::new("curl").arg("--version").output().is_ok()
}

#[test]
fn documented_command_lines_work() {
    let harness = Harness::signed_in(Who::PlexPass);
    let mut count = 0;
    let text = blocks("sh").concat().replace("\\\n", "");
    for line in text.lines() {
        if ["cargo install", "docker", "sudo"].iter().any(|word| line.contains(word)) {
            continue;
        }
        if line.contains("curl") && !has_curl() {
            continue;
        }
        // The fake has no libraries.
        run(&harness, &line.replace("/library/sections", "/identity"));
        count += 1;
    }
    assert!(count >= 3, "{count}");
}

#[test]
fn cron_lines_print_nothing() {
    let harness = Harness::signed_in(Who::PlexPass);
    let table = blocks("crontab").concat();
    for line in table.lines() {
        // A line has five fields, then the command. A percent sign in the command would be special
        // to cron.
        let fields: Vec<_> = line.splitn(6, ' ').collect();
        assert_eq!(fields.len(), 6, "{line}");
        assert!(
            fields[..5].iter().all(|field| field.chars().all(|c| c.is_ascii_digit() || c == '*'))
        );
        assert!(!fields[5].contains('%'), "{line}");
        // cron's `PATH` is short, so the command needs an absolute path.
        assert!(fields[5].starts_with('/'), "{line}");
        run(&harness, fields[5]);
    }
    assert_eq!(table.lines().count(), 2);
}

#[test]
fn systemd_units_run_the_tool() {
    let harness = Harness::signed_in(Who::PlexPass);
    let text = blocks("ini").concat();
    let commands: Vec<_> = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("ExecStart").map(|rest| rest.split_once('=').unwrap().1)
        })
        .collect();
    assert_eq!(commands.len(), 2, "{text}");
    commands.into_iter().for_each(|command| run(&harness, command));

    // With the snippet's files in place, `systemd-analyze verify` has no complaints about them.
    let files: Vec<(PathBuf, &str)> = text
        .split("# /etc/systemd/system/")
        .skip(1)
        .map(|unit| unit.split_once('\n').unwrap())
        .map(|(name, unit)| (harness.folder.path().join(name), unit))
        .collect();
    assert_eq!(files.len(), 2);
    let program = PROGRAM.to_owned();
    for (path, unit) in &files {
        let unit =
            unit.replace("/usr/bin/plex-auth", &program).replace("/usr/bin/python3", "/bin/sh");
        std::fs::write(path, unit).unwrap();
    }
    let paths = files.iter().map(|(path, _)| path);
    let Ok(output) = Command::new("systemd-analyze").arg("verify").args(paths).output() else {
        return;
    };
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    for name in ["plex-report.service:", "plex-report.timer:"] {
        assert!(!complaints.contains(name), "{complaints}");
    }
}

#[test]
fn compose_file_waits_for_a_server() {
    let harness = Harness::signed_in(Who::PlexPass);
    let text = blocks("yaml").concat();
    let value = |name: &str| {
        let found = text.lines().find_map(|line| line.trim().strip_prefix(name));
        found.unwrap_or_else(|| panic!("no {name}: {text}")).trim().to_owned()
    };
    run(&harness, &format!("plex-auth {}", value("command:")));
    // The other service has the same folder and user, but not the image's variables.
    let (tool, report) = text.split_once("  report:\n").unwrap();
    let command = report.lines().find_map(|line| line.trim().strip_prefix("command: ")).unwrap();
    assert!(command.starts_with("/usr/bin/plex-auth run "), "{command}");
    run(&harness, command);
    for start in ["- ./plex-auth:", "user:"] {
        let line = |text: &str| {
            text.lines().find(|line| line.trim().starts_with(start)).map(str::to_owned)
        };
        assert_eq!(line(tool), line(report));
    }
    let variable = format!("PLEX_AUTH_STATE_DIR: {}", value("- ./plex-auth:"));
    assert!(report.contains(&variable), "{report}");
    // The folder is mounted where the image expects it, and the service runs as the image's user.
    let dockerfile = read("Dockerfile");
    let folder = value("- ./plex-auth:");
    for line in [
        format!("ENV PLEX_AUTH_STATE_DIR={folder}"),
        format!("VOLUME {folder}"),
        format!("USER {}", value("user:").trim_matches('"')),
        "FROM scratch".to_owned(),
    ] {
        assert!(dockerfile.lines().any(|found| found == line), "{line}: {dockerfile}");
    }
    let indents = text.lines().map(|line| line.len() - line.trim_start().len());
    assert!(indents.into_iter().all(|indent| indent % 2 == 0), "{text}");
}

#[test]
fn documented_exit_statuses_are_complete() {
    let table = |text: &str| -> Vec<String> {
        let (_, rest) = text.split_once("## Exit status").unwrap();
        let rows = rest.lines().skip_while(|line| !line.starts_with("|---"));
        let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
        rows.map(|row| row.split('|').nth(1).unwrap().trim().to_owned()).collect()
    };
    let expected = ["0", "1", "2", "3", "64", "74", "126, 127", "128 + N"];
    assert_eq!(table(&read("README.md")), expected);
    assert_eq!(table(&read("MANUAL.md")), expected);
}
