//! The time limit of one exchange.

use std::future::poll_fn;
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use plex_auth_proto::error::TransportErrorKind;

use crate::turns::Turns;

/// The runtime's timer.
pub(crate) type SharedTimer = Arc<dyn Timer + Send + Sync>;

/// The time limit of an exchange, across all of its steps.
pub(crate) struct Deadline {
    timer: SharedTimer,
    limit: Duration,
    /// The running timer. It is started only when there is something to wait for: without a
    /// runtime, the client fails immediately, whereas the timer would panic.
    sleep: Option<Pin<Box<dyn Sleep>>>,
    turns: Turns,
}

impl Deadline {
    pub(crate) fn new(timer: SharedTimer, limit: Duration) -> Self {
        Self { timer, limit, sleep: None, turns: Turns::default() }
    }

    /// Starts the time limit, which otherwise starts when [`race`](Self::race) first has to wait.
    ///
    /// # Errors
    ///
    /// Returns an error if the timer cannot be started.
    pub(crate) fn start(&mut self) -> Result<(), TransportErrorKind> {
        if self.sleep.is_none() {
            // tokio's timer panics without a runtime, or if time is not enabled.
            let sleep = panic::catch_unwind(AssertUnwindSafe(|| self.timer.sleep(self.limit)));
            let reason = "the timer did not start; send the request from within a runtime whose \
                          timer is enabled";
            self.sleep = Some(sleep.map_err(|_| TransportErrorKind::NotStarted(reason))?);
        }
        Ok(())
    }

    /// Runs `work` within the remaining time.
    ///
    /// # Errors
    ///
    /// Returns an error if the time limit is exceeded, or if the timer cannot be started.
    pub(crate) async fn race<W: Future>(
        &mut self,
        work: W,
    ) -> Result<W::Output, TransportErrorKind> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            // The timer is polled first: work that is always ready, such as an endless body of
            // empty frames, would otherwise prevent the limit from being noticed.
            if self.has_run_out(cx) {
                return Poll::Ready(Err(TransportErrorKind::TimedOut(self.limit)));
            }
            // Polling the timer is not enough: the runtime needs a chance to fire it.
            ready!(self.turns.poll_next(cx));
            if let Poll::Ready(output) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            self.turns.waited();
            if self.sleep.is_none() {
                self.start()?;
                if self.has_run_out(cx) {
                    return Poll::Ready(Err(TransportErrorKind::TimedOut(self.limit)));
                }
            }
            Poll::Pending
        })
        .await
    }

    fn has_run_out(&mut self, cx: &mut Context<'_>) -> bool {
        self.sleep.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready())
    }
}
