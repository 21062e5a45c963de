//! The integration tests of the core: operations, responses and flows, through the public API only.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_imports,
    reason = "a panic fails the test, and the list of public types covers whole modules"
)]

mod accessors;
mod account;
#[cfg(feature = "ed25519")]
mod auto_traits;
mod drift;
mod flows;
mod hostile;
#[cfg(feature = "ed25519")]
mod jwt;
mod responses;
