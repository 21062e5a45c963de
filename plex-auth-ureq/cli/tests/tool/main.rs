//! The tool as its users see it: its arguments, output, exit status, and the files that it leaves on the disk.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail, and say where"
)]

mod commands;
mod devices;
mod harness;
mod saved_state;
mod secrets;
mod sign_in_methods;
#[cfg(unix)]
mod terminal;
mod transcript;
mod unknown;
