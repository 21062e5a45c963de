//! A waker for a thread that blocks until it is woken.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

#[derive(Default)]
pub(crate) struct ThreadWaker {
    is_woken: Mutex<bool>,
    changed: Condvar,
}

impl ThreadWaker {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Polls once, and again after each wake. Returns `None` if `end` passes before the value is
    /// ready.
    pub(crate) fn block_on<T>(
        self: &Arc<Self>,
        end: Option<Instant>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Option<T> {
        let waker = Waker::from(Arc::clone(self));
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(value) = poll(&mut cx) {
                return Some(value);
            }
            if !self.wait(end) {
                return None;
            }
        }
    }

    /// Blocks until woken. Returns `false` if `end` passes first.
    fn wait(&self, end: Option<Instant>) -> bool {
        let mut is_woken = self.is_woken.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_woken {
            is_woken = match end {
                None => self.changed.wait(is_woken).unwrap_or_else(PoisonError::into_inner),
                Some(end) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    let result = self.changed.wait_timeout(is_woken, left);
                    result.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        *is_woken = false;
        true
    }
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.is_woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }
}
