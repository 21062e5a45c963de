//! The results of a scenario: figures, and violated guarantees.

use std::fmt::Display;

/// One transport's results in a scenario.
pub(crate) struct Report {
    /// The heading of the column: the transport's name.
    pub(crate) column: String,
    figures: Vec<(String, String)>,
    broken: Vec<String>,
}

impl Report {
    pub(crate) fn new(column: impl Into<String>) -> Self {
        Self { column: column.into(), figures: Vec::new(), broken: Vec::new() }
    }

    pub(crate) fn figure(&mut self, name: &str, value: impl Display) {
        self.figures.push((name.to_owned(), value.to_string()));
    }

    /// Adds the violations of another report, without its figures.
    pub(crate) fn adopt(&mut self, other: Self) {
        self.broken.extend(other.broken);
    }

    /// Records a violated guarantee.
    pub(crate) fn broken(&mut self, what: String) {
        self.broken.push(what);
    }

    /// Checks a guarantee; `what` describes the violation.
    pub(crate) fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(what());
        }
    }
}

/// Prints the reports of a scenario as columns, then the violations. Returns whether there were no
/// violations.
pub(crate) fn print(title: &str, reports: &[Report]) -> bool {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in reports.iter().flat_map(|report| &report.figures) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    print!("\n{title:<40}");
    for report in reports {
        print!("{:>14}", report.column);
    }
    println!();
    for name in names {
        print!("  {name:<38}");
        for report in reports {
            let figure = report.figures.iter().find(|(own, _)| own == name);
            print!("{:>14}", figure.map_or("-", |(_, value)| value));
        }
        println!();
    }
    for report in reports {
        for what in report.broken.iter().take(MOST_SHOWN) {
            println!("BROKEN PROMISE, {title}, {}: {what}", report.column);
        }
        if let Some(more) = report.broken.len().checked_sub(MOST_SHOWN).filter(|&more| more > 0) {
            println!("… and {more} more");
        }
    }
    reports.iter().all(|report| report.broken.is_empty())
}

const MOST_SHOWN: usize = 10;
