//! What every login by a PIN does, however its calls are made.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::failure::Failure;
use super::progress::{LinkedPin, PinAnswer, PinContent, PinProgress};
use crate::call::Call;
use crate::flow::backoff::Backoff;
use crate::flow::in_flight::InFlight;
use crate::flow::server_clock::ServerClock;
use crate::flow::step::RequestId;
use crate::jwt::SignError;
use crate::operation::context::RequestContext;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::poll_pin::PinState;

mod responses;

/// The pace of Plex's own clients, and how slow it gets while there is trouble.
const BACKOFF: Backoff = Backoff::new(1, 16);

/// How long the making of a PIN is tried again.
const CREATE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a last poll is tried again that met with trouble, when the PIN's time is over.
const FINAL_POLL_GRACE: Duration = Duration::from_secs(30);

/// How long a poll is waited for: the next one has as good a chance, and somebody waits for it.
const POLL_TIMEOUT: Duration = Duration::from_secs(10);

/// The last of a PIN's time, in which no trouble keeps a poll off for longer than after the first: what is linked
/// then and not asked for before the end is lost, as plex.tv knows no PIN any more that has ended.
const FINAL_STRETCH: Duration = Duration::from_secs(20);

/// How much longer the answer that makes a PIN is waited for where a clock that was set forward says that it is
/// overdue: a PIN is not made a second time.
const CLOCK_LEEWAY: Duration = Duration::from_secs(10);

/// How a PIN is made and polled.
pub(crate) trait PinMethod<P> {
    fn create(&self, plex_tv: &PlexTv) -> Call<P>;

    fn life(&self, pin: &P) -> Duration;

    /// A poll at a moment by Plex's clock.
    fn poll(&self, plex_tv: &PlexTv, pin: &P, now: SystemTime)
    -> Result<Call<PinState>, SignError>;
}

/// A login by a PIN: what is to be done when, and what has come of it.
pub(crate) struct PinMachine<M, P> {
    plex_tv: PlexTv,
    method: M,
    state: State<P>,
    clock: ServerClock,
    in_flight: InFlight,
    /// What the last call asked.
    context: Option<RequestContext>,
    /// When the next call is due, in elapsed time.
    due: Duration,
    backoff: Backoff,
    /// Why the key could not sign the last poll.
    sign_error: Option<SignError>,
    /// Whether an answer to a poll was lost, which can have been the one with the token.
    may_be_linked: bool,
}

enum State<P> {
    Creating {
        /// Until when that is tried again.
        give_up_at: Option<Duration>,
    },
    Polling {
        pin: P,
        deadline: Duration,
        /// Whether the poll that is due or under way is the one at the deadline.
        last: bool,
        /// When it was first seen that the deadline is over, which a clock that was set forward puts far behind.
        ended_at: Option<Duration>,
        /// How many polls it may take, whatever clocks and answers say.
        polls_left: u32,
    },
    /// With what is not told yet.
    Finished(Option<Result<LinkedPin, Failure>>),
}

/// What is to be done.
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once and never saved")]
pub(crate) enum Next<P> {
    Send(RequestId, Call<PinAnswer<P>>),
    Wait(Duration),
    Done(Result<LinkedPin, Failure>),
}

impl<M: PinMethod<P>, P: Clone + 'static> PinMachine<M, P> {
    pub(crate) fn new(plex_tv: PlexTv, method: M) -> Self {
        Self {
            plex_tv,
            method,
            state: State::Creating { give_up_at: None },
            clock: ServerClock::default(),
            in_flight: InFlight::new(),
            context: None,
            due: Duration::ZERO,
            backoff: BACKOFF,
            sign_error: None,
            may_be_linked: false,
        }
    }

    /// One whose PIN was made before a restart, and whose answers since are lost.
    pub(crate) fn restored(
        plex_tv: PlexTv,
        method: M,
        now: SystemTime,
        pin: P,
        life: Duration,
    ) -> Self {
        let mut machine = Self::new(plex_tv, method);
        let elapsed = machine.clock.at(now).elapsed;
        machine.state = Self::polling(pin, elapsed, life);
        machine.may_be_linked = true;
        machine
    }

    /// One that is over and has said so.
    pub(crate) fn finished(plex_tv: PlexTv, method: M) -> Self {
        Self { state: State::Finished(None), ..Self::new(plex_tv, method) }
    }

    /// Starts once more, where it is over and has said so.
    pub(crate) fn renew(&mut self) {
        if matches!(self.state, State::Finished(None)) {
            self.in_flight.forget();
            self.state = State::Creating { give_up_at: None };
            self.backoff = BACKOFF;
            self.sign_error = None;
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
        let State::Finished(outcome) = &mut self.state else { return None };
        outcome.take_if(|outcome| outcome.is_err())?.err()
    }

    pub(crate) fn sign_error(&self) -> Option<SignError> {
        self.sign_error
    }

    pub(crate) fn progress(&self, now: SystemTime) -> PinProgress<P> {
        match &self.state {
            State::Creating { .. } => PinProgress::Creating,
            State::Polling { .. } => self.pin(now).map_or(PinProgress::Finished, |(pin, left)| {
                PinProgress::Waiting { pin: pin.clone(), left }
            }),
            State::Finished(_) => PinProgress::Finished,
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
            ended_at: None,
            polls_left,
        }
    }

    fn end(&mut self, outcome: Result<LinkedPin, Failure>) {
        self.in_flight.lose();
        self.state = State::Finished(Some(outcome));
    }

    pub(crate) fn poll(&mut self, now: SystemTime) -> Next<P> {
        let now = self.clock.at(now);
        // Not for polls: the next one shall come before the PIN ends, and what comes late is heard.
        let is_creating = matches!(self.state, State::Creating { .. });
        let leeway = if is_creating { CLOCK_LEEWAY } else { Duration::ZERO };
        if self.in_flight.is_lost_for(now.elapsed, leeway) {
            self.lost(now);
        }
        if let State::Finished(outcome) = &mut self.state {
            return outcome.take().map_or(Next::Wait(Duration::MAX), Next::Done);
        }
        if let State::Polling { deadline, ended_at, .. } = &mut self.state {
            *ended_at = (now.elapsed >= *deadline).then(|| ended_at.unwrap_or(now.elapsed));
        }
        if self.in_flight.is_active() {
            return Next::Wait(BACKOFF.initial());
        }
        if now.elapsed < self.due {
            return Next::Wait(self.due.saturating_sub(now.elapsed));
        }
        let call = match &mut self.state {
            State::Polling { pin, last, ended_at, .. } => {
                *last = ended_at.is_some();
                match self.method.poll(&self.plex_tv, pin, now.plex) {
                    Ok(poll) => {
                        poll.deadline(POLL_TIMEOUT).map(|state| PinAnswer(PinContent::State(state)))
                    }
                    Err(error) => {
                        self.sign_error = Some(error);
                        self.polled(now, Err(Failure::CannotSign(error)));
                        return match &mut self.state {
                            State::Finished(outcome) => {
                                outcome.take().map_or(Next::Wait(Duration::MAX), Next::Done)
                            }
                            _ => Next::Wait(self.due.saturating_sub(now.elapsed)),
                        };
                    }
                }
            }
            _ => self.method.create(&self.plex_tv).map(|pin| PinAnswer(PinContent::Created(pin))),
        };
        self.sign_error = None;
        self.context = Some(call.reply().context().clone());
        Next::Send(self.in_flight.start(now.elapsed), call)
    }
}

impl<M, P> PinMachine<M, P> {
    pub(crate) fn plex_tv(&self) -> &PlexTv {
        &self.plex_tv
    }

    pub(crate) fn method(&self) -> &M {
        &self.method
    }

    /// Whether the PIN may be linked although no poll brought the token.
    pub(crate) fn may_be_linked(&self) -> bool {
        self.may_be_linked
    }

    pub(crate) fn clock(&mut self) -> &mut ServerClock {
        &mut self.clock
    }

    /// The requests of this login, numbered on by whatever follows the PIN.
    pub(crate) fn requests(&mut self) -> &mut InFlight {
        &mut self.in_flight
    }
}

impl<M, P: fmt::Debug> fmt::Debug for PinMachine<M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Creating { .. } => "creating",
            State::Polling { pin, .. } => return pin.fmt(f),
            State::Finished(_) => "finished",
        })
    }
}
