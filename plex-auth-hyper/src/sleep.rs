//! Sleeping with the runtime's timer.

use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use hyper::rt::{Sleep, Timer};

use crate::thread_sleep::ThreadSleep;

/// The runtime's timer.
pub(crate) type SharedTimer = Arc<dyn Timer + Send + Sync>;

/// Sleeps with the runtime's timer or, if it cannot be used, on another thread, so that other tasks
/// can run. If no thread can be started either, blocks the current thread.
pub(crate) async fn sleep(timer: SharedTimer, time: Duration) {
    let slept = match GuardedSleep::start(&*timer, time) {
        Ok(sleep) => sleep.await,
        Err(panicked) => Err(panicked),
    };
    if slept.is_err() {
        match ThreadSleep::start(time) {
            Ok(sleep) => sleep.await,
            Err(_) => thread::sleep(time),
        }
    }
}

/// A running sleep that catches the timer's panics. tokio's timer panics if there is no runtime, if
/// time is not enabled, or if the runtime is being shut down.
pub(crate) struct GuardedSleep(Pin<Box<dyn Sleep>>);

/// The error for a timer that panicked.
pub(crate) struct TimerPanicked;

impl GuardedSleep {
    /// Starts a sleep.
    pub(crate) fn start(
        timer: &(impl Timer + ?Sized),
        time: Duration,
    ) -> Result<Self, TimerPanicked> {
        guarded(|| timer.sleep(time)).map(Self)
    }
}

impl Future for GuardedSleep {
    type Output = Result<(), TimerPanicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match guarded(|| self.0.as_mut().poll(cx)) {
            Ok(polled) => polled.map(Ok),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    }
}

fn guarded<T>(use_timer: impl FnOnce() -> T) -> Result<T, TimerPanicked> {
    panic::catch_unwind(AssertUnwindSafe(use_timer)).map_err(|_| TimerPanicked)
}
