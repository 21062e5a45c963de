//! The state that callers and the driver of a token source share.

use std::collections::BTreeMap;
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
    /// The rejected token, until the refresher knows.
    pub(super) rejected: Option<Token>,
    /// The refresher's status: its revision, its errors, and the reason why it gets no further token.
    pub(super) status: TokenSourceStatus,
    /// The reason why there will be no further token, regardless of what the refresher reports.
    pub(super) end: Option<TokenError>,
    pub(super) is_shut_down: bool,
    /// The thread that runs the callback that saves.
    pub(super) saving_thread: Option<ThreadId>,
    waiters: BTreeMap<u64, Waker>,
    next_waiter: u64,
    pub(super) driver: Option<Waker>,
    pub(super) is_driver_due: bool,
}

/// A token that was handed to the slot at this time.
struct Published {
    held: HeldToken,
    at: Now,
}

impl Published {
    /// Returns whether it is still valid, which it is until either clock says that its time is over.
    fn is_valid(&self, now: Now) -> bool {
        let Some(left) = self.held.left() else { return true };
        let elapsed = now.elapsed().saturating_sub(self.at.elapsed());
        let wall = now.wall().zip(self.at.wall());
        let wall = wall.and_then(|(now, then)| now.duration_since(then).ok());
        elapsed.max(wall.unwrap_or(Duration::ZERO)) < left
    }
}

impl SlotState {
    pub(super) fn is_held(&self, token: &Token) -> bool {
        self.held.as_ref().is_some_and(|held| held.held.token().expose() == token.expose())
    }

    /// Takes the token that the refresher hands out, unless it was rejected meanwhile.
    pub(super) fn publish(&mut self, held: Option<HeldToken>, at: Now) {
        let is_rejected = |held: &HeldToken| {
            self.rejected.as_ref().is_some_and(|token| token.expose() == held.token().expose())
        };
        let held = held.filter(|held| !is_rejected(held));
        self.held = held.map(|held| Published { held, at });
    }

    pub(super) fn withdraw(&mut self) {
        self.held = None;
    }

    /// Withdraws the token if it has expired, and returns whether it has.
    pub(super) fn expire(&mut self, now: Now) -> bool {
        self.held.take_if(|held| !held.is_valid(now)).is_some()
    }

    pub(super) fn token(&self) -> Option<Token> {
        self.held.as_ref().map(|held| held.held.token().clone())
    }

    /// Returns why there will be no token.
    pub(super) fn failure(&self) -> Option<&TokenError> {
        self.end.as_ref().or(self.status.end.as_ref())
    }

    /// Returns whether waiting callers can be given a token or an error.
    pub(super) fn is_settled(&self) -> bool {
        self.held.is_some() || self.is_shut_down || self.failure().is_some()
    }

    /// Adds a waiter, or replaces its waker. Returns the old one, to be dropped without the lock.
    pub(super) fn wait(&mut self, id: &mut Option<u64>, waker: &Waker) -> Option<Waker> {
        let id = *id.get_or_insert_with(|| {
            self.next_waiter += 1;
            self.next_waiter
        });
        self.waiters.insert(id, waker.clone())
    }

    pub(super) fn forget(&mut self, id: u64) -> Option<Waker> {
        self.waiters.remove(&id)
    }

    /// Takes the wakers of all waiters. They are woken without the lock.
    pub(super) fn take_waiters(&mut self) -> BTreeMap<u64, Waker> {
        std::mem::take(&mut self.waiters)
    }
}
