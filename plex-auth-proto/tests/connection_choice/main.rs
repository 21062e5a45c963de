//! Choosing a connection, with a clock and servers that are made up.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

mod bare_addresses;
mod candidates;
mod chosen;
mod harness;
mod properties;
