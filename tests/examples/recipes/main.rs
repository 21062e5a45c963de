//! Runs the recipes, most of them against a fake Plex, and checks the results.
//!
//! `cargo run -p plex-auth-tests --example recipes` runs all of them. To run only some, add their
//! names after `--`.
#![allow(clippy::print_stdout, reason = "this is an example")]

use std::env;

mod behind_a_proxy;
mod best_connection;
mod device_key;
mod harness;
mod many_machines;
mod one_flow;
mod own_tests;
mod save;
mod self_signed;
mod several_accounts;
mod switch_user;
mod token_service;
mod tv;
mod web_back_end;

use harness::Outcome;

type Run = fn() -> Outcome;

/// The recipes, named after their files.
const RECIPES: [(&str, Run); 13] = [
    ("tv", tv::run),
    ("web_back_end", web_back_end::run),
    ("save", save::run),
    ("device_key", device_key::run),
    ("best_connection", best_connection::run),
    ("one_flow", one_flow::run),
    ("switch_user", switch_user::run),
    ("several_accounts", several_accounts::run),
    ("token_service", token_service::run),
    ("many_machines", many_machines::run),
    ("own_tests", own_tests::run),
    ("behind_a_proxy", behind_a_proxy::run),
    ("self_signed", self_signed::run),
];

fn main() -> Outcome {
    let wanted: Vec<String> = env::args().skip(1).collect();
    for name in &wanted {
        if !RECIPES.iter().any(|(known, _)| known == name) {
            return Err(format!("there is no recipe {name:?}").into());
        }
    }
    for (name, run) in RECIPES {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("\n## {name}");
            run()?;
        }
    }
    Ok(())
}
