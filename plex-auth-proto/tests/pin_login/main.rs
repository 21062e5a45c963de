//! The PIN login, with a clock and a plex.tv that are made up.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

#[path = "../device_keys/chaos.rs"]
mod chaos;
mod ending;
mod harness;
mod polling;
mod properties;
