//! Project rules that the compiler does not check.

use std::fs;
use std::path::{Path, PathBuf};

use plex_auth_proto::{Host, OPERATIONS};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(top().join(&path))
        .unwrap_or_else(|error| panic!("{:?}: {error}", path.as_ref()))
}

/// Returns every Rust file below a folder, with its text.
fn sources(folder: impl AsRef<Path>) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(top().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = read(&path);
            found.push((path, text));
        }
    }
    found
}

/// Returns the variants of a public enum, parsed from its source.
fn variants(source: &str, name: &str) -> Vec<String> {
    let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).expect("the enum");
    let (body, _) = body.split_once("\n}\n").expect("its end");
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    names
        .map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_owned())
        .collect()
}

#[test]
fn adapters_know_no_json_paths_or_headers() {
    for adapter in ["plex-auth-ureq", "plex-auth-hyper"] {
        let manifest = read(format!("{adapter}/Cargo.toml"));
        let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
        let dependencies = dependencies.split("[dev-dependencies]").next().unwrap();
        assert!(!dependencies.contains("serde"), "{adapter}");
        for (path, text) in sources(format!("{adapter}/src")) {
            if path.ends_with("tests.rs") {
                continue;
            }
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
            let code: String = code.filter(|line| !line.trim_start().starts_with("//")).collect();
            let code = code.to_lowercase();
            assert!(!code.contains("x-plex") && !code.contains("plex.tv"), "{path:?}");
            // No string in the code may contain a segment of an operation's path.
            let texts = code.split('"').skip(1).step_by(2);
            for segment in texts.flat_map(|text| text.split(['/', '?', '&', '='])) {
                let has = |path: &str| path.split('/').any(|own| own == segment);
                let found = OPERATIONS.iter().any(|operation| has(operation.path));
                assert!(segment.is_empty() || !found, "{path:?}: {segment}");
            }
            for operation in OPERATIONS {
                assert!(
                    !code.contains(&operation.name.to_lowercase()),
                    "{path:?}: {}",
                    operation.name
                );
            }
        }
    }
}

#[test]
fn every_operation_is_in_the_public_list() {
    let declared: usize = sources("plex-auth-proto/src")
        .iter()
        .map(|(_, text)| text.matches("const OPERATION: Operation =").count())
        .sum();
    assert_eq!(declared, OPERATIONS.len());
    let mut names: Vec<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), OPERATIONS.len());
}

#[test]
fn docs_of_the_handles_list_every_operation() {
    for operation in OPERATIONS {
        let file = match operation.host {
            Host::PlexTv => "plex_tv.rs",
            _ => "media_server.rs",
        };
        let docs = read(format!("plex-auth-proto/src/{file}"));
        let mut rows = docs.lines().filter(|line| line.starts_with("/// |"));
        let is_listed = rows.any(|row| row.contains(&format!("{}`", operation.path)));
        assert!(is_listed, "{file}: {} {}", operation.name, operation.path);
    }
}

#[test]
fn error_docs_have_every_variant() {
    let docs = read("plex-auth-proto/src/error.rs");
    let response = variants(&read("plex-auth-proto/src/error/response.rs"), "ResponseError");
    let transport = variants(&read("plex-auth-proto/src/error/transport.rs"), "TransportErrorKind");
    assert!(response.len() >= 14 && transport.len() >= 10, "{response:?} {transport:?}");
    for (kind, variants) in [("ResponseError", response), ("TransportErrorKind", transport)] {
        for variant in variants {
            let link = format!("| [`{variant}`]({kind}::{variant}) |");
            assert!(docs.contains(&link), "{variant}");
        }
    }
}
