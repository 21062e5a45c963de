//! The tool as its users see it: arguments, output, exit status, and files on disk.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, which reports its location"
)]

mod accounts;
mod arguments;
mod commands;
mod concurrency;
mod devices;
#[cfg(unix)]
mod disks;
mod documents;
mod every_command;
mod explanations;
#[cfg(unix)]
mod file_systems;
mod harness;
mod help;
mod hints;
mod identity;
#[cfg(unix)]
mod killed;
#[cfg(unix)]
mod owner;
mod saved_state;
mod scripts;
mod secrets;
mod servers;
mod sign_in_methods;
#[cfg(unix)]
mod slow;
#[cfg(unix)]
mod terminal;
mod transcript;
mod unknown;
mod wrong_host;
