//! The manual's transcript and its tables of JSON output match the tool.

use std::collections::BTreeSet;

use plex_auth_fake::{Which, Who};
use serde_json::Value;

use crate::harness::{Harness, Running, names};

fn manual() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/MANUAL.md")).unwrap()
}

/// Returns the console block after a marker.
fn block<'a>(manual: &'a str, marker: &str) -> &'a str {
    let (_, rest) = manual.split_once(marker).expect("a marker");
    let (_, rest) = rest.split_once("```console\n").expect("a block");
    rest.split_once("```").expect("the end of the block").0
}

/// Masks what differs between runs: ports, the client identifier, folders and durations.
fn masked(text: &str) -> String {
    let mask = |word: &str| match word.split_once("http://127.0.0.1:") {
        Some((before, port_and_path)) => {
            format!(
                "{before}http://127.0.0.1:{}",
                port_and_path.trim_start_matches(|c: char| c.is_ascii_digit())
            )
        }
        None if word.len() == 36 && word.matches('-').count() == 4 => "IDENTIFIER".to_owned(),
        None if word.starts_with('/') => "FOLDER".to_owned(),
        None => word.to_owned(),
    };
    let line = |line: &str| {
        let words: Vec<_> = line.split(' ').map(mask).collect();
        let line = words.join(" ");
        match line.split_once("responded in ") {
            Some((before, _)) => format!("{before}responded in"),
            None => line,
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_transcript_is_current() {
    let manual = manual();
    let expected = block(&manual, "<!-- transcript -->");
    let harness = Harness::new();
    let mut printed = String::new();
    let mut commands = 0;
    for line in expected.lines().filter_map(|line| line.strip_prefix("$ plex-auth ")) {
        let arguments: Vec<_> = line.split(' ').collect();
        let mut running = Running::start(harness.command(&arguments), "");
        if arguments == ["login"] {
            harness.link(&running.link_code(), Who::PlexPass);
        }
        let outcome = running.wait();
        printed += &format!("$ plex-auth {line}\n{}{}", outcome.stderr, outcome.stdout);
        commands += 1;
    }
    assert_eq!(commands, 4);
    assert_eq!(masked(&printed), masked(expected), "the tool prints:\n{printed}");
}

/// Collects the field names in an object and in the objects inside it.
fn all_names(json: &Value, found: &mut BTreeSet<String>) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                found.insert(name.clone());
                all_names(value, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| all_names(element, found)),
        _ => {}
    }
}

#[test]
fn the_manual_lists_every_json_field() {
    let manual = manual();
    let (_, table) = manual.split_once("<!-- json -->\n").unwrap();
    let table = table.split("\n\n").next().unwrap();
    let harness = Harness::new();
    let token = harness.token(Who::PlexPass);
    let source = harness.fake(|fake| fake.server(Which::Claimed).sources()[0].uri.clone());
    let unclaimed = format!("{}/unclaimed", harness.server.url());
    let device = other_device(&harness);
    let mut commands = BTreeSet::new();
    for row in table.lines().skip(2) {
        let (command, fields) = row.trim_matches('|').split_once('|').unwrap();
        let command = command.split('`').nth(1).unwrap();
        let arguments = command.replace("URL", &unclaimed).replace("SOURCE", &source);
        let arguments = arguments.replace("ID", &device);
        let mut arguments: Vec<_> = arguments.split(' ').collect();
        if command == "login" {
            arguments.push("--token");
        }
        if row.contains("(with `--show-secrets`)") {
            arguments.push("--show-secrets");
        }
        let outcome = harness.run_with_input(&[&arguments[..], &["--json"]].concat(), &token);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let mut found = BTreeSet::new();
        all_names(&serde_json::from_str(&outcome.stdout).unwrap(), &mut found);
        // The possible values of a field follow it in parentheses.
        let values = [
            "token` or `device key",
            "valid`, `invalid` or `unknown",
            "local`, `remote` or `relay",
        ];
        let fields = values
            .iter()
            .fold(fields.to_owned(), |fields, values| fields.replace(&format!("(`{values}`)"), ""));
        let documented: BTreeSet<_> = fields
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|field| !field.starts_with('-'))
            .map(str::to_owned)
            .collect();
        assert_eq!(documented, found, "{command}");
        commands.insert(arguments[0].to_owned());
    }
    let help = harness.succeed(&["--help"]);
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let list = list.lines().take_while(|line| !line.is_empty());
    let all = list.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let text = ["", "run", "completions", "man", "help"];
    let all: Vec<_> = all.filter(|name| !text.contains(name)).collect();
    assert!(all.len() > 10 && all.iter().all(|name| commands.contains(*name)), "{all:?}");
}

#[test]
fn the_manual_lists_every_json_line() {
    let manual = manual();
    let harness = Harness::new();
    let arguments = ["login", "--json", "--verbose"];
    let mut login = Running::start(harness.command(&arguments), "");
    login.wait_for("\"link\"");
    let code = harness.fake(|fake| fake.pins().last().unwrap().code().to_owned());
    harness.link(&code, Who::PlexPass);
    let mut lines = login.wait().json_lines();
    lines.extend(harness.run(&["token", "--json"]).json_lines());
    let mut kinds = BTreeSet::new();
    for line in &lines {
        let (kind, fields) = line.as_object().unwrap().iter().next().unwrap();
        let row = manual.lines().find(|row| row.starts_with(&format!("| `{{\"{kind}\": ")));
        let row = row.unwrap_or_else(|| panic!("{line}"));
        let documented = row.split('`').nth(1).unwrap().split('"').skip(3).step_by(2);
        let documented: BTreeSet<_> = documented.collect();
        assert_eq!(documented, names(fields).into_iter().collect(), "{line}");
        kinds.insert(kind.as_str());
    }
    assert_eq!(kinds, BTreeSet::from(["error", "link", "request", "response"]));
}

/// Adds a device to the account, and returns the device's ID.
fn other_device(harness: &Harness) -> String {
    let folder = harness.folder.path().join("other");
    let command = |arguments: &[&str]| {
        let mut command = harness.command(arguments);
        command.env("PLEX_AUTH_STATE_DIR", &folder);
        command
    };
    let mut login = Running::start(command(&["login"]), "");
    harness.link(&login.link_code(), Who::PlexPass);
    assert_eq!(login.wait().code, 0);
    let outcome = Running::start(command(&["devices", "--json"]), "").wait();
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let devices = json["devices"].as_array().unwrap();
    devices.iter().find(|device| device["this_device"] == true).unwrap()["id"].to_string()
}
