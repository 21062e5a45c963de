//! The PIN login, with a clock and a plex.tv that are made up.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

mod ending;
mod going_on;
#[path = "../device_keys/rush.rs"]
mod rush;
mod stage;
mod whatever_comes;
