//! Every scenario that needs the fake Plex, each written once and played over every carrier.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "so tests fail, and say where"
)]

mod claim;
mod coming_from;
mod connection_choice;
mod device_keys;
mod device_tokens;
mod devices;
mod error_table;
mod flows;
mod futures;
mod harness;
mod home;
mod layers;
mod limits;
mod logins;
mod operations;
mod pins;
mod proxy;
mod public_api;
mod readme;
mod recipes;
mod redirects;
mod refreshed_tokens;
mod refusals;
mod resources;
mod session;
mod signed_tokens;
mod source_rules;
