//! Turns the README's Rust blocks into functions, so that a test compiles and runs them as they stand.
//!
//! Only where they point is changed: plex.tv and the media server are the fake.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let readme = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../README.md");
    println!("cargo::rerun-if-changed={}", readme.display());
    let mut code = String::new();
    for (number, block) in blocks(&fs::read_to_string(readme)?).iter().enumerate() {
        code += &wrapped(number + 1, block);
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("readme.rs"), code)?;
    Ok(())
}

/// The blocks that are marked as Rust.
fn blocks(readme: &str) -> Vec<String> {
    let fenced = readme.split("\n```rust\n").skip(1);
    fenced.filter_map(|rest| rest.split("\n```\n").next()).map(pointed_at_the_fake).collect()
}

fn pointed_at_the_fake(block: &str) -> String {
    block
        .replace("PlexTv::new(me)", "PlexTv::at(me, plex_tv())")
        .replace("\"http://127.0.0.1:32400\".parse()?", "media_server()")
}

fn wrapped(number: usize, block: &str) -> String {
    if let Some(items) = block.split_once("\nfn ") {
        let (imports, function) = items;
        return format!(
            "mod block_{number} {{ use super::*;\n{imports}\npub(super) fn {function}\n}}\n"
        );
    }
    let (asynchrony, end) = (if block.contains(".await") { "async " } else { "" }, "Ok(())");
    format!("{asynchrony}fn block_{number}() -> Outcome {{\n{block}\n{end}\n}}\n")
}
