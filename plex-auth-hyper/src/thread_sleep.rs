//! Sleeping on a separate thread.

use std::convert::Infallible;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// A sleep on its own thread, for a runtime whose timer cannot be used. The thread ends when the
/// sleep is over or dropped.
pub(crate) struct ThreadSleep {
    state: Arc<Mutex<State>>,
    _cancel: Sender<Infallible>,
}

enum State {
    Asleep(Waker),
    Over,
}

impl ThreadSleep {
    /// Starts a sleep.
    ///
    /// # Errors
    ///
    /// Returns an error if the system cannot start a thread.
    pub(crate) fn start(time: Duration) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::Asleep(Waker::noop().clone())));
        let shared = Arc::clone(&state);
        let (cancel, cancelled) = mpsc::channel();
        thread::Builder::new().name("plex-auth-sleep".into()).spawn(move || {
            if cancelled.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                if let State::Asleep(waker) = replace(&shared, State::Over) {
                    waker.wake();
                }
            }
        })?;
        Ok(Self { state, _cancel: cancel })
    }
}

impl Future for ThreadSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match replace(&self.state, State::Asleep(cx.waker().clone())) {
            State::Asleep(_) => Poll::Pending,
            State::Over => Poll::Ready(()),
        }
    }
}

fn replace(state: &Mutex<State>, new: State) -> State {
    mem::replace(&mut *state.lock().unwrap_or_else(PoisonError::into_inner), new)
}
