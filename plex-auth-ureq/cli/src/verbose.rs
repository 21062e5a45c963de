//! The output of `--verbose`: each attempt to send a request and its result, without secrets.

use plex_auth_ureq::Observer;
use plex_auth_ureq::observer::{Attempt, AttemptEnd};

use serde_json::json;

use crate::output::{self, note};

/// Prints a line before each attempt and a line after it, as text or as JSON.
pub(crate) struct Verbose;

impl Observer for Verbose {
    fn started(&self, attempt: &mut Attempt) {
        if output::is_json() {
            return output::event(&json!({
                "request": {
                    "method": attempt.method().as_str(), "url": attempt.url().to_string(),
                    "attempt": attempt.number(),
                },
            }));
        }
        let number = match attempt.number() {
            1 => String::new(),
            number => format!(" (attempt {number})"),
        };
        note(&format!("> {}{number}", request(attempt)));
    }

    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        if output::is_json() {
            return output::event(&json!({
                "response": {
                    "method": attempt.method().as_str(), "url": attempt.url().to_string(),
                    "attempt": attempt.number(), "status": end.status().map(|status| status.as_u16()),
                    "error": end.error().map(|_| end.outcome().to_string()),
                    "milliseconds": u64::try_from(end.duration().as_millis()).unwrap_or(u64::MAX),
                },
            }));
        }
        let (request, took) = (request(attempt), end.duration());
        match (end.error(), end.status()) {
            (None, Some(status)) => note(&format!("< {status} for {request} in {took:.1?}")),
            _ => note(&format!("< {} ({request}, {took:.1?})", end.outcome())),
        }
    }
}

fn request(attempt: &Attempt) -> String {
    format!("{} {}", attempt.method(), attempt.url())
}
