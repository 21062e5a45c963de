//! Uses Callgrind to count the instructions that the library and the baseline execute for each
//! piece of work.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "required by the code that the macros generate"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a measurement that fails must stop"
)]

use gungraun::Callgrind;
use gungraun::prelude::*;

use plex_auth_tests::workloads::{Ready, Side, Work, everything};

/// Runs the work twice before the measurement, because the first runs include the process's
/// one-time initialization and the allocator's cleanup after the setup.
fn warm(side: impl Fn(Work) -> Side, index: usize) -> Ready {
    let work = everything().swap_remove(index);
    let ready = side(work)();
    for _ in 0..2 {
        (ready.run)();
    }
    ready
}

fn ours_of(index: usize) -> Ready {
    warm(|work| work.ours, index)
}

fn baseline_of(index: usize) -> Ready {
    warm(|work| work.baseline, index)
}

#[library_benchmark]
#[benches::of(iter = 0..everything().len(), setup = ours_of)]
fn ours(work: Ready) -> Ready {
    (work.run)();
    work
}

#[library_benchmark]
#[benches::of(iter = 0..everything().len(), setup = baseline_of)]
fn baseline(work: Ready) -> Ready {
    (work.run)();
    work
}

library_benchmark_group!(name = core, benchmarks = [ours, baseline]);
main!(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = core
);
