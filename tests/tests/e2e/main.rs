//! Scenarios with the fake Plex, most of which run with several carriers, and checks of the
//! repository itself.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod claim;
mod connection_choice;
mod device_keys;
mod device_tokens;
mod devices;
mod drivers;
mod error_table;
mod futures;
mod harness;
mod home;
mod hyper_proxy;
mod limits;
mod logins;
mod media_server;
mod observer;
mod operations;
mod pins;
mod proxy;
mod random_tls_server;
mod redirects;
mod repository;
mod resources;
mod session;
mod sign_in;
mod surplus_responses;
mod tls;
mod token_flows;
mod token_source;
