//! The time limit for an exchange.

use std::future::{poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::{self, Context, Poll};
use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;

use crate::sleep::{GuardedSleep, SharedTimer};
use crate::turns::Turns;

/// The time limit for an exchange, covering all of its steps.
pub(crate) struct Deadline {
    timer: SharedTimer,
    limit: Duration,
    /// The running timer. It is started only when the exchange has to wait or reads the body:
    /// without a runtime, the client returns an error, whereas the timer would panic.
    sleep: Option<GuardedSleep>,
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
            let sleep = GuardedSleep::start(&*self.timer, self.limit);
            let reason = "the timer did not start; send the request from within a runtime whose \
                          timer is enabled";
            self.sleep = Some(sleep.map_err(|_| TransportErrorKind::NotStarted(reason))?);
        }
        Ok(())
    }

    /// Returns an error if the time limit is exceeded, or if the timer has stopped.
    pub(crate) async fn check(&mut self) -> Result<(), TransportErrorKind> {
        self.race(ready(())).await
    }

    /// Runs `work` within the remaining time.
    ///
    /// # Errors
    ///
    /// Returns an error if the time limit is exceeded, or if the timer cannot be started or stops.
    pub(crate) async fn race<W: Future>(
        &mut self,
        work: W,
    ) -> Result<W::Output, TransportErrorKind> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            // The timer is polled first: work that is always ready, such as an endless body of
            // empty frames, would otherwise prevent the limit from being noticed.
            if let Poll::Ready(kind) = self.poll_limit(cx) {
                return Poll::Ready(Err(kind));
            }
            // Polling the timer is not enough: the runtime needs a chance to fire it.
            task::ready!(self.turns.poll_next(cx));
            if let Poll::Ready(output) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            self.turns.waited();
            if self.sleep.is_none() {
                self.start()?;
                return self.poll_limit(cx).map(Err);
            }
            Poll::Pending
        })
        .await
    }

    /// Returns `Ready` with the reason if the exchange must end.
    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<TransportErrorKind> {
        if self.limit.is_zero() {
            return Poll::Ready(TransportErrorKind::TimedOut(self.limit));
        }
        let Some(sleep) = &mut self.sleep else { return Poll::Pending };
        Pin::new(sleep).poll(cx).map(|result| match result {
            Ok(()) => TransportErrorKind::TimedOut(self.limit),
            Err(_) => TransportErrorKind::NotStarted(
                "the runtime's timer stopped; the runtime is probably being shut down",
            ),
        })
    }
}
