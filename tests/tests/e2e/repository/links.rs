//! Every link between the documents of the repository has a target.

use std::fs;
use std::path::{Path, PathBuf};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The targets of the links in a page, without those in its code blocks.
pub(super) fn links(page: &str) -> Vec<String> {
    let text: String = page.split("\n```").step_by(2).collect();
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// Checks that every file and every heading that a document links to exists.
fn assert_links_exist(document: &str) {
    let path = top().join(document);
    let folder = path.parent().unwrap();
    for link in links(&read(&path)) {
        if link.starts_with("https://") {
            continue;
        }
        let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
        let target = if file.is_empty() { path.clone() } else { folder.join(file) };
        assert!(target.exists(), "{document} links to {link}");
        if !heading.is_empty() {
            assert!(anchors(&read(&target)).contains(&heading.to_owned()), "{document}: {link}");
        }
    }
}

/// The anchors that GitHub creates for the headings of a page.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim_start())).collect()
}

fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase().replace(' ', "-");
    lower.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect()
}

#[test]
fn every_link_of_the_documents_has_a_target() {
    for document in [
        "README.md",
        "CHANGELOG.md",
        ".github/CONTRIBUTING.md",
        ".github/SECURITY.md",
        "plex-auth-proto/DESIGN.md",
        "tests/benches/README.md",
        "tests/examples/recipes/README.md",
        "tests/examples/recipes/coming-from.md",
    ] {
        assert_links_exist(document);
    }
}
