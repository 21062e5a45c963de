//! Ctrl-C and termination signals: the tool restores the terminal, leaves the saved state intact,
//! and exits with status 128 plus the signal's number.

use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use std::{process, thread};

use crate::failure::Failure;
use crate::terminal;

/// The number of the signal that Ctrl-C sends.
pub(crate) const CTRL_C: i32 = 2;

/// The time limit for the cleanup. A terminal that was stopped with Ctrl-S accepts no output, but
/// the tool must still end.
const CLEANUP_TIMEOUT: Duration = Duration::from_secs(1);

/// The cleanup to run before a signal ends the tool.
static CLEANUP: Mutex<Option<Box<dyn Fn() + Send>>> = Mutex::new(None);

/// Locked while a file is being written.
static WRITING: Mutex<()> = Mutex::new(());

/// Makes SIGHUP, SIGINT and SIGTERM end the tool cleanly. On Linux, a signal that is already
/// ignored, such as SIGHUP under `nohup`, stays ignored.
#[cfg(unix)]
pub(crate) fn install() -> Result<(), Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let ignored = ignored();
    let handled = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|number| !is_in(ignored, *number));
    let mut signals = Signals::new(handled).map_err(|error| cannot_handle(&error))?;
    let wait = move || {
        if let Some(number) = signals.forever().next() {
            end(number);
        }
    };
    thread::Builder::new().spawn(wait).map(drop).map_err(|error| cannot_handle(&error))
}

#[cfg(not(unix))]
pub(crate) fn install() -> Result<(), Failure> {
    ctrlc::set_handler(|| end(CTRL_C)).map_err(|error| cannot_handle(&error))
}

fn cannot_handle(error: &dyn std::error::Error) -> Failure {
    Failure::machine(format!("could not set up signal handling: {error}"))
        .likely("This user has reached the limit on threads or open files.")
        .next("Close other programs or raise the limits, then try again.")
}

/// Returns the ignored signals as a bit mask. Asking the system for them requires `unsafe` code, so
/// this reads `/proc/self/status`. Without that file, no signal counts as ignored.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(unix)]
fn is_in(mask: u64, signal: i32) -> bool {
    let bit = u32::try_from(signal - 1).ok().and_then(|shift| 1_u64.checked_shl(shift));
    bit.is_some_and(|bit| mask & bit != 0)
}

/// Ends the process in response to a signal. A prompt that reads Ctrl-C as a key calls this, too.
/// If two threads call this, the second waits until the first has ended the process.
pub(crate) fn end(signal: i32) -> ! {
    // A file that is being written is completed first.
    let _whole = lock(&WRITING);
    // This runs in the current thread, because it must not depend on another one being scheduled.
    // It needs no time limit, because it does not wait for output.
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
    process::exit(128 + signal);
}

/// Runs work that must be complete before a signal can end the tool.
pub(crate) fn after<R>(work: impl FnOnce() -> R) -> R {
    let _whole = lock(&WRITING);
    work()
}

/// Until this is dropped, a signal runs a cleanup, such as clearing the spinner, before it ends the
/// tool.
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
