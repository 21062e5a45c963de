//! The results of a simulation: figures, and goals that were not met.

use std::fmt::Display;

pub(crate) struct Report {
    title: String,
    figures: Vec<(String, String)>,
    broken: Vec<String>,
}

impl Report {
    pub(crate) fn new(title: String) -> Self {
        Self { title, figures: Vec::new(), broken: Vec::new() }
    }

    pub(crate) fn figure(&mut self, name: &str, value: impl Display) {
        self.figures.push((name.to_owned(), value.to_string()));
    }

    /// Records a goal that was not met.
    pub(crate) fn broken(&mut self, what: String) {
        self.broken.push(what);
    }

    /// Checks a goal; `what` describes the failure.
    pub(crate) fn expect(&mut self, met: bool, what: impl FnOnce() -> String) {
        if !met {
            self.broken.push(what());
        }
    }

    /// Prints the report, and returns whether all goals were met.
    pub(crate) fn print(&self) -> bool {
        println!("\n{}", self.title);
        for (name, value) in &self.figures {
            println!("  {name:<36} {value}");
        }
        for what in self.broken.iter().take(MOST_SHOWN) {
            println!("GOAL MISSED: {what}");
        }
        if let Some(more) = self.broken.len().checked_sub(MOST_SHOWN).filter(|&more| more > 0) {
            println!("… and {more} more");
        }
        self.broken.is_empty()
    }
}

const MOST_SHOWN: usize = 10;
