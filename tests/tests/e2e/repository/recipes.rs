//! The page of recipes has the code that runs: each block is the part of its file above the "Played" line.

use std::path::Path;
use std::{env, fs};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/recipes");

/// If this variable is set, the page is written instead of compared.
const RENEW: &str = "PLEX_AUTH_RENEW_RECIPES";

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(file)).unwrap()
}

/// The part of a recipe for the reader: without its module docs and without the code that runs it.
fn shown(file: &str) -> String {
    let text = read(file);
    let (code, _) =
        text.split_once("\n// Played").unwrap_or_else(|| panic!("{file} has no \"Played\" line"));
    let code = code.lines().skip_while(|line| line.starts_with("//!")).collect::<Vec<_>>();
    code.join("\n").trim().to_owned()
}

/// The file whose code follows this line.
fn file_named_by(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")
}

/// The page with its blocks taken from the files.
fn renewed(page: &str) -> String {
    let (mut text, mut lines) = (String::new(), page.lines());
    while let Some(line) = lines.next() {
        text += &format!("{line}\n");
        if let Some(file) = file_named_by(line) {
            assert_eq!(lines.next(), Some("```rust"), "after {line}");
            assert!(lines.any(|line| line == "```"), "the block after {line} ends");
            text += &format!("```rust\n{}\n```\n", shown(file));
        }
    }
    text
}

#[test]
fn page_has_the_code_that_runs() {
    let page = read("README.md");
    let expected = renewed(&page);
    if env::var_os(RENEW).is_some() {
        fs::write(Path::new(FOLDER).join("README.md"), &expected).unwrap();
        return;
    }
    let difference = page.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(
        page == expected,
        "the page and the programs differ, first in {difference:?}; write the page with: \
         {RENEW}=1 cargo test -p plex-auth-tests --test e2e recipes"
    );
}

#[test]
fn every_recipe_runs_and_is_on_the_page() {
    let (page, main) = (read("README.md"), read("main.rs"));
    let mut recipes = 0;
    for entry in fs::read_dir(FOLDER).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(recipe) = name.strip_suffix(".rs").filter(|it| !["main", "harness"].contains(it))
        else {
            continue;
        };
        assert!(main.contains(&format!("(\"{recipe}\", {recipe}::play)")), "{recipe} is not run");
        assert!(page.contains(&format!("<!-- {name} -->\n")), "{recipe} is not on the page");
        recipes += 1;
    }
    assert!(recipes > 0);
}

#[test]
fn every_link_of_the_page_has_a_target() {
    let page = without_code(&read("README.md"));
    let headings: Vec<String> =
        page.lines().filter_map(|line| Some(anchor(heading(line)?))).collect();
    let links: Vec<&str> =
        page.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)).collect();
    assert!(!links.is_empty());
    for link in links {
        match link.split_once('#') {
            Some(("", here)) => assert!(headings.iter().any(|anchor| anchor == here), "{link}"),
            _ if link.starts_with("https://") => {}
            other => {
                let file = other.map_or(link, |(file, _)| file);
                assert!(Path::new(FOLDER).join(file).exists(), "{link}");
            }
        }
    }
}

fn without_code(page: &str) -> String {
    page.split("\n```").step_by(2).collect()
}

fn heading(line: &str) -> Option<&str> {
    let text = line.strip_prefix('#')?.trim_start_matches('#');
    text.strip_prefix(' ')
}

/// The anchor that GitHub creates for a heading.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase().replace(' ', "-");
    lower.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect()
}
