//! The flows about a device's key, with a clock, a key and a plex.tv that are made up.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

mod chaos;
mod harness;
mod login;
mod properties;
mod refresher;
mod saved;
