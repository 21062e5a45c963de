//! Reports what the tool is waiting for, if the wait is long enough to look like a hang.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::json;

use crate::output;

/// The time after which a user at a terminal begins to suspect a hang.
const PATIENCE: Duration = Duration::from_secs(2);

/// Prints a line on standard error after two seconds, unless this is dropped first or `--quiet` is
/// set.
#[derive(Debug)]
pub(crate) struct SlowNotice {
    /// Dropping this ends the thread.
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SlowNotice {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        let what = what.into();
        let (done, is_done) = mpsc::channel();
        let wait = move || {
            if is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                report(&what);
            }
        };
        Self { done: Some(done), thread: thread::Builder::new().spawn(wait).ok() }
    }
}

impl Drop for SlowNotice {
    fn drop(&mut self) {
        drop(self.done.take());
        // Waits for the thread, so that the line is never printed after the result.
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Reports what the tool is waiting for, unless `--quiet` is set.
pub(crate) fn report(what: &str) {
    if output::is_quiet() {
        return;
    }
    if output::is_json() {
        output::event(&json!({ "waiting_for": what }));
    } else {
        output::note(&format!("Waiting for {} ...", output::plain(what)));
    }
}
