//! The program `plex-auth` as whoever runs it meets it: its arguments, what it prints, its exit codes, what it leaves
//! on the disk.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail, and say where"
)]

mod commands;
mod devices;
mod kept;
mod program;
mod secrets;
#[cfg(unix)]
mod terminal;
mod transcript;
mod unknown;
mod ways_in;
