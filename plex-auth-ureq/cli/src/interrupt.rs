//! Ctrl-C, or being told to end: whatever the program is about, it leaves the terminal and the state whole.

use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::failure::Failure;

/// The exit code of an interruption.
const INTERRUPTED: i32 = 130;

/// How long a terminal may take to be put right: one that was stopped by Ctrl-S takes nothing, and the program ends all
/// the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is to be put right before it ends.
static LAST_WORDS: Mutex<Option<Box<dyn Fn() + Send>>> = Mutex::new(None);

/// Held while a file is written.
static WRITING: Mutex<()> = Mutex::new(());

/// From now on an interruption ends the program in order, also where it was ignored, as Ctrl-C is by what a script puts in
/// the background: ctrlc leaves all of its signals to their fate, or none.
pub(crate) fn install() -> Result<(), Failure> {
    ctrlc::set_handler(|| end())
        .map_err(|error| Failure::machine(format!("Ctrl-C could not be prepared for: {error}")))
}

/// Ends as at an interruption: a prompt that takes Ctrl-C for itself may tell of it before the signal comes.
pub(crate) fn end() -> ! {
    // A file that is half written is written to its end.
    let _whole = lock(&WRITING);
    if let Some(last_words) = lock(&LAST_WORDS).take() {
        let (done, is_done) = mpsc::channel::<()>();
        let speak = move || {
            last_words();
            drop(done);
        };
        if thread::Builder::new().spawn(speak).is_ok() {
            let _ = is_done.recv_timeout(PATIENCE);
        }
    }
    process::exit(INTERRUPTED);
}

/// Does something that an interruption waits for.
pub(crate) fn after<R>(work: impl FnOnce() -> R) -> R {
    let _whole = lock(&WRITING);
    work()
}

/// Until it is dropped, an interruption first puts something right, such as the terminal.
#[derive(Debug)]
pub(crate) struct LastWords;

impl LastWords {
    pub(crate) fn new(last_words: impl Fn() + Send + 'static) -> Self {
        *lock(&LAST_WORDS) = Some(Box::new(last_words));
        Self
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        drop(lock(&LAST_WORDS).take());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
