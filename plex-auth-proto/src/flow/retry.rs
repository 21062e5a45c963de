use std::time::{Duration, SystemTime};

use crate::call::Call;
use crate::error::{Error, TransportError, TransportErrorKind};
use crate::flow::backoff::Backoff;
use crate::flow::elapsed::Elapsed;
use crate::flow::step::{Flow, RequestId, Step};
use crate::operation::context::RequestContext;

/// The pace, and how slow it gets while there is trouble.
const BACKOFF: Backoff = Backoff::new(1, 16);

/// How long the whole may take unless set.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// One request, sent again with backoff until it succeeds, fails for good or runs out of time; ends in an output `O`.
#[derive(Debug)]
pub(crate) struct Retry<O> {
    timeout: Duration,
    backoff: Backoff,
    elapsed: Elapsed,
    state: State<O>,
}

#[derive(Debug)]
enum State<O> {
    /// The first request is due.
    Start,
    InFlight {
        id: RequestId,
        context: Box<RequestContext>,
    },
    Waiting {
        /// When the next request is due, in elapsed time.
        due: Duration,
        last_error: Error,
    },
    /// With the output, until it is handed out.
    Finished(Option<O>),
}

/// A question that was given up, and how long to leave it before it is asked again, where that helps.
#[derive(Debug)]
pub(crate) struct GaveUp {
    pub(crate) error: Error,
    pub(crate) retry_in: Option<Duration>,
}

/// How far a question has come that is asked until there is an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RetryProgress {
    /// It is being asked.
    Requesting,
    /// It met with trouble, and will be asked again.
    #[non_exhaustive]
    Waiting {
        /// What it met with.
        last_error: Error,
        /// In how long it will be asked again.
        left: Duration,
    },
    /// It is over.
    Finished,
}

impl<O: From<GaveUp>> Retry<O> {
    pub(crate) fn new() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
            backoff: BACKOFF,
            elapsed: Elapsed::default(),
            state: State::Start,
        }
    }

    /// Sets how long all of it may take, a second at least.
    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout.max(BACKOFF.initial());
    }

    /// Returns the next step of the flow whose request `call` builds.
    pub(crate) fn poll<C>(
        &mut self,
        now: SystemTime,
        call: impl Fn() -> Call<C::Response>,
    ) -> Step<C>
    where
        C: Flow<Output = O>,
    {
        let now = self.elapsed.at(now);
        let left = self.timeout.saturating_sub(now);
        match &mut self.state {
            State::Finished(output) => {
                return output.take().map_or(Step::Wait(Duration::MAX), Step::Done);
            }
            State::InFlight { context, .. } if left.is_zero() => {
                let timed_out = TransportErrorKind::TimedOut(self.timeout);
                let error = TransportError::new(context, timed_out, true).into();
                return Step::Done(self.give_up(error));
            }
            State::InFlight { .. } => return Step::Wait(left.min(BACKOFF.initial())),
            State::Waiting { last_error, .. } if left.is_zero() => {
                let error = last_error.clone();
                return Step::Done(self.give_up(error));
            }
            State::Waiting { due, .. } if now < *due => {
                return Step::Wait(left.min(due.saturating_sub(now)));
            }
            State::Start | State::Waiting { .. } => {}
        }
        let (id, call) = (RequestId::unique(), call());
        self.state = State::InFlight { id, context: Box::new(call.reply().context().clone()) };
        Step::Send(id, call)
    }

    /// Returns whether this is the request that is in flight. If so, the caller then reports a failure or the end.
    pub(crate) fn complete(&mut self, now: SystemTime, id: RequestId) -> bool {
        self.elapsed.at(now);
        matches!(self.state, State::InFlight { id: current, .. } if current == id)
    }

    /// Waits before the next request, or gives up if that is of no use or comes too late.
    pub(crate) fn failed(&mut self, now: SystemTime, error: Error) {
        if !error.is_retryable() {
            return self.end(GaveUp { error, retry_in: None }.into());
        }
        let retry_after = error.retry_after().map(|after| after.wait(now));
        let wait = self.backoff.failed(retry_after);
        let due = self.elapsed.peek(now).saturating_add(wait);
        if due >= self.timeout {
            return self.end(GaveUp { error, retry_in: Some(wait) }.into());
        }
        self.state = State::Waiting { due, last_error: error };
    }

    /// Ends with this output.
    pub(crate) fn end(&mut self, output: O) {
        self.state = State::Finished(Some(output));
    }

    /// Ends now, because the time is over.
    fn give_up(&mut self, error: Error) -> O {
        let retry_in = error.is_retryable().then(|| self.backoff.failed(None));
        self.state = State::Finished(None);
        GaveUp { error, retry_in }.into()
    }

    pub(crate) fn progress(&self, now: SystemTime) -> RetryProgress {
        match &self.state {
            State::Start | State::InFlight { .. } => RetryProgress::Requesting,
            State::Waiting { due, last_error } => {
                let left = due.saturating_sub(self.elapsed.peek(now));
                RetryProgress::Waiting { last_error: last_error.clone(), left }
            }
            State::Finished(_) => RetryProgress::Finished,
        }
    }
}
