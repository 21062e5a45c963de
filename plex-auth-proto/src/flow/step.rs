use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Response;

use super::now::Now;
use super::save_error::SaveError;
use super::sign_request::SignRequest;
use crate::call::{Body, Outgoing};
use crate::error::TransportError;
use crate::jwt::SignError;
use crate::values::secret::Secret;

/// A multi-step exchange as a state machine that performs no I/O and reads no clock.
///
/// [`poll`](Self::poll) returns the next step, and [`complete`](Self::complete) takes the result of
/// an action. A transport's `drive` calls both. A program with its own HTTP client uses this
/// crate's drivers ([`drive`](super::drive), [`drive_async`](super::drive_async)) or a loop like
/// this one:
///
/// ```
/// use std::thread;
/// use plex_auth_proto::flow::{Action, Completion, Now};
/// use plex_auth_proto::{Body, Flow, Outgoing, Step, TransportError, http};
///
/// fn drive<F: Flow>(
///     flow: &mut F,
///     fetch: impl Fn(Outgoing) -> Result<http::Response<Body>, TransportError>,
///     now: impl Fn() -> Now,
/// ) -> Option<F::Output> {
///     loop {
///         match flow.poll(now()) {
///             Step::Do(id, Action::Send(outgoing)) => flow.complete(now(), id, fetch(outgoing).into()),
///             Step::Do(id, _) => flow.complete(now(), id, Completion::Unsupported),
///             Step::Wait(Some(time)) => thread::sleep(time),
///             // Every action has already been completed, so there is nothing to wait for.
///             Step::Wait(None) | Step::Finished => return None,
///             Step::Done(output) => return Some(output),
///         }
///     }
/// }
/// ```
///
/// This driver waits for each response. A driver can also keep several requests in flight: it polls
/// until the flow returns [`Step::Wait`], and then waits until the time has passed or the next
/// result arrives, whichever comes first. A program with several flows must remember which flow
/// each [`RequestId`] belongs to.
///
/// A flow can be dropped at any point. Its methods never panic and never block. Misuse is harmless:
/// a completion is ignored if no action with its ID is in flight, or if its kind does not match
/// the action.
pub trait Flow {
    /// The result of the flow.
    type Output;

    /// Returns the next step. After handling each [`Step::Do`], call this again until it returns
    /// [`Step::Wait`] or [`Step::Done`]. Calling it earlier than necessary does no harm.
    fn poll(&mut self, now: Now) -> Step<Self::Output>;

    /// Reports the result of one of the flow's actions. A result for another flow, or for an action
    /// that has already been completed, is ignored.
    fn complete(&mut self, now: Now, id: RequestId, completion: Completion);
}

impl<F: Flow + ?Sized> Flow for &mut F {
    type Output = F::Output;

    fn poll(&mut self, now: Now) -> Step<F::Output> {
        (**self).poll(now)
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        (**self).complete(now, id, completion);
    }
}

impl<F: Flow + ?Sized> Flow for Box<F> {
    type Output = F::Output;

    fn poll(&mut self, now: Now) -> Step<F::Output> {
        (**self).poll(now)
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        (**self).complete(now, id, completion);
    }
}

/// The next step of a [`Flow`].
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is matched at once and never stored")]
#[must_use = "an action must be carried out and completed"]
pub enum Step<O> {
    /// Carry out this action, and [complete](Flow::complete) it with this ID. Several actions can
    /// be in flight.
    Do(RequestId, Action),
    /// There is nothing to do until this time has passed or an action in flight is completed. The
    /// time is never zero. While a request is in flight, it is at most the time until the flow
    /// stops waiting for the response. `None` means that the flow is waiting for a completion or
    /// for a call to one of its methods.
    Wait(Option<Duration>),
    /// The flow is finished. This is returned only once, unless a login is
    /// [renewed](super::PinLogin::renew).
    Done(O),
    /// The flow had already finished.
    Finished,
}

impl<O> Step<O> {
    /// Maps the output, for a flow that wraps another.
    pub fn map<P>(self, map: impl FnOnce(O) -> P) -> Step<P> {
        self.and_then(|output| Step::Done(map(output)))
    }

    /// Passes the output of a [`Done`](Self::Done) step to `next` and returns the resulting step,
    /// for a flow that runs others in sequence. Returns any other step unchanged.
    pub fn and_then<P>(self, next: impl FnOnce(O) -> Step<P>) -> Step<P> {
        match self {
            Self::Do(id, action) => Step::Do(id, action),
            Self::Wait(time) => Step::Wait(time),
            Self::Done(output) => next(output),
            Self::Finished => Step::Finished,
        }
    }
}

/// An action that a [`Flow`] requests from its driver.
///
/// A driver that does not support an action completes it with [`Completion::Unsupported`].
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is matched at once and never stored")]
#[non_exhaustive]
pub enum Action {
    /// Send this request. Complete it with [`Response`](Completion::Response),
    /// [`Failed`](Completion::Failed) or [`Cancelled`](Completion::Cancelled).
    Send(Outgoing),
    /// Sign this message with the device's key. Complete the action with
    /// [`Signed`](Completion::Signed) or [`Cancelled`](Completion::Cancelled). Only a flow whose key
    /// [signs through the driver](crate::jwt::DeviceKey::signs_through_driver), such as an
    /// [`ExternalKey`](crate::jwt::ExternalKey), requests this action.
    Sign(SignRequest),
    /// Save this state, replacing the previous one. Complete it with [`Saved`](Completion::Saved)
    /// or [`Cancelled`](Completion::Cancelled). After `Cancelled`, the flow requests the save
    /// again. A new token is withheld until the save is completed. Only refreshers that [save
    /// through their driver](super::DeviceTokenRefresher::save_through_driver) request this
    /// action.
    Save(Secret),
}

/// The result of an [`Action`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Completion {
    /// The response to a request.
    Response(Response<Body>),
    /// No complete response arrived.
    Failed(TransportError),
    /// The signature, or the reason the key cannot sign now.
    Signed(Result<[u8; 64], SignError>),
    /// The result of saving the state: success, or the reason it failed.
    Saved(Result<(), SaveError>),
    /// The driver stopped waiting, so the result is unknown. The flow sends an idempotent request
    /// again when its next request is due. Creating a PIN and exchanging a device JWT are also
    /// retried, after a wait. No other request is sent again: a [`RetriedCall`](super::RetriedCall)
    /// ends with an error, and a refresher checks whether its key was registered.
    Cancelled,
    /// The driver cannot carry out this kind of action.
    Unsupported,
}

impl Completion {
    pub(crate) fn fits_request(&self) -> bool {
        matches!(self, Self::Response(_) | Self::Failed(_) | Self::Cancelled | Self::Unsupported)
    }

    pub(crate) fn fits_signature(&self) -> bool {
        matches!(self, Self::Signed(_) | Self::Cancelled | Self::Unsupported)
    }
}

/// Converts the result of a transport's `fetch`.
impl From<Result<Response<Body>, TransportError>> for Completion {
    fn from(result: Result<Response<Body>, TransportError>) -> Self {
        match result {
            Ok(response) => Self::Response(response),
            Err(error) => Self::Failed(error),
        }
    }
}

/// The ID of an action, unique among all flows in the process.
///
/// A completion that is reported to the wrong flow, or to a later flow in the same variable, is
/// therefore ignored. Within a flow, later actions have higher IDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(usize);

/// This crate's only static. Unique IDs need a single source: with one counter per flow, two flows
/// would have the same IDs.
static NEXT_ID: AtomicUsize = AtomicUsize::new(0);

impl RequestId {
    /// Returns an ID that no other action has.
    pub(crate) fn unique() -> Self {
        Self(NEXT_ID.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
