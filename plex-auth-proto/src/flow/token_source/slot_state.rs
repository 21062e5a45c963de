//! The state shared by a token source's callers and its driver.

use std::collections::BTreeMap;
use std::mem;
use std::task::Waker;
use std::thread::ThreadId;
use std::time::Duration;

use super::error::TokenError;
use super::held_token::HeldToken;
use super::status::TokenSourceStatus;
use crate::flow::now::Now;
use crate::values::token::Token;

#[derive(Default)]
pub(super) struct SlotState {
    held: Option<Published>,
    /// The rejected token, until the refresher is notified.
    rejected: Option<Token>,
    /// The refresher's status, including the reason, if any, that it provides no more tokens.
    status: TokenSourceStatus,
    /// The reason, if any, that there will be no more tokens. It takes precedence over the one in
    /// `status`.
    end: Option<TokenError>,
    is_shut_down: bool,
    /// The thread that is running the save callback.
    saving_thread: Option<ThreadId>,
    waiters: Wakers,
    next_waiter: u64,
    driver: Option<Waker>,
    is_driver_due: bool,
}

/// The wakers of waiting callers. They are invoked and dropped without holding the lock, because
/// both can run the program's code.
pub(super) type Wakers = BTreeMap<u64, Waker>;

/// A token, and the time at which it was published.
struct Published {
    token: HeldToken,
    at: Now,
}

impl Published {
    /// Returns whether the token is still valid. It expires as soon as either clock reaches its
    /// expiry.
    fn is_valid(&self, now: Now) -> bool {
        let Some(left) = self.token.left() else { return true };
        let elapsed = now.elapsed().saturating_sub(self.at.elapsed());
        let wall = now.wall().zip(self.at.wall());
        let wall = wall.and_then(|(now, then)| now.duration_since(then).ok());
        elapsed.max(wall.unwrap_or(Duration::ZERO)) < left
    }
}

impl SlotState {
    /// Returns the result for a caller on this thread, or `None` if the caller has to wait.
    pub(super) fn result_for(&self, caller: ThreadId) -> Option<Result<Token, TokenError>> {
        if self.is_shut_down {
            return Some(Err(TokenError::ShutDown));
        }
        if let Some(held) = &self.held {
            return Some(Ok(held.token.token().clone()));
        }
        if let Some(error) = self.failure() {
            return Some(Err(error.clone()));
        }
        (self.saving_thread == Some(caller)).then_some(Err(TokenError::BeingSaved))
    }

    /// Withdraws the token if it has expired, and returns whether it has.
    pub(super) fn expire(&mut self, now: Now) -> bool {
        self.held.take_if(|held| !held.is_valid(now)).is_some()
    }

    /// Withdraws this token if it is the current one, and returns whether it was.
    pub(super) fn reject(&mut self, token: &Token) -> bool {
        let is_held = |held: &mut Published| held.token.token().expose() == token.expose();
        let is_rejected = self.held.take_if(is_held).is_some();
        if is_rejected {
            self.rejected = Some(token.clone());
        }
        is_rejected
    }

    pub(super) fn take_rejected(&mut self) -> Option<Token> {
        self.rejected.take()
    }

    /// Stores the refresher's status, and its token unless that has been rejected in the meantime.
    /// Returns the waiters if they can be given a result, and the old status, which must be dropped
    /// without holding the lock.
    pub(super) fn publish(
        &mut self,
        held: Option<HeldToken>,
        status: TokenSourceStatus,
        at: Now,
    ) -> (Wakers, TokenSourceStatus) {
        let is_rejected = |held: &HeldToken| {
            self.rejected.as_ref().is_some_and(|token| token.expose() == held.token().expose())
        };
        let held = held.filter(|held| !is_rejected(held));
        self.held = held.map(|held| Published { token: held, at });
        let old = mem::replace(&mut self.status, status);
        let is_settled = self.held.is_some() || self.is_shut_down || self.failure().is_some();
        let waiters = if is_settled { mem::take(&mut self.waiters) } else { Wakers::new() };
        (waiters, old)
    }

    /// Records why there will be no more tokens, and returns the waiters. The current token stays
    /// valid.
    pub(super) fn end(&mut self, error: TokenError) -> Wakers {
        self.end.get_or_insert(error);
        mem::take(&mut self.waiters)
    }

    pub(super) fn shut_down(&mut self) -> Wakers {
        self.is_shut_down = true;
        self.held = None;
        mem::take(&mut self.waiters)
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.is_shut_down
    }

    pub(super) fn status(&self) -> TokenSourceStatus {
        let shutdown = self.is_shut_down.then_some(&TokenError::ShutDown);
        let end = shutdown.or(self.failure()).cloned();
        let mut status = TokenSourceStatus { end, ..self.status.clone() };
        if status.end.is_some() {
            // The refresher's last error is no longer being retried.
            status.last_error = None;
        }
        status
    }

    pub(super) fn set_saving_thread(&mut self, thread: Option<ThreadId>) {
        self.saving_thread = thread;
    }

    /// Adds a waiter, or replaces its waker. Returns the old waker, which must be dropped without
    /// holding the lock.
    pub(super) fn wait(&mut self, id: &mut Option<u64>, waker: Waker) -> Option<Waker> {
        let id = *id.get_or_insert_with(|| {
            self.next_waiter += 1;
            self.next_waiter
        });
        self.waiters.insert(id, waker)
    }

    pub(super) fn forget(&mut self, id: u64) -> Option<Waker> {
        self.waiters.remove(&id)
    }

    /// Replaces the driver's waker. Returns whether the driver has to poll its flow now, and the
    /// old waker, which must be dropped without holding the lock.
    pub(super) fn register_driver(&mut self, waker: Waker) -> (bool, Option<Waker>) {
        let old = self.driver.replace(waker);
        (mem::take(&mut self.is_driver_due), old)
    }

    /// Marks the driver's flow as due, and takes the waker that wakes the driver.
    pub(super) fn request_driver(&mut self) -> Option<Waker> {
        self.is_driver_due = true;
        self.driver.take()
    }

    fn failure(&self) -> Option<&TokenError> {
        self.end.as_ref().or(self.status.end.as_ref())
    }
}
