//! The time limit of one exchange.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};

use crate::turns::Turns;

/// The timer of the runtime.
pub(crate) type SharedTimer = Arc<dyn Timer + Send + Sync>;

/// The time limit of one exchange, over all of its steps.
pub(crate) struct Deadline {
    timer: SharedTimer,
    limit: Duration,
    /// Started when there is something to wait for, and not before: a client without a runtime fails at once,
    /// and the timer would panic.
    sleep: Option<Pin<Box<dyn Sleep>>>,
    turns: Turns,
}

impl Deadline {
    pub(crate) fn new(timer: SharedTimer, limit: Duration) -> Self {
        Self { timer, limit, sleep: None, turns: Turns::default() }
    }

    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Starts the time, which otherwise starts when [`race`](Self::race) first has to wait.
    pub(crate) fn start(&mut self) -> &mut Pin<Box<dyn Sleep>> {
        self.sleep.get_or_insert_with(|| self.timer.sleep(self.limit))
    }

    /// Runs `work` within the time that is left; `None` if the time runs out first.
    pub(crate) async fn race<W: Future>(&mut self, work: W) -> Option<W::Output> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            // The time first: work that is always ready, such as an endless body of empty frames, would
            // never let it run out.
            let started = self.sleep.as_mut();
            if started.is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready()) {
                return Poll::Ready(None);
            }
            // A timer that is looked at needs a runtime that has a turn to fire it.
            ready!(self.turns.poll_next(cx));
            if let Poll::Ready(output) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            self.turns.waited();
            match self.sleep {
                Some(_) => Poll::Pending,
                None => self.start().as_mut().poll(cx).map(|()| None),
            }
        })
        .await
    }
}
