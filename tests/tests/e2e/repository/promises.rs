//! Checks that every test named in the design document's table of promises exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const DESIGN: &str = include_str!("../../../../plex-auth-proto/DESIGN.md");

/// Adds the name of each test function in the Rust files below a folder.
fn collect_tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_tests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for rest in text.split("#[test]").skip(1) {
                let name = rest.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
                found.extend(name.map(|(name, _)| name.to_owned()));
            }
        }
    }
}

#[test]
fn every_promise_names_existing_tests() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut tests = BTreeSet::new();
    for folder in ["plex-auth-proto", "plex-auth-ureq", "plex-auth-hyper", "tests"] {
        for part in ["src", "tests", "fake/src", "cli/src", "cli/tests"] {
            let folder = top.join(folder).join(part);
            if folder.exists() {
                collect_tests(&folder, &mut tests);
            }
        }
    }
    // Property tests count, too: they are functions inside `proptest!` that also have `#[test]`.
    assert!(tests.len() > 500, "{}", tests.len());

    let (_, promises) = DESIGN.split_once("\n| promise | tests |\n|---|---|\n").unwrap();
    let (promises, _) = promises.split_once("\n\n").unwrap();
    let mut promised = 0;
    for row in promises.lines() {
        let (promise, column) = row.trim_matches('|').trim().rsplit_once(" | ").unwrap();
        let named: Vec<_> = column.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {promise}");
        for name in named {
            assert!(tests.contains(name), "{name}: {promise}");
        }
        promised += 1;
    }
    assert!(promised >= 15, "{promised}");
}
