//! The module structure of each published crate: no import cycles, and in the core no imports from
//! a higher layer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use imports::{Import, imports, read};

mod imports;

/// The core's layers, highest first. A file belongs to the layer of its first path segment. Layers
/// in the same row do not import from each other.
const CORE: &[&[&str]] = &[
    &["lib"],
    &["operations"],
    &["flow"],
    &["observer"],
    &["plex_tv", "media_server"],
    &["call"],
    &["jwt"],
    &["error"],
    &["values"],
    &["wire"],
    &["operation"],
];

/// Returns the shortest import cycle through each file that is part of a cycle. Each cycle is
/// listed once.
fn cycles(imports: &[Import]) -> Vec<String> {
    let mut found = BTreeMap::new();
    for start in imports.iter().map(|import| &import.file).collect::<BTreeSet<_>>() {
        let mut reached = BTreeSet::new();
        let mut queue = VecDeque::from([(start, Vec::new())]);
        while let Some((file, way)) = queue.pop_front() {
            if file == start && !way.is_empty() {
                let files: BTreeSet<_> = way.iter().map(|import: &&Import| &import.file).collect();
                let lines = way.iter().map(|import| format!("\n  {}", import.describe()));
                found
                    .entry(files)
                    .or_insert_with(|| format!("import cycle:{}", String::from_iter(lines)));
                break;
            }
            for import in imports.iter().filter(|import| import.file == *file) {
                if reached.insert(&import.from) {
                    queue.push_back((&import.from, [way.as_slice(), &[import]].concat()));
                }
            }
        }
    }
    found.into_values().collect()
}

/// Returns every import from a higher layer, or from another layer in the same row.
fn upward(imports: &[Import], layers: &[&[&str]]) -> Vec<String> {
    let layer = |file: &str| {
        let name = file.split('/').next().unwrap_or(file).trim_end_matches(".rs").to_owned();
        let row = layers.iter().position(|row| row.contains(&&*name));
        (row.unwrap_or_else(|| panic!("{file} belongs to no layer")), name)
    };
    let mut found = Vec::new();
    for import in imports {
        let ((own_row, own), (other_row, other)) = (layer(&import.file), layer(&import.from));
        if own != other && own_row >= other_row {
            found.push(format!("{}: layer {own} is not above {other}", import.describe()));
        }
    }
    found
}

fn assert_no_cycles(src: &str) {
    let cycles = cycles(&imports(&read(src)));
    assert!(cycles.is_empty(), "{src}: {}", cycles.join("\n"));
}

fn crate_of<const N: usize>(files: [(&str, &str); N]) -> Vec<Import> {
    imports(&files.map(|(file, text)| (file.to_owned(), text.to_owned())).into())
}

#[test]
fn cycle_is_reported_file_by_file() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; pub use a::A;"),
        ("a.rs", "use std::fmt;\nuse crate::{b::B, c};\npub struct A;"),
        ("b.rs", "pub(in crate::a) type B = super::a::A;"),
        ("c.rs", "pub fn c() {}"),
    ];
    let expected = "import cycle:\n  a.rs:2 imports crate::b::B from b.rs\n  \
                    b.rs:1 imports super::a::A from a.rs";
    assert_eq!(cycles(&crate_of(files)), [expected]);
}

#[test]
fn parent_and_child_can_be_a_cycle() {
    let child = ("a/child.rs", "pub fn f() { super::g() }");
    assert!(cycles(&crate_of([("a.rs", "mod child; pub fn g() {}"), child])).is_empty());
    for parent in ["use child::f;", "use self::child::f as h;", "fn h() { child::f() }"] {
        assert_eq!(cycles(&crate_of([("a.rs", parent), child])).len(), 1, "{parent}");
    }
}

#[test]
fn every_kind_of_path_is_an_import() {
    for user in [
        "macro_rules! m { () => { $crate::b::B } }",
        "fn f() { assert!(matches!(x, [crate::b::B { .. }])) }",
        "fn f() { println!(\"{}\", super::b::B) }",
        "use crate::b as c; fn f(_: c::B) {}",
        "mod inner { use super::super::b::*; }",
    ] {
        let found = cycles(&crate_of([("a.rs", user), ("b.rs", "use crate::a::A;")]));
        assert_eq!(found.len(), 1, "{user}");
    }
}

#[test]
fn name_in_the_root_is_from_the_root() {
    for (root, other) in [("lib.rs", "main.rs"), ("main.rs", "lib.rs")] {
        let files = [(root, "mod a; use a::A;"), (other, "//! Docs."), ("a.rs", "use crate::B;")];
        assert_eq!(cycles(&crate_of(files)).len(), 1, "{root}");
    }
    let imports = crate_of([("lib.rs", "mod a;"), ("a/b.rs", "\nuse crate::C;")]);
    let expected = "a/b.rs:2 imports crate::C from lib.rs: layer a is not above lib";
    assert_eq!(upward(&imports, &[&["lib"], &["a"]]), [expected]);
}

#[test]
fn only_a_lower_layer_may_be_imported() {
    let layers: &[&[&str]] = &[&["lib"], &["top"], &["left", "right"], &["low"]];
    let clean = [
        ("lib.rs", "mod top; pub use top::T;"),
        ("top.rs", "use crate::{left::L, low::L as M};"),
        ("left.rs", "mod part; pub use part::L;"),
        ("left/part.rs", "use crate::low::L; #[cfg(test)] mod tests { use crate::top::T; }"),
        ("low.rs", "use std::top::T; use ::top::U; /// [T](crate::top::T)\nstruct L;"),
        ("right.rs", "macro_rules! m { () => { super::top::T } }"),
    ];
    let imports = crate_of(clean);
    assert!(cycles(&imports).is_empty() && upward(&imports, layers).is_empty());

    for (file, text) in [("low.rs", "use crate::top::T;"), ("right/a.rs", "use crate::left::L;")] {
        let found = upward(&crate_of([("top.rs", ""), ("left.rs", ""), (file, text)]), layers);
        assert_eq!(found.len(), 1, "{text}");
    }
}

#[test]
fn no_import_cycle_in_the_adapters() {
    assert_no_cycles("plex-auth-ureq/src");
    assert_no_cycles("plex-auth-hyper/src");
}

#[test]
fn no_import_cycle_in_the_tool() {
    assert_no_cycles("plex-auth-ureq/cli/src");
}

#[test]
fn no_import_cycle_in_the_fake() {
    assert_no_cycles("tests/fake/src");
}

#[test]
fn core_imports_only_downward() {
    let imports = imports(&read("plex-auth-proto/src"));
    let found = [cycles(&imports), upward(&imports, CORE)].concat();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
