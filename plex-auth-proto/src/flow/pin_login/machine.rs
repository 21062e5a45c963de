//! The part that all PIN logins share: creating a PIN and polling it.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::failure::Failure;
use super::login_pin::LoginPin;
use super::method::{PinMethod, Poll};
use super::polling::{PollInterval, Polling};
use super::progress::{LinkedPin, PinProgress};
use crate::flow::backoff::Backoff;
use crate::flow::clock::{Clock, Moment};
use crate::flow::in_flight::InFlight;
use crate::flow::now::Now;
use crate::flow::step::Step;
use crate::jwt::SignError;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::MAX_LIFETIME;
use crate::plex_tv::pin::poll_pin::PinState;

mod completions;

const BACKOFF: Backoff = Backoff::new(1, 16);

// While the PIN is being created, the user is looking at a page that shows no code yet.
const CREATE_TIMEOUT: Duration = Duration::from_secs(10);

// Even the last request to create a PIN must have time to succeed over a slow network.
const MIN_CREATE_DEADLINE: Duration = Duration::from_secs(5);

// After this time, a new poll is at least as likely to get a response as the current one, and the
// user is waiting.
const POLL_TIMEOUT: Duration = Duration::from_secs(10);

/// The state machine of a PIN login.
pub(crate) struct PinMachine<M> {
    plex_tv: PlexTv,
    method: M,
    state: State,
    clock: Clock,
    in_flight: InFlight<PinResponse>,
    /// The elapsed time at which the next request is due.
    due: Duration,
    backoff: Backoff,
    interval: PollInterval,
    create_timeout: Duration,
    last_error: Option<Failure>,
    /// Whether a poll response that contained the token may have been lost.
    may_be_linked: bool,
}

/// The response to a request that creates or polls a PIN.
#[derive(Debug)]
enum PinResponse {
    Created(Box<LoginPin>),
    State(PinState),
}

enum State {
    Creating {
        /// The elapsed time at which to give up; set when the first request is sent.
        give_up_at: Option<Duration>,
    },
    Polling(Box<Polling>),
    /// The caller has taken the failure, but a late token is still accepted.
    FailureTaken,
    /// Holds the outcome until it is returned.
    Finished(Option<Result<LinkedPin, Failure>>),
}

impl<M: PinMethod> PinMachine<M> {
    pub(crate) fn new(plex_tv: PlexTv, method: M) -> Self {
        Self {
            plex_tv,
            method,
            state: State::Creating { give_up_at: None },
            clock: Clock::default(),
            in_flight: InFlight::new(),
            due: Duration::ZERO,
            backoff: BACKOFF,
            interval: PollInterval::default(),
            create_timeout: CREATE_TIMEOUT,
            last_error: None,
            may_be_linked: false,
        }
    }

    /// Creates a login from a PIN that was created before a restart. Responses to earlier polls may
    /// have been lost, so the PIN may already have been linked. Without a wall clock or a saved
    /// expiry, the PIN's remaining lifetime is unknown, so it gets its full lifetime again.
    pub(crate) fn restored(
        plex_tv: PlexTv,
        method: M,
        now: Now,
        pin: LoginPin,
        ends_at: Option<SystemTime>,
    ) -> Self {
        let mut machine = Self::new(plex_tv, method);
        let moment = machine.clock.at(now);
        let left = ends_at.zip(moment.server).map(|(end, now)| end.duration_since(now));
        let left = left.map(|left| left.unwrap_or_default().min(MAX_LIFETIME));
        let life = left.unwrap_or(pin.life());
        let polling = Polling::new(pin, moment, life).restored_until(ends_at);
        machine.state = State::Polling(Box::new(polling));
        machine.may_be_linked = true;
        machine
    }

    /// Creates a login that is finished and has returned its outcome.
    pub(crate) fn finished(plex_tv: PlexTv, method: M) -> Self {
        Self { state: State::Finished(None), ..Self::new(plex_tv, method) }
    }

    /// Starts again with a new PIN, if the login is finished and has returned its outcome.
    pub(crate) fn renew(&mut self) {
        if matches!(self.state, State::Finished(None)) {
            self.in_flight.forget();
            self.state = State::Creating { give_up_at: None };
            self.backoff = BACKOFF;
            self.last_error = None;
            self.may_be_linked = false;
        }
    }

    pub(crate) fn set_poll_interval(&mut self, interval: PollInterval) {
        self.interval = interval;
    }

    pub(crate) fn set_create_timeout(&mut self, timeout: Duration) {
        self.create_timeout = timeout;
    }

    /// Polls as soon as a second has passed since the last poll and its response has arrived, unless
    /// Plex asked for a longer wait.
    pub(crate) fn poll_now(&mut self) {
        if let State::Polling(polling) = &mut self.state {
            self.due = self.due.min(polling.want());
        }
    }

    pub(crate) fn pin(&self) -> Option<&LoginPin> {
        match &self.state {
            State::Polling(polling) => Some(polling.pin()),
            _ => None,
        }
    }

    /// Returns the PIN that is being polled, if any, and the Unix time at which it expires, if
    /// known.
    pub(crate) fn saved_pin(&self, now: Now) -> Option<(&LoginPin, Option<Duration>)> {
        let State::Polling(polling) = &self.state else { return None };
        let moment = self.clock.peek(now);
        let ends_at = polling.saved_end(moment);
        let ends_at = ends_at.and_then(|end| end.duration_since(SystemTime::UNIX_EPOCH).ok());
        Some((polling.pin(), ends_at))
    }

    /// Takes the failure if the login has failed and has not returned it yet. A late token is still
    /// accepted until [`close`](Self::close) is called.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        let State::Finished(outcome) = &mut self.state else { return None };
        let failure = outcome.take_if(|outcome| outcome.is_err())?.err();
        self.state = State::FailureTaken;
        failure
    }

    /// Stops accepting a late token, because the login has returned its outcome.
    pub(crate) fn close(&mut self) {
        self.in_flight.abandon();
        self.state = State::Finished(None);
    }

    /// Takes the token if one has arrived and has not been returned yet.
    pub(crate) fn take_linked(&mut self) -> Option<LinkedPin> {
        let State::Finished(outcome) = &mut self.state else { return None };
        outcome.take_if(|outcome| outcome.is_ok())?.ok()
    }

    pub(crate) fn progress(&self, now: Now) -> PinProgress {
        let moment = self.clock.peek(now);
        let last_error = self.last_error.as_ref().and_then(Failure::error).cloned();
        let next_request = match self.in_flight.is_active() {
            true => Duration::ZERO,
            false => self.due.saturating_sub(moment.elapsed),
        };
        match &self.state {
            State::Creating { .. } => PinProgress::Creating { last_error, next_request },
            State::Polling(polling) => PinProgress::Waiting {
                pin: polling.pin().clone(),
                left: polling.left(moment),
                last_error,
                next_request,
            },
            State::FailureTaken | State::Finished(_) => PinProgress::Finished,
        }
    }

    pub(crate) fn sign_error(&self) -> Option<SignError> {
        match self.last_error {
            Some(Failure::CannotSign(error)) => Some(error),
            _ => None,
        }
    }

    pub(crate) fn plex_tv(&self) -> &PlexTv {
        &self.plex_tv
    }

    pub(crate) fn method(&self) -> &M {
        &self.method
    }

    /// Returns whether the PIN may have been linked even though no poll returned the token.
    pub(crate) fn may_be_linked(&self) -> bool {
        self.may_be_linked
    }

    pub(crate) fn clock(&mut self) -> &mut Clock {
        &mut self.clock
    }

    fn end(&mut self, outcome: Result<LinkedPin, Failure>) {
        self.in_flight.abandon();
        self.state = State::Finished(Some(outcome));
    }

    pub(crate) fn poll(&mut self, now: Now) -> Step<Result<LinkedPin, Failure>> {
        let now = self.clock.at(now);
        if let Some(error) = self.in_flight.lost(now.elapsed) {
            self.completed(now, Err(error));
        }
        if let State::Polling(polling) = &self.state {
            if polling.needs_wall_poll(now) {
                self.due = self.due.min(polling.earliest());
            }
        }
        let wait = self.in_flight.left(now.elapsed).unwrap_or(self.due.saturating_sub(now.elapsed));
        let call = match &mut self.state {
            State::FailureTaken => return Step::Finished,
            State::Finished(_) => return self.take_outcome(),
            _ if !wait.is_zero() => return Step::Wait(Some(wait)),
            State::Creating { give_up_at } => {
                let end = now.elapsed.saturating_add(self.create_timeout);
                let left = give_up_at.get_or_insert(end).saturating_sub(now.elapsed);
                let call =
                    self.method.create(&self.plex_tv).deadline(left.max(MIN_CREATE_DEADLINE));
                call.map(|pin| PinResponse::Created(Box::new(pin)))
            }
            State::Polling(polling) => match self.method.poll(&self.plex_tv, polling.pin(), now) {
                Ok(Poll::Call(call)) => {
                    polling.sending(now);
                    call.deadline(POLL_TIMEOUT).map(PinResponse::State)
                }
                Ok(Poll::Sign(id, action)) => return Step::Do(id, action),
                Ok(Poll::Wait(until)) => {
                    return Step::Wait(Some(until.saturating_sub(now.elapsed)));
                }
                Err(error) => {
                    polling.sending(now);
                    self.polled(now, Err(Failure::CannotSign(error)));
                    return self.after_sign_error(now);
                }
            },
        };
        let (id, action) = self.in_flight.start(now.elapsed, call);
        Step::Do(id, action)
    }

    fn after_sign_error(&mut self, now: Moment) -> Step<Result<LinkedPin, Failure>> {
        match &self.state {
            State::Finished(_) => self.take_outcome(),
            _ => Step::Wait(Some(self.due.saturating_sub(now.elapsed))),
        }
    }

    fn take_outcome(&mut self) -> Step<Result<LinkedPin, Failure>> {
        if let Some(failure) = self.take_failure() {
            return Step::Done(Err(failure));
        }
        self.take_linked().map_or(Step::Finished, |linked| Step::Done(Ok(linked)))
    }
}

impl<M> fmt::Debug for PinMachine<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Creating { .. } => "creating",
            State::Polling(polling) => return polling.pin().fmt(f),
            State::FailureTaken | State::Finished(_) => "finished",
        })
    }
}
