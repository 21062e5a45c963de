//! The workloads of the benchmarks: each pairs work done by the library with a baseline.
#![allow(missing_debug_implementations, reason = "the fields are closures")]

use std::hint::black_box;
use std::mem;

use crate::table::Limit;

mod answers;
mod calls;
mod growth;
mod refusals;

/// A workload and its baseline.
pub struct Work {
    /// The name in the tables.
    pub name: String,
    /// The kind of work.
    pub kind: Kind,
    /// The work done by the library.
    pub ours: Side,
    /// The work that `ours` is compared with: hand-written code for the same work, or, for
    /// [`Kind::Growth`], usually the library's parsing of a smaller response.
    pub baseline: Side,
    /// The limit on the number of instructions: usually the measured ratio to the baseline, plus a
    /// margin.
    pub limit: Limit,
}

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Building a request.
    Call,
    /// Parsing a successful response.
    Answer,
    /// Turning a response into an error.
    Refusal,
    /// Parsing a response, compared per byte, usually with a smaller response.
    Growth,
}

/// A function that prepares the work, outside of the measurement.
pub type Side = Box<dyn Fn() -> Ready>;

/// Prepared work.
pub struct Ready {
    /// Does the work once and leaks the result, so that dropping it is not measured.
    pub run: Box<dyn Fn()>,
    /// The length of the response, or 0 if there is none.
    pub bytes: usize,
}

pub use answers::token_details;
pub use growth::accounts;

/// Returns all workloads, in the order of the tables.
pub fn everything() -> Vec<Work> {
    [calls::all(), answers::all(), refusals::all(), growth::all()].into_iter().flatten().collect()
}

impl Ready {
    fn to<T>(bytes: usize, work: impl Fn() -> T + 'static) -> Self {
        Self { run: Box::new(move || mem::forget(black_box(work()))), bytes }
    }
}
