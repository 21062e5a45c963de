//! The recipes page links to every recipe, and every recipe runs and has docs.

use std::fs;
use std::path::Path;

use super::links::links;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/recipes");

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(file)).unwrap()
}

#[test]
fn every_recipe_runs_and_is_linked() {
    let (links, main) = (links(&read("README.md")), read("main.rs"));
    let mut recipes = 0;
    for entry in fs::read_dir(FOLDER).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(recipe) = name.strip_suffix(".rs").filter(|it| !["main", "harness"].contains(it))
        else {
            continue;
        };
        assert!(main.contains(&format!("(\"{recipe}\", {recipe}::run)")), "{recipe} is not run");
        assert!(links.contains(&name), "{recipe} is not on the page");
        recipes += 1;
    }
    assert!(recipes >= 13, "{recipes}");
}

#[test]
fn every_recipe_can_be_read_by_itself() {
    for file in links(&read("README.md")).iter().filter(|link| !link.contains('/')) {
        if let Some(recipe) = file.strip_suffix(".rs") {
            let text = read(file);
            assert!(text.starts_with("//! "), "{recipe} has no docs");
            let parts = text.matches("\n// The rest of this file runs the recipe").count();
            assert_eq!(parts, 1, "{recipe}");
        }
    }
}
