use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use plex_auth_proto::Observer;
use plex_auth_proto::observer::{Attempt, AttemptEnd};

/// A notification about an attempt. The end is `None` when the attempt starts.
pub type Report = (Attempt, Option<AttemptEnd>);

/// An observer that records its notifications. Clones share the record.
#[derive(Clone, Debug, Default)]
pub struct Reports(Arc<Mutex<Vec<Report>>>);

impl Reports {
    /// Takes the reports so far, in order.
    pub fn take(&self) -> Vec<Report> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the reports so far, in a short form: `1 started`, `1 200`,
    /// `1 the connection was refused`.
    pub fn take_lines(&self) -> Vec<String> {
        let line = |(attempt, end): Report| {
            let mut line = format!("{} ", attempt.number());
            match end {
                None => line += "started",
                Some(end) => {
                    if let Some(status) = end.status() {
                        line += status.as_str();
                    }
                    if end.error().is_some() || end.status().is_none() {
                        write!(line, "{}", end.outcome()).expect("a text has space");
                    }
                }
            }
            line
        };
        self.take().into_iter().map(line).collect()
    }

    fn add(&self, attempt: &Attempt, end: Option<&AttemptEnd>) {
        let mut reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reports.push((attempt.clone(), end.cloned()));
    }
}

impl Observer for Reports {
    fn started(&self, attempt: &mut Attempt) {
        self.add(attempt, None);
    }

    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        self.add(attempt, Some(end));
    }
}
