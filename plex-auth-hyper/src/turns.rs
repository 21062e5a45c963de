use std::task::{Context, Poll};

/// The maximum number of consecutive steps without a wait.
// An ordinary exchange has fewer steps, so it never yields for this reason.
const MAX_READY: u8 = 32;

/// A counter that makes a task yield to the runtime at intervals while its work is always ready.
///
/// A runtime with one thread processes its timers only between tasks. A task that never waits would
/// prevent its own time limit from being noticed.
#[derive(Default)]
pub(crate) struct Turns {
    ready: u8,
}

impl Turns {
    /// Returns `Ready` if the next step may run now. Otherwise, the task is woken immediately.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.ready < MAX_READY {
            self.ready += 1;
            return Poll::Ready(());
        }
        self.ready = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Records that the task waits, and so yields anyway.
    pub(crate) fn waited(&mut self) {
        self.ready = 0;
    }
}
