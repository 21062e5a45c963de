//! The flows about a device's key, with a clock, a key and a plex.tv that are made up.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

mod login;
mod refresher;
mod rush;
mod saved;
mod stage;
mod whatever_comes;
