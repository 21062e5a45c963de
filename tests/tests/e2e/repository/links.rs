//! Every link between the repository's documents has a target.

use std::fs;
use std::path::{Path, PathBuf};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the targets of the links in a page, except those in its code blocks.
pub(super) fn links(page: &str) -> Vec<String> {
    let text: String = page.split("\n```").step_by(2).collect();
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// Checks that all files and headings that a document links to exist.
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

/// Returns the anchors that GitHub creates for a page's headings.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim_start())).collect()
}

fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase().replace(' ', "-");
    lower.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect()
}

/// Returns the item that a docs.rs link leads to, such as `pub enum plex_auth_proto::error::Error`,
/// or `None` if the link leads elsewhere.
fn item(link: &str) -> Option<String> {
    let (_, page) = link.strip_prefix("https://docs.rs/")?.split_once("/latest/")?;
    let (modules, page) = page.strip_suffix(".html")?.rsplit_once('/')?;
    let (kind, name) = page.split_once('.')?;
    Some(format!("pub {kind} {}::{name}", modules.replace('/', "::")))
}

/// On docs.rs, an item's page is in its innermost public module. The other modules only link to it.
#[test]
fn every_link_to_docs_rs_has_a_page() {
    let listing = read(&top().join(".ci/api/plex-auth-proto.txt"));
    let links = links(&read(&top().join("README.md")));
    let items: Vec<_> = links.iter().filter_map(|link| item(link)).collect();
    assert!(items.len() >= 3, "{items:?}");
    for item in items {
        let (kind, path) = item.rsplit_once(' ').unwrap();
        let name = path.rsplit("::").next().unwrap();
        let listed = listing.lines().filter_map(|line| {
            let (_, path) = line.split_once(&format!("{kind} "))?;
            path.split(['<', ' ', '(']).next()
        });
        let same = listed.filter(|path| path.rsplit("::").next() == Some(name));
        assert_eq!(same.max_by_key(|path| path.matches("::").count()), Some(path), "{item}");
    }
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
