//! What every login by a PIN does, however its calls are made.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::failure::Failure;
use super::{Heard, LinkedPin, PinAnswer, PinProgress};
use crate::call::Call;
use crate::flow::RequestId;
use crate::flow::backoff::Pace;
use crate::flow::in_flight::OneAtATime;
use crate::flow::server_clock::PlexClock;
use crate::jwt::device_key::SignError;
use crate::operation::context::Asked;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::poll_pin::PinState;

mod came;

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

/// How much longer the answer that makes a PIN is waited for where a clock that was set forward says that it is
/// overdue: a PIN is not made a second time.
const LEEWAY: Duration = Duration::from_secs(10);

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
    pub(crate) calls: OneAtATime,
    /// The first call that can be a poll of the last PIN that was made.
    polls_from: RequestId,
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
        /// When it was first seen that the deadline is over, which a clock that was set forward puts far behind.
        over_since: Option<Duration>,
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
            polls_from: RequestId::FIRST,
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

    /// One that is over and has said so.
    pub(crate) fn of_over(plex_tv: PlexTv, way: W) -> Self {
        Self { state: State::Over(None), ..Self::new(plex_tv, way) }
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

    /// Why it brought no token, where it is over and has not said so; then it has.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        let State::Over(outcome) = &mut self.state else { return None };
        outcome.take_if(|outcome| outcome.is_err())?.err()
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
        State::Polling {
            pin,
            deadline: now.saturating_add(life),
            last: false,
            over_since: None,
            polls_left,
        }
    }

    fn end(&mut self, outcome: Result<LinkedPin, Failure>) {
        self.calls.forget();
        self.state = State::Over(Some(outcome));
    }

    pub(crate) fn next(&mut self, now: SystemTime) -> Next<P> {
        let now = self.clock.at(now);
        // Not for polls: the next one shall come before the PIN ends, and what comes late is heard.
        let is_creating = matches!(self.state, State::Creating { .. });
        let leeway = if is_creating { LEEWAY } else { Duration::ZERO };
        if self.calls.is_lost_for(now.elapsed, leeway) {
            self.lost(now);
        }
        if let State::Over(outcome) = &mut self.state {
            return outcome.take().map_or(Next::Wait(Duration::MAX), Next::Over);
        }
        if let State::Polling { deadline, over_since, .. } = &mut self.state {
            *over_since = (now.elapsed >= *deadline).then(|| over_since.unwrap_or(now.elapsed));
        }
        if self.calls.is_under_way() {
            return Next::Wait(PACE.steady());
        }
        if now.elapsed < self.due {
            return Next::Wait(self.due.saturating_sub(now.elapsed));
        }
        let call = match &mut self.state {
            State::Polling { pin, last, over_since, .. } => {
                *last = over_since.is_some();
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
