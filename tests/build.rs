//! Turns the README's Rust code blocks into functions, so that a test can compile and run them. The
//! code is unchanged, except that the fake replaces plex.tv.

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

/// Returns the code blocks that are marked as Rust, with plex.tv replaced by the fake.
fn blocks(readme: &str) -> Vec<String> {
    let fenced = readme.split("\n```rust\n").skip(1);
    fenced.filter_map(|rest| rest.split("\n```\n").next()).map(pointed_at_the_fake).collect()
}

fn pointed_at_the_fake(block: &str) -> String {
    block.replace("PlexTv::new(me)", "PlexTv::at(me, plex_tv())")
}

fn wrapped(number: usize, block: &str) -> String {
    let (asynchrony, end) = (if block.contains(".await") { "async " } else { "" }, "Ok(())");
    format!("{asynchrony}fn block_{number}() -> Outcome {{\n{block}\n{end}\n}}\n")
}
