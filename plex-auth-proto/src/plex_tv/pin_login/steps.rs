//! What every login by a PIN does, however its calls are made.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::Response;

use super::failure::Failure;
use super::{Heard, LinkedPin, PinAnswer, PinProgress};
use crate::asked::Asked;
use crate::call::Call;
use crate::conversation::RequestId;
use crate::conversation::one_at_a_time::{LOST, OneAtATime};
use crate::conversation::pace::Pace;
use crate::conversation::plex_clock::{Moment, PlexClock};
use crate::jwt::device_key::SignError;
use crate::no_answer::{NoAnswer, NoAnswerReason, SendError};
use crate::plex_tv::PlexTv;
use crate::plex_tv::poll_pin::PinState;

/// The pace of Plex's own clients, and how slow it gets while there is trouble.
const PACE: Pace = Pace::new(1, 16);

/// How long the making of a PIN is tried again.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a last poll is tried again that met with trouble, when the PIN's time is over.
const GRACE: Duration = Duration::from_secs(30);

/// How long a poll is waited for: the next one has as good a chance, and somebody waits for it.
const POLL: Duration = Duration::from_secs(10);

/// The last of a PIN's time, in which no trouble keeps a poll off for longer than after the first: what is linked
/// then and not asked for before the end is lost, as plex.tv knows no PIN any more that has ended.
const LAST: Duration = Duration::from_secs(20);

/// How a PIN is made and polled.
pub(crate) trait Way<P> {
    fn create(&self, plex_tv: &PlexTv) -> Call<P>;

    fn life(&self, pin: &P) -> Duration;

    /// A poll at a moment by Plex's clock.
    fn poll(&self, plex_tv: &PlexTv, pin: &P, now: SystemTime)
    -> Result<Call<PinState>, SignError>;
}

/// A login by a PIN: what is to be done when, and what has come of it.
#[derive(Clone)]
pub(crate) struct Steps<W, P> {
    pub(crate) plex_tv: PlexTv,
    pub(crate) way: W,
    state: State<P>,
    pub(crate) clock: PlexClock,
    calls: OneAtATime,
    /// What the last call asked.
    asked: Option<Asked>,
    /// When the next call is due, in elapsed time.
    due: Duration,
    pace: Pace,
    /// Why the key could not sign the last poll.
    unsigned: Option<SignError>,
    /// Whether an answer to a poll was lost, which can have been the one with the token.
    pub(crate) may_be_linked: bool,
}

#[derive(Clone)]
enum State<P> {
    Creating {
        /// Until when that is tried again.
        patience: Option<Duration>,
    },
    Polling {
        pin: P,
        deadline: Duration,
        /// Whether the poll that is due or under way is the one at the deadline.
        last: bool,
        /// How many polls it may take, whatever clocks and answers say.
        polls_left: u32,
    },
    /// With what is not told yet.
    Over(Option<Result<LinkedPin, Failure>>),
}

/// What is to be done.
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once and never kept")]
pub(crate) enum Next<P> {
    Send(RequestId, Call<PinAnswer<P>>),
    Wait(Duration),
    Over(Result<LinkedPin, Failure>),
}

impl<W: Way<P>, P: Clone + 'static> Steps<W, P> {
    pub(crate) fn new(plex_tv: PlexTv, way: W) -> Self {
        Self {
            plex_tv,
            way,
            state: State::Creating { patience: None },
            clock: PlexClock::default(),
            calls: OneAtATime::new(),
            asked: None,
            due: Duration::ZERO,
            pace: PACE,
            unsigned: None,
            may_be_linked: false,
        }
    }

    /// One whose PIN was made before a restart, and whose answers since are lost.
    pub(crate) fn of_kept(
        plex_tv: PlexTv,
        way: W,
        now: SystemTime,
        pin: P,
        life: Duration,
    ) -> Self {
        let mut steps = Self::new(plex_tv, way);
        let elapsed = steps.clock.at(now).elapsed;
        steps.state = Self::polling(pin, elapsed, life);
        steps.may_be_linked = true;
        steps
    }

    /// Starts once more, where it is over and has said so.
    pub(crate) fn renew(&mut self) {
        if matches!(self.state, State::Over(None)) {
            self.state = State::Creating { patience: None };
            self.pace = PACE;
            self.unsigned = None;
            self.may_be_linked = false;
        }
    }

    /// The PIN, and how long it can still be linked.
    pub(crate) fn pin(&self, now: SystemTime) -> Option<(&P, Duration)> {
        let State::Polling { pin, deadline, .. } = &self.state else { return None };
        Some((pin, deadline.saturating_sub(self.clock.peek(now).elapsed)))
    }

    pub(crate) fn unsigned(&self) -> Option<SignError> {
        self.unsigned
    }

    pub(crate) fn progress(&self, now: SystemTime) -> PinProgress<P> {
        match &self.state {
            State::Creating { .. } => PinProgress::Creating,
            State::Polling { .. } => self.pin(now).map_or(PinProgress::Over, |(pin, left)| {
                PinProgress::Waiting { pin: pin.clone(), left }
            }),
            State::Over(_) => PinProgress::Over,
        }
    }

    fn polling(pin: P, now: Duration, life: Duration) -> State<P> {
        // Twice as many as fit: each answer may lengthen its life, but none for ever.
        let polls = u32::try_from(life.as_secs()).unwrap_or(u32::MAX).saturating_mul(2);
        let polls_left = polls.saturating_add(16);
        State::Polling { pin, deadline: now.saturating_add(life), last: false, polls_left }
    }

    fn end(&mut self, outcome: Result<LinkedPin, Failure>) {
        self.state = State::Over(Some(outcome));
    }

    pub(crate) fn next(&mut self, now: SystemTime) -> Next<P> {
        let now = self.clock.at(now);
        if self.calls.is_lost(now.elapsed) {
            self.lost(now);
        }
        if let State::Over(outcome) = &mut self.state {
            return outcome.take().map_or(Next::Wait(Duration::MAX), Next::Over);
        }
        if self.calls.is_under_way() {
            return Next::Wait(PACE.steady());
        }
        if now.elapsed < self.due {
            return Next::Wait(self.due.saturating_sub(now.elapsed));
        }
        let call = match &mut self.state {
            State::Polling { pin, deadline, last, .. } => {
                *last = now.elapsed >= *deadline;
                match self.way.poll(&self.plex_tv, pin, now.plex) {
                    Ok(poll) => poll.deadline(POLL).map(|state| PinAnswer(Heard::State(state))),
                    Err(error) => {
                        self.unsigned = Some(error);
                        self.polled(now, Err(Failure::Unsigned(error)));
                        return match &mut self.state {
                            State::Over(outcome) => {
                                outcome.take().map_or(Next::Wait(Duration::MAX), Next::Over)
                            }
                            _ => Next::Wait(self.due.saturating_sub(now.elapsed)),
                        };
                    }
                }
            }
            _ => self.way.create(&self.plex_tv).map(|pin| PinAnswer(Heard::Made(pin))),
        };
        self.unsigned = None;
        self.asked = Some(call.reply().asked().clone());
        Next::Send(self.calls.start(now.elapsed), call)
    }

    pub(crate) fn receive(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<PinAnswer<P>>, SendError>,
    ) {
        if let Ok(answer) = &answer {
            self.clock.learn(now, answer.headers());
        }
        let moment = self.clock.at(now);
        if !self.calls.finish(id) {
            return;
        }
        self.came(moment, answer.map(Response::into_body));
    }

    /// Of the last call nothing came for so long that nothing is waited for any more: that is told as any other
    /// silence is, or it would go on for ever where each answer comes too late.
    fn lost(&mut self, now: Moment) {
        let Some(asked) = &self.asked else { return };
        let silence = NoAnswer::new(asked, NoAnswerReason::TimedOut(LOST), true);
        self.came(now, Err(silence.into()));
    }

    fn came(&mut self, now: Moment, answer: Result<PinAnswer<P>, SendError>) {
        match self.state {
            State::Creating { .. } => self.created(now, answer),
            State::Polling { .. } => self.polled(now, answer.map_err(Failure::Sent)),
            State::Over(_) => {}
        }
    }

    /// What came of the making of the PIN.
    fn created(&mut self, now: Moment, answer: Result<PinAnswer<P>, SendError>) {
        match answer {
            Ok(PinAnswer(Heard::Made(pin))) => {
                let life = self.way.life(&pin);
                self.due = now.elapsed.saturating_add(self.pace.well());
                self.state = Self::polling(pin, now.elapsed, life);
            }
            Ok(PinAnswer(Heard::State(_))) => {}
            Err(error) => {
                let State::Creating { patience } = &mut self.state else { return };
                let until = *patience.get_or_insert(now.elapsed.saturating_add(PATIENCE));
                let retry_after = error.retry_after().map(|after| after.wait(now.plex));
                self.due = now.elapsed.saturating_add(self.pace.trouble(retry_after));
                if !error.may_retry() || self.due > until {
                    self.end(Err(Failure::Sent(error)));
                }
            }
        }
    }

    /// What came of a poll.
    fn polled(&mut self, moment: Moment, answer: Result<PinAnswer<P>, Failure>) {
        let now = moment.elapsed;
        let State::Polling { deadline, last, polls_left, .. } = &mut self.state else { return };
        *polls_left = polls_left.saturating_sub(1);
        let (was_last, exhausted) = (std::mem::take(last), *polls_left == 0);
        match answer {
            Ok(PinAnswer(Heard::State(PinState::Linked {
                auth_token, new_registration, ..
            }))) => {
                self.end(Ok(LinkedPin { auth_token, new_registration }));
            }
            Ok(PinAnswer(Heard::State(PinState::Waiting { expires_in, .. }))) => {
                if let Some(left) = expires_in {
                    *deadline = now.saturating_add(left);
                }
                let over = (was_last || expires_in.is_some()) && *deadline <= now;
                if over || exhausted {
                    return self.end(Err(Failure::Expired));
                }
                self.due = now.saturating_add(self.pace.well());
            }
            Ok(PinAnswer(Heard::Made(_))) => {}
            Err(failure) if failure.is_pin_gone() => self.end(Err(Failure::Expired)),
            Err(failure) => {
                self.may_be_linked |= failure.may_hide_a_token();
                let too_late = was_last && now > deadline.saturating_add(GRACE);
                if failure.is_hopeless() || too_late || exhausted {
                    return self.end(Err(failure));
                }
                let retry_after = failure.retry_after(moment.plex);
                let wait = self.pace.trouble(retry_after);
                // Also where Plex asked to be left alone for longer.
                let least = now.saturating_add(PACE.steady());
                let latest = if now < deadline.saturating_sub(LAST) {
                    deadline.saturating_sub(LAST)
                } else if now < *deadline {
                    now.saturating_add(PACE.steady().saturating_mul(2)).min(*deadline)
                } else {
                    now.saturating_add(GRACE)
                };
                self.due = now.saturating_add(wait).min(latest.max(least));
            }
        }
    }
}

impl<W, P: fmt::Debug> fmt::Debug for Steps<W, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Creating { .. } => "creating",
            State::Polling { pin, .. } => return pin.fmt(f),
            State::Over(_) => "over",
        })
    }
}
