use std::time::Duration;

use super::backoff::Backoff;
use super::clock::{Clock, Moment};
use super::in_flight::InFlight;
use super::now::Now;
use super::step::{Completion, RequestId, Step};
use crate::call::Call;
use crate::error::{Error, TransportErrorKind};

// One second is also the interval at which Plex's own clients poll.
const BACKOFF: Backoff = Backoff::new(1, 16);

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// A request that is retried with backoff until it succeeds, fails permanently or runs out of time.
/// Its response is read as `T`, and the output of the flow is an `O`.
#[derive(Debug)]
pub(crate) struct Retry<T, O> {
    timeout: Duration,
    backoff: Backoff,
    clock: Clock,
    in_flight: InFlight<T>,
    /// When the next request is due, in elapsed time.
    due: Duration,
    last_error: Option<Error>,
    state: State<O>,
}

#[derive(Debug)]
enum State<O> {
    Active,
    /// Holds the output until it is returned.
    Finished(Option<O>),
}

/// The last error of a flow that gave up, and the time to wait before trying again, if that can
/// help.
#[derive(Debug)]
pub(crate) struct GaveUp {
    pub(crate) error: Error,
    pub(crate) retry_in: Option<Duration>,
}

/// The progress of a flow that retries a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RetryProgress {
    /// The request is in flight, or about to be sent.
    Requesting,
    /// The last request failed, and another one will follow.
    #[non_exhaustive]
    Waiting {
        /// The error from the last request.
        last_error: Error,
        /// The time until the next request.
        next_request: Duration,
    },
    /// The flow is finished.
    Finished,
}

impl<T, O: From<GaveUp>> Retry<T, O> {
    pub(crate) fn new() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
            backoff: BACKOFF,
            clock: Clock::default(),
            in_flight: InFlight::new(),
            due: Duration::ZERO,
            last_error: None,
            state: State::Active,
        }
    }

    /// Sets the time limit for the whole flow. The minimum is one second.
    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout.max(BACKOFF.initial());
    }

    /// Returns the next step. `call` builds the request.
    pub(crate) fn poll(&mut self, now: Now, call: impl Fn() -> Call<T>) -> Step<O> {
        let now = self.clock.at(now);
        if let State::Active = self.state {
            if let Some(error) = self.in_flight.lost(now.elapsed) {
                self.failed_at(now, error);
            }
        }
        if let State::Finished(output) = &mut self.state {
            return output.take().map_or(Step::Finished, Step::Done);
        }
        let left = self.timeout.saturating_sub(now.elapsed);
        if left.is_zero() {
            let error = self.last_error.take().filter(|_| !self.in_flight.is_active());
            let timed_out = TransportErrorKind::TimedOut(self.timeout);
            let error = error.unwrap_or_else(|| call().reply().transport_error(timed_out, true));
            let retry_in = error.is_retryable().then(|| self.backoff.failed(None));
            self.state = State::Finished(None);
            return Step::Done(GaveUp { error, retry_in }.into());
        }
        let wait = self.in_flight.left(now.elapsed).unwrap_or(self.due.saturating_sub(now.elapsed));
        if !wait.is_zero() {
            return Step::Wait(Some(wait.min(left)));
        }
        self.due = now.elapsed.saturating_add(BACKOFF.initial());
        let (id, action) = self.in_flight.start(now.elapsed, call());
        Step::Do(id, action)
    }

    /// Returns the result of the request in flight, or a late success, for the caller to report
    /// with [`end`](Self::end) or [`failed`](Self::failed). Returns `None` if there is nothing to
    /// report, for example because the driver stopped waiting for a request that can be sent again.
    pub(crate) fn complete(
        &mut self,
        now: Now,
        id: RequestId,
        completion: Completion,
        call: impl Fn() -> Call<T>,
    ) -> Option<Result<T, Error>> {
        let arrival = self.in_flight.finish(&mut self.clock, now, id, completion)?;
        // The request in flight may still fail, but a late success is a success.
        let is_ignored = arrival.is_late && !matches!(arrival.result, Some(Ok(_)));
        if is_ignored || !matches!(self.state, State::Active) {
            return None;
        }
        arrival.result.or_else(|| {
            let error = call().reply().transport_error(TransportErrorKind::Cancelled, true);
            (!error.is_retryable()).then_some(Err(error))
        })
    }

    /// Schedules a retry, or gives up if a retry cannot help or would come too late.
    pub(crate) fn failed(&mut self, now: Now, error: Error) {
        let now = self.clock.at(now);
        self.failed_at(now, error);
    }

    fn failed_at(&mut self, now: Moment, error: Error) {
        if !error.is_retryable() {
            return self.end(GaveUp { error, retry_in: None }.into());
        }
        let wait = self.backoff.failed(now.retry_after(&error));
        self.due = now.elapsed.saturating_add(wait);
        if self.due >= self.timeout {
            return self.end(GaveUp { error, retry_in: Some(wait) }.into());
        }
        self.last_error = Some(error);
    }

    /// Ends the flow with this output.
    pub(crate) fn end(&mut self, output: O) {
        self.state = State::Finished(Some(output));
    }

    pub(crate) fn progress(&self, now: Now) -> RetryProgress {
        match (&self.state, &self.last_error) {
            (State::Finished(_), _) => RetryProgress::Finished,
            (State::Active, Some(last_error)) if !self.in_flight.is_active() => {
                let next_request = self.due.saturating_sub(self.clock.peek(now).elapsed);
                RetryProgress::Waiting { last_error: last_error.clone(), next_request }
            }
            (State::Active, _) => RetryProgress::Requesting,
        }
    }
}
