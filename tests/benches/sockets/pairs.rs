//! Measures the library and the baseline in alternating pairs.

use std::time::Duration;

use plex_auth_tests::table::{Limit, Table};

/// Pairs of measurements. On a shared machine, the load changes constantly, so the two sides are
/// measured one right after the other, and the median of the ratios is reported.
pub(crate) struct Pairs(Vec<(Duration, Duration)>);

impl Pairs {
    /// Measures `count` pairs of the library's time and the baseline's time. Before that, measures
    /// and discards one pair. The order alternates from pair to pair.
    pub(crate) fn of(
        count: usize,
        ours: impl Fn() -> Duration,
        baseline: impl Fn() -> Duration,
    ) -> Self {
        let pair = |number| {
            if number % 2 == 0 {
                let ours = ours();
                (ours, baseline())
            } else {
                let baseline = baseline();
                (ours(), baseline)
            }
        };
        pair(0);
        Self((0..count).map(pair).collect())
    }

    /// Adds a row to the table, in microseconds per call.
    pub(crate) fn row(&self, table: &mut Table, what: &str, calls: f64, limit: Limit) {
        let micros = |time: &Duration| time.as_secs_f64() * 1e6 / calls;
        let ours = self.middle(|(ours, _)| micros(ours));
        let baseline = self.middle(|(_, baseline)| micros(baseline));
        let ratio = self.middle(|(ours, baseline)| ours.as_secs_f64() / baseline.as_secs_f64());
        table.row_with_ratio(what, ours, baseline, ratio, limit);
    }

    fn middle(&self, number: impl Fn(&(Duration, Duration)) -> f64) -> f64 {
        let mut numbers: Vec<f64> = self.0.iter().map(number).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
    }
}
