//! The output of `--verbose`: each attempt to send a request and its result, without secrets.

use plex_auth_ureq::Observer;
use plex_auth_ureq::observer::{Attempt, AttemptEnd};

use crate::output::note;

/// Prints a line before each attempt and a line after it.
pub(crate) struct Verbose;

impl Observer for Verbose {
    fn started(&self, attempt: &mut Attempt) {
        let number = match attempt.number() {
            1 => String::new(),
            number => format!(" (attempt {number})"),
        };
        note(&format!("> {}{number}", request(attempt)));
    }

    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        let (request, took) = (request(attempt), end.duration());
        match (end.error(), end.status()) {
            (None, Some(status)) => note(&format!("< {status} to {request} within {took:.1?}")),
            _ => note(&format!("< {} ({request}, within {took:.1?})", end.outcome())),
        }
    }
}

fn request(attempt: &Attempt) -> String {
    format!("{} {}", attempt.method(), attempt.url())
}
