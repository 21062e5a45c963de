//! Handling the completions of a PIN login's requests and signatures.

use std::time::Duration;

use super::{BACKOFF, PinMachine, PinResponse, State};
use crate::error::{Error, TransportErrorKind};
use crate::flow::backoff::MAX_RETRY_AFTER;
use crate::flow::clock::Moment;
use crate::flow::now::Now;
use crate::flow::pin_login::failure::Failure;
use crate::flow::pin_login::method::PinMethod;
use crate::flow::pin_login::polling::Polling;
use crate::flow::pin_login::progress::LinkedPin;
use crate::flow::step::{Completion, RequestId};
use crate::plex_tv::pin::poll_pin::PinState;

impl<M: PinMethod> PinMachine<M> {
    pub(crate) fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        if self.method.awaits(id) {
            let moment = self.clock.at(now);
            return self.signed(moment, completion);
        }
        let Some(arrival) = self.in_flight.finish(&mut self.clock, now, id, completion) else {
            return;
        };
        let moment = self.clock.at(now);
        match arrival.result {
            // A late token is accepted, because it is not known whether Plex returns it again.
            Some(Ok(PinResponse::State(PinState::Linked {
                auth_token, new_registration, ..
            }))) if arrival.is_late => {
                let is_open = match &self.state {
                    State::Polling(_) | State::FailureTaken => true,
                    State::Finished(outcome) => outcome.as_ref().is_some_and(Result::is_err),
                    State::Creating { .. } => false,
                };
                if is_open {
                    self.end(Ok(LinkedPin { auth_token, new_registration }));
                }
            }
            Some(result) if !arrival.is_late => self.completed(moment, result),
            None if !arrival.is_late => self.cancelled(moment),
            _ => {}
        }
    }

    /// Handles the result of signing a poll. If there is no signature, the poll counts as sent.
    fn signed(&mut self, now: Moment, completion: Completion) {
        let is_cancelled = matches!(completion, Completion::Cancelled);
        let result = self.method.signed(now, completion);
        if let (State::Polling(polling), true) = (&mut self.state, is_cancelled || result.is_err())
        {
            polling.sending(now);
        }
        match result {
            Err(error) => self.polled(now, Err(Failure::CannotSign(error))),
            Ok(()) if is_cancelled => self.poll_cancelled(now),
            Ok(()) => {}
        }
    }

    /// Handles a request that the driver stopped waiting for. A poll is sent again as soon as a
    /// second has passed since the lost one. Creating the PIN is retried after a backoff, because
    /// the lost request may have created a PIN. If no time is left for a retry, the login ends.
    fn cancelled(&mut self, now: Moment) {
        match &mut self.state {
            State::Creating { .. } => {
                if !self.retry_creation(now, None) {
                    let call = self.method.create(&self.plex_tv);
                    let error = call.reply().transport_error(TransportErrorKind::Cancelled, true);
                    self.end_creation(now, None, Failure::Request(error));
                }
            }
            State::Polling(_) => {
                self.may_be_linked = true;
                self.poll_cancelled(now);
            }
            State::FailureTaken | State::Finished(_) => {}
        }
    }

    fn poll_cancelled(&mut self, now: Moment) {
        let State::Polling(polling) = &mut self.state else { return };
        if polling.is_over_after_failure(now) {
            return self.end(Err(Failure::Expired));
        }
        self.due = polling.earliest();
    }

    pub(super) fn completed(&mut self, now: Moment, result: Result<PinResponse, Error>) {
        match self.state {
            State::Creating { .. } => self.created(now, result),
            State::Polling(_) => self.polled(now, result.map_err(Failure::Request)),
            State::FailureTaken | State::Finished(_) => {}
        }
    }

    fn created(&mut self, now: Moment, result: Result<PinResponse, Error>) {
        match result {
            Ok(PinResponse::Created(pin)) => {
                let life = pin.life();
                let polling = Polling::new(*pin, now, life);
                self.backoff.succeeded();
                self.last_error = None;
                self.due = now.elapsed.saturating_add(self.interval.at(Duration::ZERO));
                self.state = State::Polling(Box::new(polling));
            }
            Ok(PinResponse::State(_)) => {}
            Err(error) => {
                let retry_after = now.retry_after(&error);
                let failure = Failure::Request(error);
                if !failure.allows_another_creation() || !self.retry_creation(now, retry_after) {
                    return self.end_creation(now, retry_after, failure);
                }
                self.last_error = Some(failure);
            }
        }
    }

    /// Schedules the next attempt to create the PIN. Returns whether it is within the time limit.
    fn retry_creation(&mut self, now: Moment, retry_after: Option<Duration>) -> bool {
        let State::Creating { give_up_at: Some(end) } = self.state else { return true };
        self.due = now.elapsed.saturating_add(self.backoff.failed(retry_after));
        // The last attempt is made at the time limit, unless less than a second is left or Plex
        // asks for a longer wait.
        let earliest = retry_after.unwrap_or(BACKOFF.initial()).max(BACKOFF.initial());
        if now.elapsed.saturating_add(earliest) <= end {
            self.due = self.due.min(end);
        }
        self.due <= end
    }

    /// Ends the login because no PIN was created. A renewed login waits only if Plex asked the
    /// client to wait.
    fn end_creation(&mut self, now: Moment, retry_after: Option<Duration>, failure: Failure) {
        let wait = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        self.due = now.elapsed.saturating_add(wait);
        self.end(Err(failure));
    }

    pub(super) fn polled(&mut self, now: Moment, result: Result<PinResponse, Failure>) {
        let State::Polling(polling) = &mut self.state else { return };
        match result {
            Ok(PinResponse::State(PinState::Linked { auth_token, new_registration, .. })) => {
                self.end(Ok(LinkedPin { auth_token, new_registration }));
            }
            Ok(PinResponse::State(PinState::Waiting { expires_in, .. })) => {
                self.backoff.succeeded();
                self.last_error = None;
                if polling.is_over_after(now, expires_in, self.clock.is_confirmed()) {
                    return self.end(Err(Failure::Expired));
                }
                self.due = polling.next_poll(now, &self.interval);
            }
            Ok(PinResponse::Created(_)) => {}
            Err(failure) if failure.is_pin_gone() => self.end(Err(Failure::Expired)),
            Err(failure) => {
                self.may_be_linked |= failure.may_hide_a_token();
                self.method.poll_failed();
                polling.correct_deadline(now, None, self.clock.is_confirmed());
                if failure.is_permanent() || polling.is_over_after_failure(now) {
                    return self.end(Err(failure));
                }
                let retry_after = failure.error().and_then(|error| now.retry_after(error));
                let wait = self.backoff.failed(retry_after);
                self.due = polling.next_poll_after_failure(now, wait);
                if retry_after.is_some() {
                    polling.wait_until(self.due);
                } else if polling.is_wanted() {
                    self.due = polling.earliest();
                }
                self.last_error = Some(failure);
            }
        }
    }
}
