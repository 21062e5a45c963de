use std::fmt;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use super::error::TokenError;
use super::issuer::TokenIssuer;
use super::refresher::Refresher;
use super::slot_state::SlotState;
use super::status::TokenSourceStatus;
use crate::error::{Error, Outcome};
use crate::flow::now::Now;
use crate::flow::save_error::SaveError;
use crate::values::token::Token;

/// A slot for a token that the whole program shares. A clone is another handle to the same slot.
///
/// Callers read the token through a [`TokenWait`](super::token_wait::TokenWait) and report rejected
/// tokens. A [`SharedRefresher`](super::shared_refresher::SharedRefresher) fills the slot. The slot
/// is locked only for short operations, such as copying a token, and none of the program's code
/// runs while it is locked.
#[derive(Clone)]
pub struct TokenSlot(Arc<Inner>);

struct Inner {
    issuer: TokenIssuer,
    state: Mutex<SlotState>,
}

impl TokenSlot {
    pub(super) fn new(issuer: TokenIssuer) -> Self {
        Self(Arc::new(Inner { issuer, state: Mutex::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, SlotState> {
        // Nothing is expected to panic while the state is locked.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a token that is valid at this time, or an error if waiting cannot help. Otherwise,
    /// registers the task to be woken when there is a result.
    pub(super) fn poll_token(
        &self,
        now: Now,
        waiter: &mut Option<u64>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Token, TokenError>> {
        let mut state = self.lock();
        if state.expire(now) {
            // The driver polls the refresher, which then renews the token.
            self.wake_driver(state);
            state = self.lock();
        }
        let caller = thread::current().id();
        if let Some(result) = state.result_for(caller) {
            return Poll::Ready(result);
        }
        drop(state);
        // Cloning and dropping a waker can run the program's code, so the slot is not locked then.
        let new = cx.waker().clone();
        let mut state = self.lock();
        if let Some(result) = state.result_for(caller) {
            return Poll::Ready(result);
        }
        let old = state.wait(waiter, new);
        drop(state);
        drop(old);
        Poll::Pending
    }

    pub(super) fn forget(&self, waiter: u64) {
        let waker = self.lock().forget(waiter);
        drop(waker);
    }

    /// Reports that the issuer rejected this token. The refresher is woken once, regardless of how
    /// many callers report the token. A token that has been replaced is ignored.
    pub fn rejected(&self, token: &Token) {
        let mut state = self.lock();
        if state.reject(token) {
            self.wake_driver(state);
        }
    }

    /// Reports the token as rejected if a call failed with an error that says so. Returns whether
    /// the call can be sent again with another token: the token must have been rejected, and the
    /// call must have been refused or be idempotent.
    pub fn call_failed(&self, token: &Token, error: &Error, is_idempotent: bool) -> bool {
        let is_rejected = self.0.issuer.has_rejected(error);
        if is_rejected {
            self.rejected(token);
        }
        is_rejected && (is_idempotent || error.outcome() == Outcome::Refused)
    }

    /// Ends the token source: callers get [`TokenError::ShutDown`], and the refresher ends when it
    /// is next polled.
    pub fn shutdown(&self) {
        let mut state = self.lock();
        let waiters = state.shut_down();
        self.wake_driver(state);
        waiters.into_values().for_each(Waker::wake);
    }

    /// Returns the state, for display or logging.
    pub fn status(&self) -> TokenSourceStatus {
        self.lock().status()
    }

    /// Returns `Ready` if the driver must poll its flow, for example because a caller reported a
    /// rejected token. In either case, registers the driver's task, to be woken when it must poll
    /// again.
    pub fn poll_driver(&self, cx: &mut Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let (is_due, old) = self.lock().register_driver(waker);
        drop(old);
        if is_due { Poll::Ready(()) } else { Poll::Pending }
    }

    fn wake_driver(&self, mut state: MutexGuard<'_, SlotState>) {
        let driver = state.request_driver();
        drop(state);
        driver.into_iter().for_each(Waker::wake);
    }

    /// Runs the save callback or a part of it. Until the callback returns, a caller that requests
    /// the token on this thread gets the previous token if it is still valid, and an error
    /// otherwise.
    ///
    /// # Errors
    ///
    /// Returns an error if the callback panics.
    pub fn in_save<T>(&self, callback: impl FnOnce() -> T) -> Result<T, SaveError> {
        self.lock().set_saving_thread(Some(thread::current().id()));
        let result = panic::catch_unwind(AssertUnwindSafe(callback));
        self.lock().set_saving_thread(None);
        // The panic message comes from the program and can contain the state.
        result.map_err(|panic| {
            // Dropping the payload could panic again.
            mem::forget(panic);
            SaveError::new("the save callback panicked")
        })
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.lock().is_shut_down()
    }

    pub(super) fn take_rejected(&self) -> Option<Token> {
        self.lock().take_rejected()
    }

    /// Publishes the refresher's token and status.
    pub(super) fn publish(&self, refresher: &impl Refresher, now: Now) {
        let held = refresher.current(now);
        let status = TokenSourceStatus {
            revision: refresher.revision(),
            last_error: refresher.last_error(),
            save_error: refresher.save_error(),
            end: refresher.refusal(),
        };
        let (waiters, old) = self.lock().publish(held, status, now);
        drop(old);
        waiters.into_values().for_each(Waker::wake);
    }

    /// Records why there will be no more tokens. The current token stays valid.
    pub(super) fn end(&self, error: TokenError) {
        let waiters = self.lock().end(error);
        waiters.into_values().for_each(Waker::wake);
    }
}

impl fmt::Debug for TokenSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSlot").field("status", &self.status()).finish_non_exhaustive()
    }
}
