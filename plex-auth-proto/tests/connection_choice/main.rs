//! Choosing a connection, with a clock and servers that are made up.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

mod asked;
mod bare_addresses;
mod chosen;
mod stage;
mod whatever_comes;
