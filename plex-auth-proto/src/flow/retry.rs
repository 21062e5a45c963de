use std::time::{Duration, SystemTime};

use crate::call::Call;
use crate::error::SendError;
use crate::error::transport::NoAnswerReason;
use crate::flow::backoff::Pace;
use crate::flow::elapsed::Elapsed;
use crate::flow::{Conversation, RequestId, Step};

/// The pace, and how slow it gets while there is trouble.
const PACE: Pace = Pace::new(1, 16);

/// How long the whole may take unless set.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One question, asked again at a pace while there is trouble, with a bound on the whole, until it ends in an outcome
/// `O`.
#[derive(Clone, Debug)]
pub(crate) struct Attempts<O> {
    patience: Duration,
    pace: Pace,
    elapsed: Elapsed,
    next_id: RequestId,
    under_way: Option<RequestId>,
    /// When the next attempt is due, in elapsed time.
    due: Duration,
    /// What the last attempt met with.
    trouble: Option<SendError>,
    over: bool,
    /// What it has ended in and not told yet.
    outcome: Option<O>,
}

/// A question that was given up, and how long to leave it before it is asked again, where that helps.
#[derive(Debug)]
pub(crate) struct GivenUp {
    pub(crate) why: SendError,
    pub(crate) ask_again: Option<Duration>,
}

/// How far a question has come that is asked until there is an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AskProgress {
    /// It is being asked.
    Asking,
    /// It met with trouble, and will be asked again.
    #[non_exhaustive]
    Pausing {
        /// What it met with.
        why: SendError,
        /// In how long it will be asked again.
        left: Duration,
    },
    /// It is over.
    Over,
}

impl<O: From<GivenUp>> Attempts<O> {
    pub(crate) fn new() -> Self {
        Self {
            patience: PATIENCE,
            pace: PACE,
            elapsed: Elapsed::default(),
            next_id: RequestId::FIRST,
            under_way: None,
            due: Duration::ZERO,
            trouble: None,
            over: false,
            outcome: None,
        }
    }

    /// How long the whole may take, a second at least.
    pub(crate) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience.max(PACE.steady());
    }

    /// The next step of the conversation that asks the question, which `call` makes.
    pub(crate) fn next<C>(&mut self, now: SystemTime, call: impl Fn() -> Call<C::Answer>) -> Step<C>
    where
        C: Conversation<Outcome = O>,
    {
        let now = self.elapsed.at(now);
        if let Some(outcome) = self.outcome.take() {
            return Step::Done(outcome);
        }
        if self.over {
            return Step::Wait(Duration::MAX);
        }
        let left = self.patience.saturating_sub(now);
        if left.is_zero() {
            // What was heard last, unless a call is under way.
            let heard = self.trouble.take().filter(|_| self.under_way.is_none());
            let timed_out = NoAnswerReason::TimedOut(self.patience);
            let why = heard.unwrap_or_else(|| call().reply().no_answer(timed_out, true));
            let ask_again = why.may_retry().then(|| self.pace.trouble(None));
            self.close();
            return Step::Done(GivenUp { why, ask_again }.into());
        }
        if self.under_way.is_some() {
            return Step::Wait(left.min(PACE.steady()));
        }
        if now < self.due {
            return Step::Wait(left.min(self.due.saturating_sub(now)));
        }
        let id = self.next_id.take();
        self.under_way = Some(id);
        Step::Send(id, call())
    }

    /// Whether this is the attempt that is under way. It is not any longer.
    pub(crate) fn heard(&mut self, now: SystemTime, id: RequestId) -> bool {
        self.elapsed.at(now);
        !self.over && self.under_way.take_if(|under_way| *under_way == id).is_some()
    }

    /// An attempt met with trouble: the question is asked again, or given up.
    pub(crate) fn trouble(&mut self, now: SystemTime, why: SendError) {
        if !why.may_retry() {
            return self.end(GivenUp { why, ask_again: None }.into());
        }
        let retry_after = why.retry_after().map(|after| after.wait(now));
        let wait = self.pace.trouble(retry_after);
        self.due = self.elapsed.peek(now).saturating_add(wait);
        if self.due >= self.patience {
            return self.end(GivenUp { why, ask_again: Some(wait) }.into());
        }
        self.trouble = Some(why);
    }

    /// It ends in this.
    pub(crate) fn end(&mut self, outcome: O) {
        self.close();
        self.outcome = Some(outcome);
    }

    fn close(&mut self) {
        self.over = true;
        self.under_way = None;
        self.trouble = None;
    }

    pub(crate) fn progress(&self, now: SystemTime) -> AskProgress {
        match &self.trouble {
            _ if self.over => AskProgress::Over,
            Some(why) if self.under_way.is_none() => {
                let left = self.due.saturating_sub(self.elapsed.peek(now));
                AskProgress::Pausing { why: why.clone(), left }
            }
            _ => AskProgress::Asking,
        }
    }
}
