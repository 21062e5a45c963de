//! Compares the listing of the public API with the test that names every type.

use std::collections::BTreeSet;
use std::path::Path;

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn every_type_is_checked_for_auto_traits() {
    let listing = file(".ci/api/plex-auth-proto.txt");
    let listed: BTreeSet<&str> = listing
        .lines()
        .filter_map(|line| {
            let (_, item) =
                line.split_once("pub struct ").or_else(|| line.split_once("pub enum "))?;
            let path = item.strip_prefix("plex_auth_proto::")?;
            let path =
                path.split(|c: char| !c.is_alphanumeric() && !matches!(c, ':' | '_')).next()?;
            path.rsplit("::").next()
        })
        .collect();
    let test = file("plex-auth-proto/tests/protocol/auto_traits.rs");
    let checked: BTreeSet<&str> = test
        .split("checked::<")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
        .collect();
    assert!(listed.len() > 100, "{listed:?}");
    assert_eq!(
        listed, checked,
        "add a new type to auto_traits.rs, and to the listing with `.ci/public-api renew`, which needs a nightly toolchain"
    );
}
