//! Ctrl-C and termination signals: whatever the tool is doing, it restores the terminal and leaves the state intact.

use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use std::{process, thread};

use crate::failure::Failure;
use crate::terminal;

/// The exit code of an interruption.
const INTERRUPTED: i32 = 130;

/// How long the cleanup may take: a terminal that was stopped by Ctrl-S accepts no output, and the tool ends all the
/// same.
const CLEANUP_TIMEOUT: Duration = Duration::from_secs(1);

/// The cleanup to run before the tool ends.
static CLEANUP: Mutex<Option<Box<dyn Fn() + Send>>> = Mutex::new(None);

/// Held while a file is written.
static WRITING: Mutex<()> = Mutex::new(());

/// Makes an interruption end the tool in order, even if the signal was ignored before, as Ctrl-C is in a script's
/// background job: ctrlc handles all of its signals or none.
pub(crate) fn install() -> Result<(), Failure> {
    ctrlc::set_handler(|| end())
        .map_err(|error| Failure::machine(format!("Ctrl-C could not be prepared for: {error}")))
}

/// Ends as after an interruption. A prompt that reads Ctrl-C itself may report it before the signal arrives. The second
/// of two threads that call this waits until the first has ended the process.
pub(crate) fn end() -> ! {
    // A file that is being written is completed first.
    let _whole = lock(&WRITING);
    // In this thread and without a time limit: it waits neither for output nor for a thread to be scheduled.
    terminal::restore_for_good();
    if let Some(cleanup) = lock(&CLEANUP).take() {
        let (done, is_done) = mpsc::channel::<()>();
        let run = move || {
            cleanup();
            drop(done);
        };
        if thread::Builder::new().spawn(run).is_ok() {
            let _ = is_done.recv_timeout(CLEANUP_TIMEOUT);
        }
    }
    process::exit(INTERRUPTED);
}

/// Runs work that an interruption waits for.
pub(crate) fn after<R>(work: impl FnOnce() -> R) -> R {
    let _whole = lock(&WRITING);
    work()
}

/// Until this is dropped, an interruption first runs a cleanup, such as clearing the spinner.
#[derive(Debug)]
pub(crate) struct CleanupGuard;

impl CleanupGuard {
    pub(crate) fn new(cleanup: impl Fn() + Send + 'static) -> Self {
        *lock(&CLEANUP) = Some(Box::new(cleanup));
        Self
    }
}

impl Drop for CleanupGuard {
    fn drop(&mut self) {
        drop(lock(&CLEANUP).take());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
