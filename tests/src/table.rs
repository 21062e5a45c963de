//! A table that compares the library's measurements with a baseline, with a limit for each row.

use std::fmt;
use std::process::ExitCode;

/// The maximum allowed value of a measurement.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// A multiple of the baseline's value.
    Times(f64),
    /// The baseline's value plus this number.
    More(f64),
    /// No limit: the value is only printed.
    None,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(factor) => f.pad(&format!("x {factor}")),
            Self::More(more) => f.pad(&format!("+ {more}")),
            Self::None => f.pad(""),
        }
    }
}

/// A table that prints its rows, and counts those that exceed their limit.
#[derive(Debug)]
pub struct Table {
    exceeded: usize,
}

impl Table {
    /// Creates a table and prints the heading.
    #[expect(clippy::new_without_default, reason = "it prints")]
    pub fn new() -> Self {
        line("what", "ours", "baseline", "ratio", "limit", "");
        Self { exceeded: 0 }
    }

    /// Prints a row with the ratio `ours / baseline`.
    pub fn row(&mut self, what: &str, ours: f64, baseline: f64, limit: Limit) {
        self.row_with_ratio(what, ours, baseline, ours / baseline, limit);
    }

    /// Prints a row with a given ratio, such as the median of several.
    pub fn row_with_ratio(
        &mut self,
        what: &str,
        ours: f64,
        baseline: f64,
        ratio: f64,
        limit: Limit,
    ) {
        let exceeds = match limit {
            Limit::Times(factor) => ratio > factor,
            Limit::More(more) => ours > baseline + more,
            Limit::None => false,
        };
        self.exceeded += usize::from(exceeds);
        let numbers = [ours, baseline].map(|number| format!("{number:.2}"));
        let verdict = if exceeds { "EXCEEDED" } else { "" };
        line(what, &numbers[0], &numbers[1], &format!("{ratio:.3}"), &limit.to_string(), verdict);
    }

    /// Returns a failure exit code if any row exceeded its limit, and prints how many did.
    pub fn finish(self) -> ExitCode {
        if self.exceeded > 0 {
            println!("rows above their limit: {}", self.exceeded);
            return ExitCode::FAILURE;
        }
        ExitCode::SUCCESS
    }
}

fn line(what: &str, ours: &str, baseline: &str, ratio: &str, limit: &str, verdict: &str) {
    println!("{what:<64} {ours:>12} {baseline:>12} {ratio:>8}  {limit:<8} {verdict}");
}
