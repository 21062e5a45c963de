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
mod token_source;

use proptest::prelude::ProptestConfig;

/// Returns the configuration for a property test with this number of cases, unless `PROPTEST_CASES`
/// sets another number.
///
/// Failing cases are not saved to a file; add them as tests.
fn config(cases: u32) -> ProptestConfig {
    // The core's lints forbid reading the variable here, but proptest's default already reflects
    // it.
    const UNSET: u32 = 256;
    let default = ProptestConfig::default();
    let cases = if default.cases == UNSET { cases } else { default.cases };
    ProptestConfig { cases, failure_persistence: None, ..default }
}
