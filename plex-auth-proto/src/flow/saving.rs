//! Saving a flow's state through the driver. A new token is withheld until the driver has tried to
//! save it.

use std::time::Duration;

use super::save_error::SaveError;
use super::step::{Action, Completion, RequestId};
use crate::values::secret::Secret;
use crate::values::token::Token;

// A program that keeps dropping its driver must not save continuously.
const CANCELLED_WAIT: Duration = Duration::from_secs(1);

/// The saves that a flow requests from its driver. Only one is in flight at a time, so that an
/// older state never replaces a newer one.
#[derive(Debug)]
pub(crate) struct Saving<T> {
    /// The token that is handed out after the driver has tried to save it.
    unsaved: Option<T>,
    is_due: bool,
    in_flight: Option<(RequestId, Option<Token>)>,
    /// The earliest time at which a save may be started, in elapsed time.
    not_before: Duration,
    error: Option<SaveError>,
}

impl<T> Saving<T> {
    pub(crate) fn new() -> Self {
        Self {
            unsaved: None,
            is_due: false,
            in_flight: None,
            not_before: Duration::ZERO,
            error: None,
        }
    }

    /// Requests a save without a new token.
    pub(crate) fn request(&mut self) {
        self.is_due = true;
    }

    /// Holds a new token until the driver has tried to save it. Replaces a token that has not been
    /// saved yet.
    pub(crate) fn hold(&mut self, token: T) {
        self.unsaved = Some(token);
        self.is_due = true;
    }

    /// Discards the token that has not been saved yet, if `is_over` returns true for it.
    pub(crate) fn discard_if(&mut self, is_over: impl FnOnce(&T) -> bool) {
        if self.unsaved.take_if(|unsaved| is_over(unsaved)).is_some() {
            self.is_due = false;
        }
    }

    pub(crate) fn unsaved(&self) -> Option<&T> {
        self.unsaved.as_ref()
    }

    /// Returns why the last save failed, if it did.
    pub(crate) fn error(&self) -> Option<&SaveError> {
        self.error.as_ref()
    }

    /// Returns whether a save is due or in flight.
    pub(crate) fn is_active(&self) -> bool {
        self.is_due || self.in_flight.is_some()
    }

    /// Returns the time until a save has to be started; `None` if no save is due, or one is in
    /// flight.
    pub(crate) fn wait(&self, now: Duration) -> Option<Duration> {
        (self.is_due && self.in_flight.is_none()).then(|| self.not_before.saturating_sub(now))
    }

    pub(crate) fn start(&mut self, state: Secret, token: Option<Token>) -> (RequestId, Action) {
        let id = RequestId::unique();
        self.is_due = false;
        self.in_flight = Some((id, token));
        (id, Action::Save(state))
    }

    /// Gives up on a save that cannot be started, and returns the token to hand out, if there is
    /// one.
    pub(crate) fn skip(&mut self, error: SaveError) -> Option<T> {
        self.is_due = false;
        self.error = Some(error);
        self.unsaved.take()
    }

    pub(crate) fn awaits(&self, id: RequestId) -> bool {
        self.in_flight.as_ref().is_some_and(|(own, _)| *own == id)
    }

    /// Handles the completion of the save in flight. Returns `None` if a save is still in flight or
    /// due, and otherwise the token to hand out, if there is one.
    pub(crate) fn finish(&mut self, now: Duration, completion: Completion) -> Option<Option<T>> {
        let result = match completion {
            Completion::Saved(result) => result,
            Completion::Unsupported => Err(SaveError::unsupported()),
            Completion::Cancelled => {
                self.in_flight = None;
                self.is_due = true;
                self.not_before = now.saturating_add(CANCELLED_WAIT);
                return None;
            }
            _ => return None,
        };
        let token = self.in_flight.take().and_then(|(_, token)| token);
        self.error = result.err().map(|error| match token {
            Some(token) => error.without(&token),
            None => error,
        });
        (!self.is_due).then(|| self.unsaved.take())
    }
}
