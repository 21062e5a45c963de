use super::error::TokenError;
use super::refresher::Refresher;
use super::slot::TokenSlot;
use crate::flow::now::Now;
use crate::flow::step::{Completion, Flow, RequestId, Step};

/// A refresher that publishes its token in a [`TokenSlot`].
///
/// Drive it like any other flow, and poll it again whenever [`TokenSlot::poll_driver`] returns
/// `Ready`. It finishes when the slot is shut down or the refresher finishes. When it is dropped,
/// waiting callers get an error.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use std::task::{Context, Poll, Waker};
/// use std::time::Duration;
/// use plex_auth_proto::flow::Now;
/// use plex_auth_proto::token_source::{SharedRefresher, TokenError};
/// use plex_auth_proto::{ClientIdentity, Flow, PlexTv, Step, Token};
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let fixed = plex_tv.fixed_token(Token::new("xyz-Abc_0123456789ab")?);
/// let now = Now::without_wall_clock(Duration::ZERO); // the program's clock
/// let (slot, mut flow) = SharedRefresher::new(fixed, now);
///
/// let mut cx = Context::from_waker(Waker::noop()); // the caller's task
/// let Poll::Ready(Ok(token)) = slot.wait().poll(now, &mut cx) else { panic!() };
/// slot.rejected(&token);
/// assert!(slot.poll_driver(&mut cx).is_ready());
/// assert!(matches!(flow.poll(now), Step::Wait(None)));
/// assert!(matches!(slot.wait().poll(now, &mut cx), Poll::Ready(Err(TokenError::Rejected))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a flow does nothing until it is driven"]
pub struct SharedRefresher<R: Refresher> {
    refresher: R,
    slot: TokenSlot,
    is_finished: bool,
}

impl<R: Refresher> SharedRefresher<R> {
    /// Creates the slot and the flow. If the refresher already has a valid token, the slot contains
    /// it from the start.
    pub fn new(refresher: R, now: Now) -> (TokenSlot, Self) {
        let slot = TokenSlot::new(refresher.issuer());
        slot.publish(&refresher, now);
        (slot.clone(), Self { refresher, slot, is_finished: false })
    }
}

impl<R: Refresher> Flow for SharedRefresher<R> {
    type Output = ();

    fn poll(&mut self, now: Now) -> Step<()> {
        if self.is_finished {
            return Step::Finished;
        }
        if self.slot.is_shut_down() {
            self.is_finished = true;
            return Step::Done(());
        }
        if let Some(token) = self.slot.take_rejected() {
            self.refresher.rejected(now, &token);
        }
        let step = self.refresher.poll(now);
        self.slot.publish(&self.refresher, now);
        match step {
            Step::Done(end) => {
                let end: Box<dyn std::error::Error + Send + Sync> = end.into();
                self.is_finished = true;
                self.slot.end(TokenError::Ended(end.into()));
                Step::Done(())
            }
            Step::Finished => {
                self.is_finished = true;
                self.slot.end(TokenError::Stopped);
                Step::Finished
            }
            Step::Do(id, action) => Step::Do(id, action),
            Step::Wait(time) => Step::Wait(time),
        }
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        self.refresher.complete(now, id, completion);
        self.slot.publish(&self.refresher, now);
    }
}

impl<R: Refresher> Drop for SharedRefresher<R> {
    fn drop(&mut self) {
        self.slot.end(TokenError::Stopped);
    }
}
