//! The page of recipes shows the code that is played: each block is what its file has above its "Played" line.

use std::path::Path;
use std::{env, fs};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/recipes");

/// Set, the page is written anew in place of compared.
const RENEW: &str = "PLEX_AUTH_RENEW_RECIPES";

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(file)).unwrap()
}

/// The part of a recipe that a reader is to take: without its first words, and without its playing.
fn shown(file: &str) -> String {
    let text = read(file);
    let (code, _) =
        text.split_once("\n// Played").unwrap_or_else(|| panic!("{file} is not played"));
    let code = code.lines().skip_while(|line| line.starts_with("//!")).collect::<Vec<_>>();
    code.join("\n").trim().to_owned()
}

/// The file whose code is to follow this line.
fn named_by(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")
}

/// The page with its blocks taken from the files.
fn renewed(page: &str) -> String {
    let (mut text, mut lines) = (String::new(), page.lines());
    while let Some(line) = lines.next() {
        text += &format!("{line}\n");
        if let Some(file) = named_by(line) {
            assert_eq!(lines.next(), Some("```rust"), "after {line}");
            assert!(lines.any(|line| line == "```"), "the block after {line} ends");
            text += &format!("```rust\n{}\n```\n", shown(file));
        }
    }
    text
}

#[test]
fn the_page_of_recipes_shows_the_code_that_is_played() {
    let page = read("README.md");
    let right = renewed(&page);
    if env::var_os(RENEW).is_some() {
        fs::write(Path::new(FOLDER).join("README.md"), &right).unwrap();
        return;
    }
    let difference = page.lines().zip(right.lines()).find(|(found, right)| found != right);
    assert!(
        page == right,
        "the page and the programs differ, first in {difference:?}; write the page anew with: \
         {RENEW}=1 cargo test -p plex-auth-tests --test all recipes"
    );
}

#[test]
fn every_recipe_is_played_and_on_the_page() {
    let (page, main) = (read("README.md"), read("main.rs"));
    let mut recipes = 0;
    for entry in fs::read_dir(FOLDER).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(recipe) = name.strip_suffix(".rs").filter(|it| !["main", "harness"].contains(it))
        else {
            continue;
        };
        assert!(
            main.contains(&format!("(\"{recipe}\", {recipe}::play)")),
            "{recipe} is not played"
        );
        assert!(page.contains(&format!("<!-- {name} -->\n")), "{recipe} is not on the page");
        recipes += 1;
    }
    assert!(recipes > 0);
}

#[test]
fn every_place_that_the_page_leads_to_is_there() {
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

/// As GitHub makes it.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase().replace(' ', "-");
    lower.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect()
}
