use std::task::{Context, Poll};

/// The maximum number of consecutive steps without a wait.
// An ordinary exchange has fewer steps, so it never yields for this reason.
const MAX_READY: u8 = 32;

/// A counter that makes a task yield to the runtime after every `MAX_READY` steps without a wait.
///
/// A runtime with one thread processes its timers only between tasks. A task that never waits would
/// prevent its own time limit from being noticed.
#[derive(Default)]
pub(crate) struct Turns {
    ready: u8,
}

impl Turns {
    /// Returns `Ready` if the next step may run now. Otherwise, wakes the task immediately, so that
    /// it is polled again.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.ready < MAX_READY {
            self.ready += 1;
            return Poll::Ready(());
        }
        self.ready = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Records that the task is waiting, which yields to the runtime anyway.
    pub(crate) fn waited(&mut self) {
        self.ready = 0;
    }
}
