//! The recipes of the [page beside this](README.md), each played at a fake Plex of its own and checked.
//!
//! `cargo run -p plex-auth-tests --example recipes` plays all of them, with names behind `--` those alone.
#![allow(clippy::print_stdout, reason = "an example may")]

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

type Play = fn() -> Outcome;

/// Each recipe, by the name of its file.
const RECIPES: [(&str, Play); 13] = [
    ("tv", tv::play),
    ("web_back_end", web_back_end::play),
    ("save", save::play),
    ("device_key", device_key::play),
    ("best_connection", best_connection::play),
    ("one_flow", one_flow::play),
    ("switch_user", switch_user::play),
    ("several_accounts", several_accounts::play),
    ("token_service", token_service::play),
    ("many_machines", many_machines::play),
    ("own_tests", own_tests::play),
    ("behind_a_proxy", behind_a_proxy::play),
    ("self_signed", self_signed::play),
];

fn main() -> Outcome {
    let wanted: Vec<String> = env::args().skip(1).collect();
    for name in &wanted {
        if !RECIPES.iter().any(|(known, _)| known == name) {
            return Err(format!("there is no recipe {name:?}").into());
        }
    }
    for (name, play) in RECIPES {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("\n## {name}");
            play()?;
        }
    }
    Ok(())
}
