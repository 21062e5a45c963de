//! Random numbers that are the same in every run with the same seed.

use fastrand::Rng;

/// A source of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Chance(Rng);

impl Chance {
    /// Creates a source whose numbers depend only on the seed and the purpose.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        Self(Rng::with_seed(seed ^ mixed(purpose)))
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// Returns a number below this bound, or zero if the bound is zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.0.u64(..bound) }
    }

    /// Returns `true` with a probability of `in_a_thousand` / 1000.
    pub(crate) fn happens(&mut self, in_a_thousand: u64) -> bool {
        self.below(1000) < in_a_thousand
    }
}

/// Returns a hash of a number.
pub(crate) fn mixed(number: u64) -> u64 {
    Rng::with_seed(number).u64(..)
}
