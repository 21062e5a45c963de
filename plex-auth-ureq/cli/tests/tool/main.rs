//! The tool as its users see it: arguments, output, exit status, and the files on the disk.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic, which reports its location"
)]

mod commands;
mod devices;
mod harness;
mod saved_state;
mod secrets;
mod servers;
mod sign_in_methods;
#[cfg(unix)]
mod terminal;
mod transcript;
mod unknown;
