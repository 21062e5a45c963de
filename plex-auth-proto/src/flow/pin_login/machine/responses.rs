//! What has come of the calls of a login, and what becomes of it.

use std::time::SystemTime;

use http::Response;

use super::super::failure::Failure;
use super::super::progress::{LinkedPin, PinAnswer, PinContent};
use super::{
    BACKOFF, CREATE_TIMEOUT, FINAL_POLL_GRACE, FINAL_STRETCH, PinMachine, PinMethod, State,
};
use crate::error::{Error, TransportError, TransportErrorKind};
use crate::flow::in_flight::LOST_AFTER;
use crate::flow::server_clock::Times;
use crate::flow::step::RequestId;
use crate::plex_tv::pin::poll_pin::PinState;

impl<M: PinMethod<P>, P: Clone + 'static> PinMachine<M, P> {
    pub(crate) fn complete(
        &mut self,
        now: SystemTime,
        id: RequestId,
        answer: Result<Response<PinAnswer<P>>, Error>,
    ) {
        let Some(arrival) = self.in_flight.finish(id) else { return };
        if let Ok(answer) = &answer {
            self.clock.learn(now, answer.headers());
        }
        let moment = self.clock.at(now);
        let answer = answer.map(Response::into_body);
        if !arrival.is_late {
            return self.completed(moment, answer);
        }
        let has_pin = matches!(self.state, State::Polling { .. } | State::Finished(Some(Err(_))));
        if let Some(linked) = answer.ok().and_then(PinAnswer::into_linked).filter(|_| has_pin) {
            self.end(Ok(linked));
        }
    }

    /// Of the last call nothing came for so long that nothing is waited for any more: that is told as any other
    /// silence is, or it would go on for ever where each answer comes too late.
    pub(super) fn lost(&mut self, now: Times) {
        let Some(context) = &self.context else { return };
        let error = TransportError::new(context, TransportErrorKind::TimedOut(LOST_AFTER), true);
        self.completed(now, Err(error.into()));
    }

    fn completed(&mut self, now: Times, answer: Result<PinAnswer<P>, Error>) {
        match self.state {
            State::Creating { .. } => self.created(now, answer),
            State::Polling { .. } => self.polled(now, answer.map_err(Failure::Request)),
            State::Finished(_) => {}
        }
    }

    /// What came of the making of the PIN.
    fn created(&mut self, now: Times, answer: Result<PinAnswer<P>, Error>) {
        match answer {
            Ok(PinAnswer(PinContent::Created(pin))) => {
                let life = self.method.life(&pin);
                self.due = now.elapsed.saturating_add(self.backoff.succeeded());
                self.state = Self::polling(pin, now.elapsed, life);
            }
            Ok(PinAnswer(PinContent::State(_))) => {}
            Err(error) => {
                let State::Creating { give_up_at } = &mut self.state else { return };
                let until = *give_up_at.get_or_insert(now.elapsed.saturating_add(CREATE_TIMEOUT));
                let retry_after = error.retry_after().map(|after| after.wait(now.plex));
                self.due = now.elapsed.saturating_add(self.backoff.failed(retry_after));
                if !error.is_retryable() || self.due > until {
                    self.end(Err(Failure::Request(error)));
                }
            }
        }
    }

    /// What came of a poll.
    pub(super) fn polled(&mut self, moment: Times, answer: Result<PinAnswer<P>, Failure>) {
        let now = moment.elapsed;
        let State::Polling { deadline, last, ended_at, polls_left, .. } = &mut self.state else {
            return;
        };
        *polls_left = polls_left.saturating_sub(1);
        let (was_last, exhausted) = (std::mem::take(last), *polls_left == 0);
        match answer {
            Ok(PinAnswer(PinContent::State(PinState::Linked {
                auth_token,
                new_registration,
                ..
            }))) => {
                self.end(Ok(LinkedPin { auth_token, new_registration }));
            }
            Ok(PinAnswer(PinContent::State(PinState::Waiting { expires_in, .. }))) => {
                if let Some(left) = expires_in {
                    *deadline = now.saturating_add(left);
                }
                let over = (was_last || expires_in.is_some()) && *deadline <= now;
                if over || exhausted {
                    return self.end(Err(Failure::Expired));
                }
                self.due = now.saturating_add(self.backoff.succeeded());
            }
            Ok(PinAnswer(PinContent::Created(_))) => {}
            Err(failure) if failure.is_pin_gone() => self.end(Err(Failure::Expired)),
            Err(failure) => {
                self.may_be_linked |= failure.may_hide_a_token();
                let since = ended_at.unwrap_or(now);
                let too_late = was_last && now > since.saturating_add(FINAL_POLL_GRACE);
                if failure.is_permanent() || too_late || exhausted {
                    return self.end(Err(failure));
                }
                let retry_after = failure.retry_after(moment.plex);
                let wait = self.backoff.failed(retry_after);
                // Also where Plex asked to be left alone for longer.
                let least = now.saturating_add(BACKOFF.initial());
                let latest = if now < deadline.saturating_sub(FINAL_STRETCH) {
                    deadline.saturating_sub(FINAL_STRETCH)
                } else if now < *deadline {
                    now.saturating_add(BACKOFF.initial().saturating_mul(2)).min(*deadline)
                } else {
                    now.saturating_add(FINAL_POLL_GRACE)
                };
                self.due = now.saturating_add(wait).min(latest.max(least));
            }
        }
    }
}
