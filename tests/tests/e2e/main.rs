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
mod connection_choice;
mod device_keys;
mod device_tokens;
mod devices;
mod error_table;
mod flows;
mod futures;
mod harness;
mod home;
mod limits;
mod logins;
mod operations;
mod pins;
mod proxy;
mod redirects;
mod refreshed_tokens;
mod refusals;
mod repository;
mod resources;
mod session;
mod signed_tokens;
